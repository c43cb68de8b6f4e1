//! Autoregressive layers: each feature moves as the features before it decide.

use crate::bijection::{Bijection, Context, zero_log_det};
use crate::error::Error;
use crate::few;
use crate::inspect::Sign;
use crate::layer::Place;
use crate::layers::tangent;
use crate::nets::{CausalConditioner, Made, MadeConfig};
use crate::univariate::{AnyUnivariate, Univariate};
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;
use rand::Rng;
use serde::{Deserialize, Serialize};
use tissot_kernels::few::{Layer, Rows};
use tissot_kernels::made;
use tissot_kernels::univariate::Direction;

/// How to make an [`Autoregressive`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AutoregressiveConfig {
    /// What moves each feature.
    pub univariate: AnyUnivariate,
    /// The masked network that makes its parameters.
    pub made: MadeConfig,
}

impl AutoregressiveConfig {
    /// An autoregressive layer of tables, at its start the identity.
    ///
    /// # Errors
    /// [`Error::Config`] where a part describes nothing that works, and on images.
    pub fn init(
        &self,
        place: &Place<'_>,
        rng: &mut dyn Rng,
    ) -> Result<Autoregressive<Made, AnyUnivariate>, Error> {
        if !place.positions.is_empty() {
            return Err(Error::config("Autoregressive", "images", "tables; couplings take images"));
        }
        self.univariate.validate()?;
        let (features, context, device) = (place.features, place.context, place.device);
        let net = self.made.init(features, context, &self.univariate.start(), device, rng)?;
        Ok(Autoregressive::new(net, self.univariate))
    }
}

/// Moves each feature by a univariate whose parameters depend on the features before it.
///
/// * `forward`: `z_i = u(x_i; net_i(x_<i, context))`, one pass; `log_det = sum_i log u'`;
/// * `inverse`: feature by feature in the network's order; `log_det` its negative. On a CPU, in f32 or f64, and without
///   gradients on a GPU in f32, each hidden unit of a [`Made`] is computed once, so that it costs the arithmetic of one
///   pass, and three or so with gradients; elsewhere, and for networks and univariates that do not say how, it costs one
///   pass for each feature.
///
/// Papamakarios et al., "Masked Autoregressive Flow for Density Estimation", 2017, eq. 2-5. Turned round by
/// [`Inverse`](crate::Inverse) it is an inverse autoregressive flow.
///
/// # Shapes
/// `[batch, features]`. The network maps it to `[batch, features * num_params]`.
///
/// # Panics
/// On tensors of another rank than 2: autoregressive layers act on tables.
#[derive(Module, Debug)]
pub struct Autoregressive<N, U> {
    /// The conditioner.
    pub net: N,
    #[module(skip)]
    univariate: U,
}

impl<N: Module, U: Univariate> Autoregressive<N, U> {
    /// Moves each feature by `univariate` as `net` says.
    pub fn new(net: N, univariate: U) -> Self {
        Self { net, univariate }
    }

    /// The univariate of each feature.
    pub fn univariate(&self) -> &U {
        &self.univariate
    }
}

impl<N: CausalConditioner, U: Univariate> Autoregressive<N, U> {
    /// The inverse by a kernel that computes each hidden unit once, where there is one.
    ///
    /// For gradients the forward map `f` is passed twice: at the `x` that was found, to give `x` its own by the implicit
    /// function theorem, and at the `x` with gradients, for the log-det.
    fn incremental(&self, z: &Tensor<2>, context: Context<'_>) -> Option<(Tensor<2>, Tensor<1>)> {
        let [batch, features] = z.dims();
        let device = z.device().inner();
        if !made::is_supported(&device, z.dtype()) || batch == 0 || features != self.net.order().len() {
            return None;
        }
        let univariate = self.univariate.column_inverse()?;
        let net = self.net.incremental(context)?;
        if !z.is_autodiff() && !net.is_autodiff() {
            return made::inverse(z.clone(), &net, &*univariate);
        }
        if !made::is_differentiable(&device, z.dtype()) {
            return None;
        }
        let net = net.inner();
        let (x, _) = made::inverse(z.clone().inner(), &net, &*univariate)?;
        let (f, _) = Bijection::<2>::forward(self, x.clone(), context);
        let x = made::with_gradient(x, z.clone(), f, net, univariate)?;
        let (_, log_det) = Bijection::<2>::forward(self, x.clone(), context);
        Some((x, log_det.neg()))
    }
}

/// A table, `[batch, features]`.
fn as_table<const D: usize>(x: Tensor<D>) -> Tensor<2> {
    assert_eq!(D, 2, "autoregressive layers act on tables, rank 2; found rank {D}");
    let dims = x.dims();
    x.reshape([dims[0], dims[1]])
}

impl<const D: usize, N: CausalConditioner + ModuleDisplay, U: Univariate> Bijection<D>
    for Autoregressive<N, U>
{
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        if let Some(done) = few::alone(self, &x, context, Direction::Forward) {
            return done;
        }
        let dims = x.dims();
        let x = as_table(x);
        let params =
            self.net.forward(x.clone(), context).reshape([dims[0], dims[1], self.univariate.num_params()]);
        let (z, log_det) = self.univariate.forward(x, params);
        (z.reshape(dims), log_det)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let dims = z.dims();
        let (batch, p) = (dims[0], self.univariate.num_params());
        let z = as_table(z);
        if let Some((x, log_det)) = self.incremental(&z, context) {
            return (x.reshape(dims), log_det);
        }
        let mut x = z.zeros_like();
        let mut total = zero_log_det(&z);
        for &i in self.net.order() {
            let params = self.net.forward(x.clone(), context).narrow(1, i * p, p).reshape([batch, 1, p]);
            let (found, log_det) = self.univariate.inverse(z.clone().narrow(1, i, 1), params);
            x = x.slice_assign([0..batch, i..i + 1], found);
            total = total + log_det;
        }
        (x.reshape(dims), total)
    }

    /// Forward; the inverse has a kernel of its own.
    fn pass(&self, rows: &mut Rows, context: Context<'_>, direction: Direction) -> Option<()> {
        if direction == Direction::Inverse {
            return None;
        }
        let layer = Layer { seen: None, moved: None, univariate: self.univariate.fused()?, direction };
        rows.layer(|units| self.net.pass(units, context), layer)
    }

    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let [batch, features] = [x.dims()[0], x.dims()[1]];
        let x = as_table(x.clone());
        let params = self.net.forward(x.clone(), context);
        self.univariate.examine(&x, &params.reshape([batch, features, self.univariate.num_params()]), note);
    }

    /// For networks with a rule of their own.
    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        let dims = x.dims();
        let x = as_table(x);
        let at = (x.clone(), tangents.clone());
        let (z, tangents) = tangent::conditioned(&self.net, &self.univariate, at, (x, tangents), context)?;
        Some((z.reshape(dims), tangents))
    }
}
