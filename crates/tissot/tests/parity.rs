//! Training from the same start on the same batches goes the way that it goes in nflows and zuko: step by step the loss
//! is theirs. `tests/golden/README.md` says how their curves were made.

#[path = "common/adam.rs"]
mod adam;
#[path = "common/golden.rs"]
mod common;
#[path = "common/peer.rs"]
mod peer;

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, FloatDType, Int, Tensor};
use common::Golden;
use peer::FEATURES;
use tissot::Context;
use tissot::dtype::Precision;

/// The loss of each step's batch before the step.
fn train(name: &str, golden: &Golden, dtype: Precision, steps: usize) -> Vec<f64> {
    let device = Device::flex();
    let mut flow = peer::flow(name, dtype).train();
    let data = golden.tensor::<2>("data", &device).cast(FloatDType::from(dtype));
    let batches: Tensor<2, Int> = golden.tensor::<2>("batches", &device).int();
    let [_, rows] = batches.dims();
    // in f64 with f64 constants, to be exact; in f32 burn's, which is what a user takes
    let mut optimizer = match dtype {
        Precision::F64 => ModuleOptimizer::from(adam::Adam),
        _ => AdamConfig::new().with_beta_1(0.9).with_beta_2(0.999).with_epsilon(1e-8).init(),
    };
    let mut losses = Vec::new();
    for step in 0..steps {
        let batch = batches.clone().slice([step..step + 1, 0..rows]).reshape([rows]);
        let x = data.clone().select(0, batch);
        assert_eq!(x.dims(), [rows, FEATURES]);
        let loss = flow.log_prob(x, Context::NONE).mean().neg();
        losses.push(loss.clone().into_scalar::<f64>());
        let grads = GradientsParams::from_grads(loss.backward(), &flow);
        flow = optimizer.step(1e-3, flow, grads);
    }
    losses
}

/// Compares each loss with the peer's; `most` is in nats.
fn compare(name: &str, dtype: Precision, steps: usize, most: f64) {
    let golden = Golden::open(name);
    let (expected, _) = golden.read(if dtype == Precision::F64 { "losses_f64" } else { "losses" });
    assert!(expected.len() >= steps);
    for (step, (found, expected)) in train(name, &golden, dtype, steps).into_iter().zip(expected).enumerate()
    {
        let gap = (found - expected).abs();
        assert!(gap <= most, "{name}: step {step}: loss {found}, expected {expected}, apart by {gap:.1e}");
    }
}

#[test]
fn nflows_rqs_coupling() {
    // a spline's curve is the most sensitive one: rounding alone makes 4e-8 here
    compare("parity_nflows_rqs_coupling", Precision::F64, 200, 1e-6);
}

#[test]
fn nflows_rqs_coupling_in_f32() {
    // after about 140 steps two f32 programs go different ways
    compare("parity_nflows_rqs_coupling", Precision::F32, 120, 1e-3);
}

#[test]
fn nflows_maf() {
    compare("parity_nflows_maf", Precision::F64, 200, 1e-9);
}

#[test]
fn nflows_maf_in_f32() {
    compare("parity_nflows_maf", Precision::F32, 200, 1e-3);
}

#[test]
fn zuko_maf() {
    compare("parity_zuko_maf", Precision::F64, 200, 1e-9);
}

#[test]
fn zuko_maf_in_f32() {
    compare("parity_zuko_maf", Precision::F32, 200, 1e-3);
}
