//! The same operations in burn's own: for devices and number types without a kernel, and what the kernels are
//! tested against.

use super::Activation;
use burn::tensor::{Tensor, activation, module};

/// `act(x W + b)`, see [`super::dense`].
pub(super) fn dense(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Activation,
) -> Tensor<2> {
    let u = module::linear(x, weight, bias);
    match activation {
        Activation::None => u,
        Activation::Relu => activation::relu(u),
        Activation::LeakyRelu { slope } => activation::leaky_relu(u, slope),
    }
}
