//! Rows that overflow f32: a model says their density all the same, and never NaN.

#[path = "common/peer.rs"]
mod peer;

use burn::tensor::{FloatDType, Tensor};
use tissot::dtype::Precision;
use tissot::{Context, Model};

/// A model whose f32 overflows at large rows: nflows' masked autoregressive flow, its scales turned up.
fn steep() -> Model {
    use burn::module::{Module, ModuleMapper, Param};
    struct Enlarge;
    impl ModuleMapper for Enlarge {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|value| value.mul_scalar(3.0))
        }
    }
    let model = peer::model("nflows_maf", Precision::F32);
    let flow = model.flow.clone().map(&mut Enlarge);
    Model { flow, ..model }
}

fn rows(scale: f64) -> Vec<f64> {
    (0..40 * 6).map(|k| scale * (f64::from(k * 37 % 101) - 50.0) / 25.0).collect()
}

/// Equal but for the order in which f64 sums were made, which depends on how many rows there are.
fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= 1e-12 * b.abs()
}

#[test]
fn a_row_that_overflows_f32_is_scored_in_f64() {
    let model = steep();
    let exact = model.clone().to_dtype(FloatDType::F64).unwrap();
    let mut rescued = 0;
    for scale in [1.0, 1e3, 1e6, 1e12, 1e30, 1e100] {
        let rows = rows(scale);
        let x = Tensor::<1>::from_data(&rows[..], &model.flow.device()).reshape([40, 6]);
        let plain: Vec<f64> = model.flow.log_prob(x, Context::NONE).into_data().iter().collect();
        let (found, expected) = (model.log_prob(&rows, &[]), exact.log_prob(&rows, &[]));
        for ((plain, found), expected) in plain.into_iter().zip(found).zip(expected) {
            assert!(!found.is_nan() && !expected.is_nan(), "at {scale:e}: {found}, {expected}");
            if !plain.is_finite() {
                rescued += usize::from(found.is_finite());
                assert!(close(found, expected), "at {scale:e}: {found}, not {expected}");
            }
        }
    }
    assert!(rescued > 20, "only {rescued} rows overflowed f32 and not f64: the test shows nothing");
}

#[test]
fn a_row_that_overflows_f32_has_a_latent() {
    let (model, rows) = (steep(), rows(1e12));
    let exact = model.clone().to_dtype(FloatDType::F64).unwrap();
    let x = Tensor::<1>::from_data(&rows[..], &model.flow.device()).reshape([40, 6]);
    let (z, _) = model.flow.forward(x, Context::NONE);
    let plain: Vec<f64> = z.into_data().iter().collect();
    assert!(plain.iter().any(|z| !z.is_finite()), "nothing overflows: the test shows nothing");
    let (found, expected) = (model.transform(&rows, &[]), exact.transform(&rows, &[]));
    for (row, (found, expected)) in found.chunks(6).zip(expected.chunks(6)).enumerate() {
        if plain[row * 6..][..6].iter().any(|z| !z.is_finite()) {
            assert!(
                found.iter().zip(expected).all(|(&a, &b)| close(a, b)),
                "row {row}: {found:?}, not {expected:?}"
            );
        }
    }
}

#[test]
fn weights_that_are_no_numbers_are_not_hidden() {
    let mut model = peer::model("nflows_maf", Precision::F32);
    if let Some(tissot::Layer::Autoregressive(layer)) = model.flow.bijection.layers.first_mut() {
        let weight = layer.net.last.linear.weight.clone();
        layer.net.last.linear.weight = weight.map(|weight| weight.add_scalar(f64::NAN));
    }
    assert!(model.log_prob(&rows(1.0), &[]).iter().all(|value| value.is_nan()));
}

#[test]
fn a_model_in_f32_maps_rows_in_f64() {
    let model = peer::model("freia_all_in_one_soft", Precision::F32);
    let width = model.columns.len();
    let rows: Vec<f64> =
        (0..200 * width).map(|k| 10.0 * (f64::from(k as u32 * 37 % 101) - 50.0) / 25.0).collect();
    let off = |back: &[f64]| {
        let pairs = back.iter().zip(&rows);
        pairs.map(|(back, x)| (back - x).abs() / x.abs().max(1.0)).fold(0.0, f64::max)
    };
    let z = model.transform(&rows, &[]);
    let back = off(&model.inverse_transform(&z, &[]));
    let x = Tensor::<1>::from_data(&rows[..], (&model.flow.device(), burn::tensor::DType::F32))
        .reshape([200, width]);
    let (plain, _) = model.flow.inverse(model.flow.forward(x, Context::NONE).0, Context::NONE);
    let plain = off(&plain.into_data().iter().collect::<Vec<f64>>());
    assert!(plain > 1e-2, "f32 loses {plain:e}: the test shows nothing");
    assert!(back < 1e-6, "off by {back:e}");
}
