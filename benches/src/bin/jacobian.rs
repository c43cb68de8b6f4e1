//! Times exact Jacobians of one workload: `jacobian NAME [POINTS [f64]]` prints one line of JSON.
//!
//! Seconds for all points, the least of three runs: Jacobians in forward mode, the same with their singular value
//! decompositions, and Jacobians in reverse mode.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Instant;
use tissot::inspect::{geometry, jacobian::derivatives, jacobians};
use tissot::{AnyFlow, Context};
use tissot_benches::{NAMES, workload};
use tissot_train::Adam;

fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let points: usize = args.next().map_or(1_000, |t| t.parse().unwrap_or(1_000));
    let dtype = if args.next().as_deref() == Some("f64") { FloatDType::F64 } else { FloatDType::F32 };
    let Some(work) = workload(&name) else {
        eprintln!("jacobian: found {name:?}, expected one of {}", NAMES.join(", "));
        std::process::exit(2);
    };
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let features = work.config.features;
    let flow = work.config.init(&device, &mut rng).unwrap_or_else(|error| panic!("{error}"));
    let values: Vec<f32> = (0..points * features).map(|_| rng.random::<f32>() * 4.0 - 2.0).collect();
    let x = Tensor::<2>::from_data(TensorData::new(values, [points, features]), &device);
    let flow = away_from_the_identity(flow, &x);
    let flow = flow.to_dtype(dtype).unwrap_or_else(|error| panic!("{error}"));
    let x = x.cast(flow.dtype());
    let map = &flow.bijection;
    let forward = least(|| jacobians(map, &x, Context::NONE).len());
    let decomposed = least(|| geometry(map, &x, Context::NONE).len());
    let reverse = least(|| derivatives(map, &x, Context::NONE).len());
    println!(
        "{{\"workload\": \"{name}\", \"points\": {points}, \"dtype\": \"{dtype:?}\", \"s_jacobians\": {forward:.3}, \
         \"s_geometry\": {decomposed:.3}, \"s_reverse\": {reverse:.3}}}"
    );
}

/// A flow after a few steps of training: at its start it is the identity, which is no matrix to decompose.
fn away_from_the_identity(flow: AnyFlow, x: &Tensor<2>) -> AnyFlow {
    let mut adam = Adam::default().init();
    let step = |flow: AnyFlow, _| {
        let loss = flow.log_prob(x.clone(), Context::NONE).mean().neg();
        let grads = GradientsParams::from_grads(loss.backward(), &flow);
        adam.step(1e-2, flow, grads)
    };
    (0..10).fold(flow.train(), step).valid()
}

/// The least time of three calls, in seconds.
fn least(mut call: impl FnMut() -> usize) -> f64 {
    (0..3)
        .map(|_| {
            let start = Instant::now();
            std::hint::black_box(call());
            start.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min)
}
