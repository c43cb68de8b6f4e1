//! The same functions in burn's operations: for devices and number types without a kernel.

use super::Activation;
use burn::tensor::{Tensor, activation};

/// See [`super::apply`].
pub(crate) fn composed<const D: usize>(u: Tensor<D>, activation: Activation) -> Tensor<D> {
    match activation {
        Activation::Relu => activation::relu(u),
        Activation::LeakyRelu { slope } => activation::leaky_relu(u, slope),
        Activation::Elu { alpha, scale } => elu(u, alpha) * scale,
        Activation::Silu => activation::silu(u),
        Activation::Gelu => {
            // The gradient of burn's own is that of the tanh approximation.
            let phi = u.clone().mul_scalar(std::f64::consts::FRAC_1_SQRT_2).erf().add_scalar(1.0);
            u.mul_scalar(0.5) * phi
        }
        Activation::Mish => activation::mish(u),
        Activation::Tanh => u.tanh(),
        Activation::Sigmoid => activation::sigmoid(u),
        Activation::Softplus => activation::softplus(u, 1.0),
    }
}

/// `u` where `u > 0`, else `alpha (exp(u) - 1)`. The exponential never sees a positive number, because an overflow
/// in a branch that is masked out still makes its gradient NaN.
fn elu<const D: usize>(u: Tensor<D>, alpha: f64) -> Tensor<D> {
    activation::relu(u.clone()) + (u.clamp_max(0.0).exp() - 1.0) * alpha
}
