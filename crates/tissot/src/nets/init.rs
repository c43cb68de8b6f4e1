//! Initial weights, drawn on the host so that a seed gives the same network on every device.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt};

/// A linear map `x W + b` with weights and biases from `U(-k, k)`, `k = 1 / sqrt(inputs)` (He et al. 2015 with gain
/// 1/sqrt(3), PyTorch's default).
///
/// # Shapes
/// Weight `[inputs, outputs]`, bias `[outputs]`.
pub(crate) fn linear(inputs: usize, outputs: usize, device: &Device, rng: &mut dyn Rng) -> Linear {
    uniform_linear(inputs, outputs, 1.0 / (inputs.max(1) as f64).sqrt(), device, rng)
}

/// The bound of the weights that make a residual block start close to the identity.
pub(crate) const NEARLY_ZERO: f64 = 1e-3;

/// A linear map with weights and biases from `U(-k, k)`, the weights drawn first.
pub(crate) fn uniform_linear(
    inputs: usize,
    outputs: usize,
    k: f64,
    device: &Device,
    rng: &mut dyn Rng,
) -> Linear {
    let (weight, bias) = uniform(inputs * outputs, outputs, k, rng);
    from_values(weight, bias, inputs, device)
}

/// So many weights and biases from `U(-k, k)`, the weights drawn first.
pub(crate) fn uniform(weights: usize, biases: usize, k: f64, rng: &mut dyn Rng) -> (Vec<f64>, Vec<f64>) {
    let mut draw = |n: usize| (0..n).map(|_| rng.random_range(-k..=k)).collect::<Vec<f64>>();
    let weights = draw(weights);
    (weights, draw(biases))
}

/// A linear map that gives `bias` whatever its input: the last layer of a conditioner at its start.
pub(crate) fn constant_linear(inputs: usize, bias: Vec<f64>, device: &Device) -> Linear {
    let outputs = bias.len();
    from_values(vec![0.0; inputs * outputs], bias, inputs, device)
}

fn from_values(weight: Vec<f64>, bias: Vec<f64>, inputs: usize, device: &Device) -> Linear {
    let outputs = bias.len();
    Linear { weight: param(weight, [inputs, outputs], device), bias: Some(param(bias, [outputs], device)) }
}

/// A parameter of these values.
pub(crate) fn param<const D: usize>(
    values: Vec<f64>,
    shape: [usize; D],
    device: &Device,
) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::from_data(TensorData::new(values, shape), device))
}
