//! The fused linear map against the same composed of burn's operations, values and gradients.

#[path = "../common/mod.rs"]
mod common;
mod masks;
mod plain;

use burn::tensor::{Bool, DType, Device, Tensor, TensorData};
use common::{compose, draw, matrix, numbers};
use tissot_kernels::activation::Activation;

/// Nothing, and every activation.
fn activations() -> impl Iterator<Item = Option<Activation>> {
    std::iter::once(None).chain(common::ACTIVATIONS.map(Some))
}

fn vector(seed: u64, n: usize, dtype: DType, device: &Device) -> Tensor<1> {
    Tensor::from_data(TensorData::new(draw(seed, n), [n]), (device, dtype))
}

/// The same, composed: a masked weight is filled with 0 first.
fn composed(
    x: Tensor<2>,
    w: Tensor<2>,
    b: Option<Tensor<1>>,
    act: Option<Activation>,
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
        Some(act) => compose(u, act),
        None => u,
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
