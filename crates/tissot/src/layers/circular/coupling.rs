//! Couplings of lines and circles.

use super::{Elements, checked, table};
use crate::bijection::{Bijection, Context};
use crate::circles::Encoding;
use crate::error::Error;
use crate::inspect::Sign;
use crate::layer::Place;
use crate::layers::{Mask, indices};
use crate::nets::{AnyConditioner, Conditioner, ConditionerConfig};
use crate::univariate::{AnyUnivariate, RationalQuadratic, Univariate};
use burn::module::Module;
use burn::tensor::{Int, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// How to make a [`CircularCoupling`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CircularCouplingConfig {
    /// The features that lie on circles.
    pub circular: Vec<usize>,
    /// The features that are kept.
    pub mask: Mask,
    /// What moves the others that lie on lines.
    pub univariate: AnyUnivariate,
    /// What moves the others that lie on circles: a spline with [`SplineParams::Circular`](crate::univariate::SplineParams).
    pub spline: RationalQuadratic,
    /// The network that makes their parameters from the kept features.
    pub conditioner: ConditionerConfig,
}

impl Default for CircularCouplingConfig {
    fn default() -> Self {
        Self {
            circular: Vec::new(),
            mask: Mask::default(),
            univariate: AnyUnivariate::default(),
            spline: RationalQuadratic::circular(),
            conditioner: ConditionerConfig::default(),
        }
    }
}

impl CircularCouplingConfig {
    /// A coupling of tables, at its start the identity.
    ///
    /// # Errors
    /// [`Error::Config`] where a part describes nothing that works, for no circular feature, and on images.
    pub fn init(&self, place: &Place<'_>, rng: &mut dyn Rng) -> Result<CircularCoupling, Error> {
        let circles = checked(place, "CircularCoupling", &self.circular, &self.univariate, &self.spline)?;
        let (kinds, kept) = (circles.of(place.features), self.mask.kept(place.features)?);
        let which = |side: bool| (0..place.features).filter(|&i| kept[i] == side).collect::<Vec<usize>>();
        let of = |features: &[usize]| features.iter().map(|&i| kinds[i]).collect::<Vec<bool>>();
        let (seen, moved) = (which(true), which(false));
        let elements = Elements::new(&of(&moved), self.univariate, self.spline, place.device);
        let inputs = seen.len() + of(&seen).iter().filter(|&&circular| circular).count();
        let net = self.conditioner.init_at(place, inputs, &elements.identities().concat(), rng)?;
        let mut merge = vec![0; place.features];
        seen.iter().chain(&moved).enumerate().for_each(|(at, &feature)| merge[feature] = at);
        Ok(CircularCoupling {
            net,
            elements,
            encoding: Encoding::new(&of(&seen), circles.bound, place.device),
            kept: indices(&seen, place.device),
            moved: indices(&moved, place.device),
            merge: indices(&merge, place.device),
        })
    }
}

/// A [`Coupling`](crate::layers::Coupling) of features of which some lie on circles.
///
/// With `x = (a, b)`, `a` kept and seen by the network as `e(a)`, which has `cos(pi a_i / bound)` and
/// `sin(pi a_i / bound)` in the place of a circular `a_i`:
/// * `forward`: `z = (a, u(b; net(e(a), context)))`, `log_det = sum log u'`;
/// * `inverse`: `b = u^-1(z_b; net(e(a), context))`, `log_det` its negative.
///
/// `u` is the univariate on lines and a circular spline on circles, so that the layer is a map of their product: all of it
/// is continuous across the cut, with its derivatives. See [`Circles`](crate::Circles) for angles beyond one turn.
///
/// Rezende, Papamakarios, Racaniere et al. 2020, "Normalizing Flows on Tori and Spheres", sections 2.1.2 and 2.2.
///
/// # Shapes
/// `[batch, features]`. The network maps `[batch, kept + circular kept]` to the parameters of the moved features, one
/// feature after the other.
///
/// # Panics
/// On tensors of another rank than 2.
#[derive(Module, Debug)]
pub struct CircularCoupling {
    /// The conditioner.
    pub net: AnyConditioner,
    elements: Elements,
    encoding: Option<Encoding>,
    kept: Tensor<1, Int>,
    moved: Tensor<1, Int>,
    merge: Tensor<1, Int>,
}

impl CircularCoupling {
    /// The parameters of the moved features.
    fn params(&self, kept: Tensor<2>, context: Context<'_>) -> Tensor<2> {
        let seen = match &self.encoding {
            Some(encoding) => encoding.apply(kept),
            None => kept,
        };
        self.net.forward(seen, context)
    }

    fn pass<const D: usize>(
        &self,
        x: Tensor<D>,
        context: Context<'_>,
        map: fn(&AnyUnivariate, Tensor<2>, Tensor<3>) -> (Tensor<2>, Tensor<1>),
    ) -> (Tensor<D>, Tensor<1>) {
        let (dims, x) = (x.dims(), table(x));
        let kept = x.clone().select(1, self.kept.clone());
        let params = self.params(kept.clone(), context);
        let (moved, log_det) = self.elements.each(x.select(1, self.moved.clone()), params, map);
        let z = Tensor::cat(vec![kept, moved], 1).select(1, self.merge.clone());
        (z.reshape(dims), log_det)
    }
}

impl<const D: usize> Bijection<D> for CircularCoupling {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        self.pass(x, context, Univariate::forward)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        self.pass(z, context, Univariate::inverse)
    }

    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let x = table(x.clone());
        let params = self.params(x.clone().select(1, self.kept.clone()), context);
        self.elements.examine(&x.select(1, self.moved.clone()), &params, note);
    }
}
