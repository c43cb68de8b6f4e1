//! The same operations around burn's own product: for GPUs, and for devices and number types without a kernel.

use crate::activation::{Activation, composed};
#[cfg(feature = "cube")]
use crate::device::{Place, place};
use burn::tensor::{Tensor, module};

/// `act(x W + b)`, see [`super::dense`].
pub(super) fn dense(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Option<Activation>,
) -> Tensor<2> {
    #[cfg(feature = "cube")]
    if let Some(bias) = bias.as_ref().filter(|_| place(&x) == Some(Place::Cube)) {
        return super::epilogue::epilogue(x.matmul(weight), bias.clone(), activation);
    }
    activated(module::linear(x, weight, bias), activation)
}

/// `act(u)`.
pub(super) fn activated(u: Tensor<2>, activation: Option<Activation>) -> Tensor<2> {
    match activation {
        Some(activation) => composed(u, activation),
        None => u,
    }
}
