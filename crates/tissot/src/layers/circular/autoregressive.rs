//! Autoregressive layers of lines and circles.

use super::{Elements, checked, table};
use crate::bijection::{Bijection, Context, zero_log_det};
use crate::circles::Encoding;
use crate::error::Error;
use crate::inspect::Sign;
use crate::layer::Place;
use crate::nets::{CausalConditioner, Conditioner, Made, MadeConfig};
use crate::univariate::{AnyUnivariate, RationalQuadratic, Univariate};
use burn::module::Module;
use burn::tensor::Tensor;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// How to make a [`CircularAutoregressive`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CircularAutoregressiveConfig {
    /// The features that lie on circles.
    pub circular: Vec<usize>,
    /// What moves each feature that lies on a line.
    pub univariate: AnyUnivariate,
    /// What moves each that lies on a circle: a spline with [`SplineParams::Circular`](crate::univariate::SplineParams).
    pub spline: RationalQuadratic,
    /// The masked network that makes their parameters.
    pub made: MadeConfig,
}

impl Default for CircularAutoregressiveConfig {
    fn default() -> Self {
        Self {
            circular: Vec::new(),
            univariate: AnyUnivariate::default(),
            spline: RationalQuadratic::circular(),
            made: MadeConfig::default(),
        }
    }
}

impl CircularAutoregressiveConfig {
    /// An autoregressive layer of tables, at its start the identity.
    ///
    /// # Errors
    /// [`Error::Config`] where a part describes nothing that works, for no circular feature, and on images.
    pub fn init(&self, place: &Place<'_>, rng: &mut dyn Rng) -> Result<CircularAutoregressive, Error> {
        let (name, device) = ("CircularAutoregressive", place.device);
        let circles = checked(place, name, &self.circular, &self.univariate, &self.spline)?;
        let kinds = circles.of(place.features);
        let elements = Elements::new(&kinds, self.univariate, self.spline, device);
        let twice: Vec<usize> = (0..place.features).filter(|&i| kinds[i]).collect();
        let identities = elements.identities();
        let net = self.made.init_of(place.features, &twice, place.context, &identities, device, rng)?;
        Ok(CircularAutoregressive { net, elements, encoding: Encoding::new(&kinds, circles.bound, device) })
    }
}

/// An [`Autoregressive`](crate::layers::Autoregressive) layer of features of which some lie on circles.
///
/// With `e(x)`, which has `cos(pi x_i / bound)` and `sin(pi x_i / bound)` in the place of a circular `x_i`:
/// * `forward`: `z_i = u_i(x_i; net_i(e(x_<i), context))`, one pass; `log_det = sum_i log u_i'`;
/// * `inverse`: feature by feature in the network's order, one pass of the network for each; `log_det` its negative.
///
/// `u_i` is the univariate on a line and a circular spline on a circle. See [`Circles`](crate::Circles) for angles beyond
/// one turn.
///
/// Rezende, Papamakarios, Racaniere et al. 2020, "Normalizing Flows on Tori and Spheres", sections 2.1.2 and 2.2.
///
/// # Shapes
/// `[batch, features]`. The network maps `[batch, features + circular]` to the parameters of the features, one feature
/// after the other.
///
/// # Panics
/// On tensors of another rank than 2.
#[derive(Module, Debug)]
pub struct CircularAutoregressive {
    /// The conditioner.
    pub net: Made,
    elements: Elements,
    encoding: Option<Encoding>,
}

impl CircularAutoregressive {
    /// The parameters of all features.
    fn params(&self, x: Tensor<2>, context: Context<'_>) -> Tensor<2> {
        let seen = match &self.encoding {
            Some(encoding) => encoding.apply(x),
            None => x,
        };
        self.net.forward(seen, context)
    }
}

impl<const D: usize> Bijection<D> for CircularAutoregressive {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (dims, x) = (x.dims(), table(x));
        let params = self.params(x.clone(), context);
        let (z, log_det) = self.elements.each(x, params, Univariate::forward);
        (z.reshape(dims), log_det)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (dims, z) = (z.dims(), table(z));
        let batch = dims[0];
        let (mut x, mut total) = (z.zeros_like(), zero_log_det(&z));
        for &i in self.net.order() {
            let params = self.params(x.clone(), context);
            let (found, log_det) = self.elements.inverse_of(i, z.clone().narrow(1, i, 1), &params);
            x = x.slice_assign([0..batch, i..i + 1], found);
            total = total + log_det;
        }
        (x.reshape(dims), total)
    }

    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let x = table(x.clone());
        let params = self.params(x.clone(), context);
        self.elements.examine(&x, &params, note);
    }
}
