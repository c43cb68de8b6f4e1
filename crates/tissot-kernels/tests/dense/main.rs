//! The fused linear map against the same composed of burn's operations, values and gradients.

mod masks;
mod plain;

use burn::tensor::{Bool, DType, Device, Tensor, TensorData, activation};
use tissot_kernels::dense::Activation;

const ACTIVATIONS: [Activation; 3] =
    [Activation::None, Activation::Relu, Activation::LeakyRelu { slope: 0.25 }];

/// Numbers from -1 to 1, the same for the same seed.
fn draw(seed: u64, n: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    };
    (0..n).map(|_| next()).collect()
}

fn matrix(seed: u64, shape: [usize; 2], dtype: DType, device: &Device) -> Tensor<2> {
    Tensor::from_data(TensorData::new(draw(seed, shape[0] * shape[1]), shape), (device, dtype))
}

fn vector(seed: u64, n: usize, dtype: DType, device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(draw(seed, n), [n]), (device, dtype))
}

fn numbers<const D: usize>(t: Tensor<D>) -> Vec<f64> {
    t.into_data().convert::<f64>().try_to_vec().expect("floats")
}

/// The same, composed: a masked weight is filled with 0 first.
fn composed(
    x: Tensor<2>,
    w: Tensor<2>,
    b: Option<Tensor<1>>,
    act: Activation,
    forbidden: Option<Tensor<2, Bool>>,
) -> Tensor<2> {
    let w = match forbidden {
        Some(forbidden) => w.mask_fill(forbidden, 0.0),
        None => w,
    };
    let u = x.matmul(w);
    let u = match b {
        Some(b) => u + b.unsqueeze(),
        None => u,
    };
    match act {
        Activation::None => u,
        Activation::Relu => activation::relu(u),
        Activation::LeakyRelu { slope } => activation::leaky_relu(u, slope),
    }
}

/// One input of a case: tracked or not.
fn track<const D: usize>(t: Tensor<D>, tracked: bool) -> Tensor<D> {
    if tracked { t.require_grad() } else { t }
}

/// Output and gradients of (x, w, b) of `sum(y c)`; None for what is not tracked.
type Outcome = [Option<Vec<f64>>; 4];

#[track_caller]
fn assert_close(found: &Outcome, expected: &Outcome, dtype: DType, case: &str) {
    let tolerance = if dtype == DType::F64 { 1e-12 } else { 1e-5 };
    for (what, (found, expected)) in ["y", "gx", "gw", "gb"].iter().zip(found.iter().zip(expected)) {
        let (Some(found), Some(expected)) = (found, expected) else {
            assert!(
                found.is_none() && expected.is_none(),
                "{what} of {case}: one has a gradient, one has none"
            );
            continue;
        };
        assert_eq!(found.len(), expected.len(), "{what} of {case}");
        let scale = expected.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        for (f, e) in found.iter().zip(expected) {
            assert!((f - e).abs() <= tolerance * scale, "{what} of {case}: {f}, expected {e}");
        }
    }
}
