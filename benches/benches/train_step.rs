//! One training step, log-densities and samples of the workloads: `cargo bench -p tissot-benches`.

use burn::module::Module;
use burn::optim::{GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use tissot::{AnyFlow, Context};
use tissot_benches::{NAMES, Workload, samples, workload};
use tissot_train::Adam;

fn step<const D: usize>(flow: AnyFlow, adam: &mut ModuleOptimizer, x: &Tensor<D>) -> AnyFlow {
    let loss = flow.log_prob(x.clone(), Context::NONE).mean().neg();
    let grads = GradientsParams::from_grads(loss.backward(), &flow);
    adam.step(1e-3, flow, grads)
}

fn run(c: &mut Criterion) {
    for name in NAMES {
        let work = workload(name).unwrap_or_else(|error| panic!("{error}"));
        if work.size.side > 0 { bench::<4>(c, name, &work) } else { bench::<2>(c, name, &work) }
    }
}

fn bench<const D: usize>(c: &mut Criterion, name: &str, work: &Workload) {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let batch = work.size.batch;
    let x = samples::<D>(batch, &work.config, &device, &mut rng);
    let start = work.config.init(&device, &mut rng).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut flow = Some(start.clone().train());
    let mut adam = Adam::default().init();
    c.bench_function(&format!("{name}: training step"), |b| {
        b.iter(|| flow = flow.take().map(|flow| step(flow, &mut adam, &x)));
    });
    c.bench_function(&format!("{name}: log_prob"), |b| {
        b.iter(|| black_box(start.log_prob(x.clone(), Context::NONE)));
    });
    c.bench_function(&format!("{name}: sample"), |b| {
        b.iter(|| black_box(start.sample::<D>(batch, Context::NONE, &mut rng)));
    });
}

criterion_group!(benches, run);
criterion_main!(benches);
