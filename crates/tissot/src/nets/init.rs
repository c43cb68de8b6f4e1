//! Initial weights, drawn on the host so that a seed gives the same network on every device.

use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use rand::Rng;

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
    let weight = uniform([inputs, outputs], k, device, rng);
    Linear { weight, bias: Some(uniform([outputs], k, device, rng)) }
}

/// A linear map that gives `bias` whatever its input: the last layer of a conditioner at its start.
pub(crate) fn constant_linear(inputs: usize, bias: &[f64], device: &Device) -> Linear {
    Linear { weight: zeros([inputs, bias.len()], device), bias: Some(values(bias, device)) }
}

/// A parameter with entries from `U(-k, k)`, drawn by rows as 64-bit floats and rounded to what the device has, so that a seed
/// gives the same parameter in every precision.
pub(crate) fn uniform<const D: usize>(
    shape: [usize; D],
    k: f64,
    device: &Device,
    rng: &mut dyn Rng,
) -> Param<Tensor<D>> {
    let count = shape.iter().product();
    let data = match device.settings().float_dtype {
        // The usual precision without a pass from a larger one: drawing is most of what it takes to make a flow.
        FloatDType::F32 => TensorData::new(draw(count, k, rng, |value| value as f32), shape),
        _ => TensorData::new(draw(count, k, rng, |value| value), shape),
    };
    Param::from_tensor(Tensor::from_data(data, device))
}

/// So many draws from `U(-k, k)`, each through `round`: `k (2 u - 1)` with `u` in `[0, 1)` by the first 52 of 64 random bits.
fn draw<E>(count: usize, k: f64, rng: &mut dyn Rng, round: impl Fn(f64) -> E) -> Vec<E> {
    /// The bits of 1, before those of a fraction.
    const ONE: u64 = 1.0f64.to_bits();
    let mut drawn = Vec::with_capacity(count);
    let mut bytes = [0; 2048];
    while drawn.len() < count {
        let bytes = &mut bytes[..8 * (count - drawn.len()).min(256)];
        // Many at a time: a call of a `dyn Rng` for each takes longer than the bits.
        rng.fill_bytes(bytes);
        let (words, _) = bytes.as_chunks::<8>();
        drawn.extend(words.iter().map(|&word| {
            let u = f64::from_bits(ONE | u64::from_le_bytes(word) >> 12) - 1.0;
            round(u * (2.0 * k) - k)
        }));
    }
    drawn
}

/// A parameter of zeros.
pub(crate) fn zeros<const D: usize>(shape: [usize; D], device: &Device) -> Param<Tensor<D>> {
    Param::from_tensor(Tensor::zeros(shape, device))
}

/// A parameter of these values.
pub(crate) fn values(values: &[f64], device: &Device) -> Param<Tensor<1>> {
    Param::from_tensor(Tensor::from_data(TensorData::from(values), device))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn draws_are_uniform_and_the_same_one_by_one() {
        for count in [0, 1, 255, 256, 257, 1000] {
            let mut rngs = [0, 1].map(|_| ChaCha8Rng::seed_from_u64(7));
            let together = draw(count, 0.3, &mut rngs[0], |value| value);
            let alone: Vec<f64> = (0..count).map(|_| rngs[1].random_range(-0.3..=0.3)).collect();
            assert_eq!(together, alone);
            assert_eq!(rngs[0].random::<u64>(), rngs[1].random::<u64>(), "the generators stand elsewhere");
        }
    }
}
