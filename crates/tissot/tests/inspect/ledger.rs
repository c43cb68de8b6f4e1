//! The log-det ledger and its balance.

use crate::common::{flows, host, points, random};
use burn::module::Module;
use burn::tensor::Tensor;
use tissot::inspect::{Balance, Kind, Ledger, mass};
use tissot::presets::{self, Size};
use tissot::{Bijection, Context, Flow};

/// A layer whose log-det has the wrong sign.
#[derive(Module, Debug)]
struct Flipped<T> {
    inside: T,
}

impl<const D: usize, T: Bijection<D>> Bijection<D> for Flipped<T> {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (z, log_det) = self.inside.forward(x, context);
        (z, log_det.neg())
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (x, log_det) = self.inside.inverse(z, context);
        (x, log_det.neg())
    }
}

#[test]
fn shares_add_up_to_one_and_constants_say_so() {
    let (x, c) = (points([300, 3], 1), points([300, 2], 2));
    for (name, flow) in flows(3, 2) {
        let ledger = Ledger::of_flow(&flow, &x, Context::of(&c));
        assert_eq!(ledger.log_dets.len(), ledger.layers.len());
        for (found, expected) in ledger.log_prob.iter().zip(host(flow.log_prob(x.clone(), Context::of(&c)))) {
            assert!((found - expected).abs() < 1e-12 * expected.abs(), "{name}: {found} is not {expected}");
        }
        let summary = ledger.summary();
        assert_eq!((summary.rows, summary.left_out), (300, 0));
        let shares: f64 = summary.terms.iter().map(|term| term.share).sum();
        assert!((shares - 1.0).abs() < 1e-9, "{name}: shares of {shares}");
        let means: f64 = summary.terms.iter().map(|term| term.mean).sum();
        assert!((means - summary.mean).abs() < 1e-9, "{name}: {means} is not {}", summary.mean);
        for term in &summary.terms {
            let fixed = ["ActNorm", "Permutation", "LuLinear"].iter().any(|kind| term.name.ends_with(kind));
            let shift = name == "nice" && term.kind == Kind::Layer;
            let constant = fixed || shift || term.kind == Kind::Preprocessing;
            assert_eq!(term.constant.is_some(), constant, "{name}: {term:?}");
            assert!(term.quantiles.is_sorted() && (!constant || term.share == 0.0), "{name}: {term:?}");
        }
    }
}

#[test]
fn rows_that_are_not_finite_are_left_out_and_counted() {
    let flow = &flows(2, 0)[1].1;
    let mut ledger = Ledger::of_flow(flow, &points([20, 2], 1), Context::NONE);
    ledger.preprocessing[3] = f64::NEG_INFINITY;
    let summary = ledger.summary();
    assert_eq!((summary.rows, summary.left_out), (19, 1));
    assert!(summary.mean.is_finite() && summary.terms.iter().all(|term| term.share.is_finite()));
}

#[test]
fn the_books_of_every_preset_balance() {
    for features in [2, 4] {
        let (x, c) = (points([40, features], 1), points([40, 1], 2));
        for (name, flow) in flows(features, 1) {
            let balance = Balance::of(&flow, &x, Context::of(&c));
            assert!(balance.layers.largest < 1e-12, "{name}: {balance:?}");
            assert!(balance.jacobian.largest < 1e-9, "{name}: {balance:?}");
            assert_eq!(balance.mass.is_some(), features == 2);
            if let Some(mass) = balance.mass {
                assert!((mass.integral - 1.0).abs() < 1e-3 + mass.error.abs(), "{name}: {mass:?}");
                assert!(mass.error.abs() < 0.02, "{name}: {mass:?}");
            }
        }
    }
}

#[test]
fn a_density_of_one_feature_sums_to_one() {
    let flow = random(&presets::nsf_autoregressive(&Size::new(1)), 0.8);
    let mass = mass(&flow, &points([50, 1], 4), Context::NONE, 2001).expect("one feature");
    // A spline's density jumps where its box ends, so the error halves with the step.
    assert!((mass.integral - 1.0).abs() < mass.error.abs().max(1e-6) && mass.error.abs() < 2e-3, "{mass:?}");
}

#[test]
fn a_flipped_log_det_breaks_the_balance() {
    let flow = random(&presets::real_nvp(&Size::new(2)), 0.8);
    let flow = Flow { bijection: Flipped { inside: flow.bijection }, base: flow.base, embedding: None };
    let balance = Balance::of(&flow, &points([40, 2], 1), Context::NONE);
    assert!(balance.jacobian.largest > 0.1, "{balance:?}");
    assert!(balance.mass.is_some_and(|mass| (mass.integral - 1.0).abs() > 0.1), "{balance:?}");
}
