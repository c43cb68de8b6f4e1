//! What the tests of kernels draw, and activations composed of burn's operations.

use burn::tensor::{DType, Device, Tensor, TensorData, activation};
use tissot_kernels::activation::Activation;

pub const ACTIVATIONS: [Activation; 12] = [
    Activation::Relu,
    Activation::LeakyRelu { slope: 0.25 },
    Activation::LeakyRelu { slope: 0.0 },
    Activation::LeakyRelu { slope: -0.5 },
    Activation::Elu { alpha: 1.0, scale: 1.0 },
    Activation::Elu { alpha: 1.7, scale: 1.1 },
    Activation::Silu,
    Activation::Gelu,
    Activation::Mish,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Softplus,
];

/// The activation, composed. burn's own gelu has the gradient of an approximation.
pub fn compose<const D: usize>(u: Tensor<D>, act: Activation) -> Tensor<D> {
    match act {
        Activation::Relu => activation::relu(u),
        Activation::LeakyRelu { slope } => activation::leaky_relu(u, slope),
        Activation::Elu { alpha, scale } => {
            (activation::relu(u.clone()) + (u.clamp_max(0.0).exp() - 1.0) * alpha) * scale
        }
        Activation::Silu => u.clone() * activation::sigmoid(u),
        Activation::Gelu => u.clone() * ((u * 0.5f64.sqrt()).erf() + 1.0) * 0.5,
        Activation::Mish => u.clone() * activation::softplus(u, 1.0).tanh(),
        Activation::Tanh => u.tanh(),
        Activation::Sigmoid => activation::sigmoid(u),
        Activation::Softplus => activation::softplus(u, 1.0),
        other => unreachable!("no test of {other:?}"),
    }
}

/// Numbers from -1 to 1, the same for the same seed.
pub fn draw(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

pub fn matrix(seed: u64, shape: [usize; 2], dtype: DType, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(draw(seed, shape[0] * shape[1]), shape), (device, dtype))
}

pub fn numbers<const D: usize>(t: Tensor<D>) -> Vec<f64> {
    t.into_data().convert::<f64>().try_to_vec().expect("floats")
}
