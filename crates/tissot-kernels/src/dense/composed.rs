//! The same operations in burn's own: for devices and number types without a kernel.

use crate::activation::{Activation, composed};
use burn::tensor::{Tensor, module};

/// `act(x W + b)`, see [`super::dense`].
pub(super) fn dense(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Option<Activation>,
) -> Tensor<2> {
    let u = module::linear(x, weight, bias);
    match activation {
        Some(activation) => composed(u, activation),
        None => u,
    }
}
