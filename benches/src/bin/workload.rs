//! Times one workload: `workload NAME[:CHANGES] [THREADS [SECONDS]]`, such as `workload W3:features=533,batch=64 2 1`.
//!
//! Prints a line as soon as it has the log-densities of a batch, then one line of JSON in the form that `compare.py` and
//! `curves.py` read. A training step is log_prob, backward, Adam, and the loss read back. Medians over the calls of SECONDS
//! (2 by default) for each figure. Memory is that of the process, at its largest up to the end of the training steps, and in all.
//!
//! `workload idle` prints the memory of the idle program, which is to be subtracted: with a step of one parameter behind it, so that
//! the code of a step is in memory, as `peers/bench_peers.py --idle` has it.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tissot::inspect::audit::{Thresholds, quick};
use tissot::layers::ActNormConfig;
use tissot::{Bijection, Context};
use tissot_benches::cost::Cost;
use tissot_benches::{Workload, machine, samples, workload};
use tissot_train::Adam;

fn main() {
    let started = Instant::now();
    let args: Vec<String> = std::env::args().skip(1).collect();
    let spec = args.first().cloned().unwrap_or_default();
    if spec == "idle" {
        println!("{{\"peer\": \"tissot\", \"idle_rss_mb\": {:.1}}}", idle());
        return;
    }
    let threads = number(args.get(1), 1.0);
    let budget = Duration::from_secs_f64(number(args.get(2), 2.0));
    let work = workload(&spec).unwrap_or_else(|error| refuse(&error));
    machine::use_threads(threads as usize);
    let run = if work.size.side > 0 { run::<4> } else { run::<2> };
    run(&spec, &work, threads, budget, started);
}

fn run<const D: usize>(spec: &str, work: &Workload, threads: f64, budget: Duration, started: Instant) {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let batch = work.size.batch;
    let x = samples::<D>(batch, &work.config, &device, &mut rng);
    let flow = work.config.init(&device, &mut rng).unwrap_or_else(|error| refuse(&error.to_string()));
    black_box(flow.log_prob(x.clone(), Context::NONE).into_data());
    println!("first result");
    let mut adam = Adam::default().init();
    let mut trained = Some(flow.train());
    let mut step = || {
        let flow = trained.take().expect("a flow between steps");
        let loss = flow.log_prob(x.clone(), Context::NONE).mean().neg();
        let grads = GradientsParams::from_grads(loss.backward(), &flow);
        trained = Some(adam.step(1e-3, flow, grads));
        loss.into_scalar::<f32>()
    };
    step();
    let first = started.elapsed().as_secs_f64();
    let train = machine::measure(budget, || {
        black_box(step());
    });
    let [_, after_training] = machine::resident_mb();
    let flow = trained.take().expect("a flow between steps").valid();
    let score = machine::measure(budget, || {
        black_box(flow.log_prob(x.clone(), Context::NONE).into_data());
    });
    let sample = machine::measure(budget, || {
        black_box(flow.sample::<D>(batch, Context::NONE, &mut rng).into_data());
    });
    let [_, peak] = machine::resident_mb();
    let cost = Cost::of(&flow, &work.config.positions);
    // What the training loop does at each validation, every 100 steps.
    let some = x.clone().narrow(0, 0, batch.min(64));
    let audit = machine::measure(budget, || {
        black_box(quick(&flow, &some, Context::NONE, &Thresholds::default()));
    });
    println!(
        "{{\"peer\": \"tissot\", \"workload\": \"{spec}\", \"batch\": {batch}, \"threads\": {threads}, \"params\": {}, \
         \"ms_train_step\": {:.4}, \"ms_log_prob\": {:.4}, \"ms_sample\": {:.4}, \"ms_train_step_min\": {:.4}, \
         \"ms_log_prob_min\": {:.4}, \"ms_sample_min\": {:.4}, \"ms_quick_audit\": {:.4}, \"reps\": [{}, {}, {}], \"gflop_train_step\": {:.6}, \
         \"gflop_pass\": {:.6}, \"train_rss_mb\": {after_training:.1}, \
         \"peak_rss_mb\": {peak:.1}, \"first_step_s\": {first:.3}}}",
        flow.num_params(),
        train.median,
        score.median,
        sample.median,
        train.least,
        score.least,
        sample.least,
        audit.median,
        train.calls,
        score.calls,
        sample.calls,
        cost.step(batch) / 1e9,
        cost.pass(batch) / 1e9,
    );
}

/// The memory of the program behind a training step of one parameter.
fn idle() -> f64 {
    machine::use_threads(1);
    let device = Device::flex();
    let one =
        ActNormConfig::default().init(1, &device).unwrap_or_else(|error| refuse(&error.to_string())).train();
    let x = Tensor::<2>::ones([1, 1], &device);
    let loss = one.forward(x, Context::NONE).1.sum();
    let grads = GradientsParams::from_grads(loss.backward(), &one);
    black_box(Adam::default().init().step(1e-3, one, grads));
    machine::resident_mb()[0]
}

/// The argument as a number above 0, `default` where there is none.
fn number(arg: Option<&String>, default: f64) -> f64 {
    match arg.map(|arg| arg.parse::<f64>()) {
        None => default,
        Some(Ok(value)) if value > 0.0 => value,
        Some(_) => refuse(&format!("found {:?}, expected a number above 0", arg.expect("an argument"))),
    }
}

fn refuse(what: &str) -> ! {
    eprintln!("workload: {what}");
    std::process::exit(2);
}
