//! Times one workload: `workload NAME [THREADS [SECONDS]]` prints one line of JSON, in the form that the comparison reads.
//!
//! BATCH in the environment replaces the workload's own number of rows.
//!
//! A training step is log_prob, backward, Adam, and the loss read back. Medians over the calls of SECONDS (2 by default).

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::{Duration, Instant};
use tissot::Context;
use tissot::inspect::audit::{Thresholds, quick};
use tissot_benches::{NAMES, workload};
use tissot_train::Adam;

fn main() {
    let mut args = std::env::args().skip(1);
    let name = args.next().unwrap_or_default();
    let threads: usize = args.next().map_or(1, |t| t.parse().unwrap_or(1));
    let budget = Duration::from_secs_f64(args.next().map_or(2.0, |t| t.parse().unwrap_or(2.0)));
    let Some(work) = workload(&name) else {
        eprintln!("workload: found {name:?}, expected one of {}", NAMES.join(", "));
        std::process::exit(2);
    };
    let started = Instant::now();
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .build_global()
        .unwrap_or_else(|error| panic!("{error}"));
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let features = work.config.features;
    let batch: usize = std::env::var("BATCH").ok().and_then(|b| b.parse().ok()).unwrap_or(work.batch);
    let values: Vec<f32> = (0..batch * features).map(|_| rng.random::<f32>() * 4.0 - 2.0).collect();
    let x = Tensor::<2>::from_data(TensorData::new(values, [batch, features]), &device);
    let flow = work.config.init(&device, &mut rng).unwrap_or_else(|error| panic!("{error}"));
    let params = flow.num_params();
    let mut adam = Adam::default().init();
    let mut trained = Some(flow.clone().train());
    let mut step = || {
        let flow = trained.take().expect("a flow between steps");
        let loss = flow.log_prob(x.clone(), Context::NONE).mean().neg();
        let grads = GradientsParams::from_grads(loss.backward(), &flow);
        trained = Some(adam.step(1e-3, flow, grads));
        loss.into_scalar::<f32>()
    };
    step();
    let first = started.elapsed().as_secs_f64();
    let train = measure(budget, || std::hint::black_box(step()).is_nan());
    let flow = trained.take().expect("a flow between steps").valid();
    let score = measure(budget, || flow.log_prob(x.clone(), Context::NONE).into_data().num_elements() == 0);
    let sample =
        measure(budget, || flow.sample::<2>(batch, Context::NONE, &mut rng).into_data().num_elements() == 0);
    // What the training loop does at each validation, every 100 steps.
    let some = x.clone().narrow(0, 0, batch.min(64));
    let audit = measure(budget, || quick(&flow, &some, Context::NONE, &Thresholds::default()).is_empty());
    println!(
        "{{\"peer\": \"tissot\", \"workload\": \"{name}\", \"batch\": {batch}, \"threads\": {threads}, \"params\": {params}, \
         \"ms_train_step\": {:.4}, \"ms_log_prob\": {:.4}, \"ms_sample\": {:.4}, \"ms_train_step_min\": {:.4}, \
         \"ms_log_prob_min\": {:.4}, \"ms_sample_min\": {:.4}, \"ms_quick_audit\": {:.4}, \"peak_rss_mb\": {:.1}, \"first_step_s\": {first:.3}}}",
        train.0,
        score.0,
        sample.0,
        train.1,
        score.1,
        sample.1,
        audit.0,
        peak_rss_mb(),
    );
}

/// The median and the least of the calls' milliseconds.
fn measure(budget: Duration, mut call: impl FnMut() -> bool) -> (f64, f64) {
    for _ in 0..3 {
        call();
    }
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < 5 || (start.elapsed() < budget && times.len() < 20_000) {
        let begin = Instant::now();
        std::hint::black_box(call());
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[0])
}

/// The largest resident memory so far, as Linux tells it; NaN elsewhere.
fn peak_rss_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok())
        .map_or(f64::NAN, |kb| kb * 1024.0 / 1e6)
}
