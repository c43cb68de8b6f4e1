//! Digits left, against round trips that were measured in f32.

use crate::common::{points, random};
use burn::tensor::{DType, FloatDType, Tensor};
use tissot::inspect::{digits_left, digits_measured};
use tissot::presets::{self, Size};
use tissot::{AnyFlow, Context};

/// Correlation of two lists.
fn correlation(a: &[f64], b: &[f64]) -> f64 {
    let mean = |v: &[f64]| v.iter().sum::<f64>() / v.len() as f64;
    let (ma, mb) = (mean(a), mean(b));
    let product = |v: &[f64], mv: f64, w: &[f64], mw: f64| {
        v.iter().zip(w).map(|(v, w)| (v - mv) * (w - mw)).sum::<f64>()
    };
    product(a, ma, b, mb) / (product(a, ma, a, ma) * product(b, mb, b, mb)).sqrt()
}

/// Predicted (expected, latent) and measured digits, the latter from the mean square of eight round trips nearby.
fn compare(flow: &AnyFlow, x: &Tensor<2>) -> [Vec<f64>; 3] {
    let single = flow.clone().to_dtype(FloatDType::F32).expect("f32");
    let [rows, _] = x.dims();
    let left = digits_left(&single.bijection, &x.clone().cast(DType::F32), Context::NONE);
    let mut squares = vec![0.0; rows];
    for k in 0..8 {
        let near = x.clone().mul_scalar(1.0 + 1e-5 * k as f64).cast(DType::F32);
        let digits = digits_measured(&single.bijection, &near, Context::NONE);
        squares.iter_mut().zip(digits).for_each(|(sum, d)| *sum += 100_f64.powf(-d) / 8.0);
    }
    let measured = squares.iter().map(|s| -s.sqrt().log10()).collect();
    [left.iter().map(|d| d.expected).collect(), left.iter().map(|d| d.latent).collect(), measured]
}

/// Points of which the first are near the middle and the last a hundred times further out than data.
fn points_with_extremes() -> Tensor<2> {
    let reach: Vec<f64> = (0..400).map(|row| 10_f64.powf(-1.0 + 3.0 * f64::from(row) / 399.0)).collect();
    let x = points([400, 4], 1);
    let reach = Tensor::<1>::from_data(reach.as_slice(), (&x.device(), DType::F64)).reshape([400, 1]);
    x * reach
}

#[test]
fn what_is_left_is_what_a_round_trip_measures() {
    let (size, x) = (Size::new(4), points_with_extremes());
    for scale in [0.5, 1.0] {
        for (name, config) in [
            ("real_nvp", presets::real_nvp(&size)),
            ("maf", presets::maf(&size)),
            ("nsf_coupling", presets::nsf_coupling(&size)),
            ("nsf_autoregressive", presets::nsf_autoregressive(&size)),
        ] {
            let [expected, latent, measured] = compare(&random(&config, scale), &x);
            let agreement = correlation(&expected, &measured);
            assert!(agreement > 0.95, "{name} at {scale}: correlation {agreement}");
            let mut gaps: Vec<f64> = expected.iter().zip(&measured).map(|(e, m)| m - e).collect();
            gaps.sort_by(f64::total_cmp);
            assert!(gaps[200].abs() < 0.5, "{name} at {scale}: half of the rows are off by {}", gaps[200]);
            assert!(gaps[20] > -0.5 && gaps[380] < 1.0, "{name} at {scale}: {} to {}", gaps[20], gaps[380]);
            // The worst case is one: with few exceptions, rows lose no more.
            let more = latent.iter().zip(&measured).filter(|(l, m)| **l > **m + 0.5).count();
            assert!(more < 20, "{name} at {scale}: {more} of 400 rows lost more than the worst case");
        }
    }
}

#[test]
fn rows_that_do_not_come_back_have_no_digits() {
    let config = presets::real_nvp(&Size::new(4));
    let [expected, _, measured] = compare(&random(&config, 2.0), &points_with_extremes());
    let lost = measured.iter().zip(&expected).filter(|(m, _)| **m < 0.0).collect::<Vec<_>>();
    assert!(lost.len() > 100, "{} of 400 rows are lost", lost.len());
    let warned = lost.iter().filter(|(_, expected)| **expected < 1.0).count();
    assert!(warned * 100 >= lost.len() * 95, "{warned} of {} were foretold", lost.len());
}
