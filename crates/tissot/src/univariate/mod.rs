//! Univariates: increasing functions R -> R with free parameters, one set of parameters an element.
//!
//! A univariate knows nothing of networks or of masks; [`Coupling`](crate::layers::Coupling) and
//! [`Autoregressive`](crate::layers::Autoregressive) supply its parameters.

mod affine;
mod any;
mod log_scale;
mod rational_quadratic;
mod shift;
mod spline_params;

pub use affine::{Affine, AffineOrder};
pub use any::AnyUnivariate;
pub use log_scale::LogScale;
pub use rational_quadratic::RationalQuadratic;
pub use shift::Shift;
pub use spline_params::SplineParams;

use crate::inspect::Sign;
use burn::tensor::Tensor;
use std::fmt::Debug;
use tissot_kernels::made::ColumnInverse;
use tissot_kernels::univariate as fused;

/// An increasing function of each element, `y = u(x; params)`, with its log-derivative.
///
/// # Shapes
/// `x`, `y`: `[batch, elements]`; `params`: `[batch or 1, elements, num_params]`, one set an element, shared by the
/// batch where the first axis is 1; log-derivatives `[batch, elements]`, log-dets (their sums) `[batch]`.
///
/// # Panics
/// Where the shapes do not fit. Never because of values: finite inputs give finite outputs and gradients.
pub trait Univariate: Clone + Send + Sync + Debug {
    /// How many parameters one element needs.
    fn num_params(&self) -> usize;

    /// The parameters that a flow starts with, `num_params` of them: those of the identity, where the univariate learns there.
    fn start(&self) -> Vec<f64>;

    /// `y = u(x)` and `log dy/dx` of each element.
    fn elementwise(&self, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>);

    /// `x = u^-1(y)` and `log dx/dy` of each element.
    fn elementwise_inverse(&self, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>);

    /// `y = u(x)` and the log-det, the sum of the log-derivatives of a sample.
    fn forward(&self, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<1>) {
        summed(self.elementwise(x, params))
    }

    /// `x = u^-1(y)` and the log-det of the inverse.
    fn inverse(&self, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<1>) {
        summed(self.elementwise_inverse(y, params))
    }

    /// The same function in the words of the fused operations; `None`, as by default, where there is none.
    fn fused(&self) -> Option<fused::Univariate> {
        None
    }

    /// What can be said about its health at `x`, for the [audit](crate::inspect::audit); nothing, by default.
    fn examine(&self, x: &Tensor<2>, params: &Tensor<3>, note: &mut dyn FnMut(Sign)) {
        let _ = (x, params, note);
    }

    /// The inverse on slices of the host, for kernels that find one feature after another; `None`, as by default, where
    /// there is none, and tensors are used.
    fn column_inverse(&self) -> Option<Box<dyn ColumnInverse>> {
        None
    }
}

/// Values, and the sums of each sample's log-derivatives.
fn summed((values, slopes): (Tensor<2>, Tensor<2>)) -> (Tensor<2>, Tensor<1>) {
    (values, slopes.sum_dim(1).squeeze_dim(1))
}

/// Parameter `k` of every element: `[batch or 1, elements]` of `[batch or 1, elements, num_params]`.
pub(crate) fn param(params: &Tensor<3>, k: usize) -> Tensor<2> {
    params.clone().narrow(2, k, 1).squeeze_dim(2)
}
