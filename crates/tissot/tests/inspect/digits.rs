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

/// Predicted (worst, usual) and measured digits.
fn compare(flow: &AnyFlow, x: &Tensor<2>) -> [Vec<f64>; 3] {
    let single = flow.clone().to_dtype(FloatDType::F32).expect("f32");
    let x = x.clone().cast(DType::F32);
    let left = digits_left(&single.bijection, &x, Context::NONE);
    let measured = digits_measured(&single.bijection, &x, Context::NONE);
    [left.iter().map(|d| d.worst).collect(), left.iter().map(|d| d.usual).collect(), measured]
}

#[test]
fn what_is_left_is_what_a_round_trip_measures() {
    for scale in [1.0, 2.0, 3.0] {
        for (name, config) in [
            ("real_nvp", presets::real_nvp(&Size::new(4))),
            ("maf", presets::maf(&Size::new(4))),
            ("nsf", presets::nsf_coupling(&Size::new(4))),
        ] {
            let flow = random(&config, scale);
            let x = points([400, 4], 1);
            let [worst, usual, measured] = compare(&flow, &x);
            let gap = |a: &[f64]| {
                let mut g: Vec<f64> = a.iter().zip(&measured).map(|(a, m)| m - a).collect();
                g.sort_by(f64::total_cmp);
                [g[0], g[20], g[200], g[380], g[399]]
            };
            println!(
                "{scale} {name}: corr {:.3} {:.3} gaps worst {:.2?} usual {:.2?} range {:.2?}",
                correlation(&worst, &measured),
                correlation(&usual, &measured),
                gap(&worst),
                gap(&usual),
                measured.iter().fold((9.0f64, -9.0f64), |(a, b), m| (a.min(*m), b.max(*m)))
            );
        }
    }
    panic!("look");
}
