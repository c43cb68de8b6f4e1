//! How times grow with features, rows, layers, bins and the sides of images: `cargo bench -p tissot-benches --bench growth`.
//!
//! `curves.py` draws the same curves with memory and start-up, one process a point.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Device;
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use std::time::Duration;
use tissot::Context;
use tissot_benches::cost::Cost;
use tissot_benches::{Workload, samples, workload};
use tissot_train::Adam;

/// Each curve: the workload, what changes, and its values.
const CURVES: [(&str, &str, &[usize]); 5] = [
    ("W3:hidden=1024", "features", &[8, 16, 32, 64, 128, 256, 533, 1024]),
    ("W5", "batch", &[1, 16, 256, 4096, 65536]),
    ("W4", "layers", &[2, 4, 8, 16, 32, 64]),
    ("W4", "bins", &[4, 8, 16, 32, 64]),
    ("W6", "side", &[8, 16, 32, 64]),
];

fn run(c: &mut Criterion) {
    for (base, key, values) in CURVES {
        let mut group = c.benchmark_group(format!("{base}, {key}"));
        group
            .sample_size(10)
            .warm_up_time(Duration::from_millis(300))
            .measurement_time(Duration::from_secs(1));
        for &value in values {
            let spec = format!("{base}{}{key}={value}", if base.contains(':') { ',' } else { ':' });
            let work = workload(&spec).unwrap_or_else(|error| panic!("{spec}: {error}"));
            if work.size.side > 0 {
                point::<4>(&mut group, value, &work);
            } else {
                point::<2>(&mut group, value, &work);
            }
        }
    }
}

/// A training step, a batch of log-densities and a batch of samples.
fn point<const D: usize>(group: &mut BenchmarkGroup<'_, WallTime>, value: usize, work: &Workload) {
    let (device, mut rng) = (Device::flex(), ChaCha8Rng::seed_from_u64(0));
    let batch = work.size.batch;
    let x = samples::<D>(batch, &work.config, &device, &mut rng);
    let start = work.config.init(&device, &mut rng).expect("a workload's flow");
    let cost = Cost::of(&start, &work.config.positions);
    let mut adam = Adam::default().init();
    let mut flow = Some(start.clone().train());
    group.throughput(Throughput::Elements(cost.step(batch) as u64));
    group.bench_function(BenchmarkId::new("training step, FLOP", value), |b| {
        b.iter(|| {
            let before = flow.take().expect("a flow between steps");
            let loss = before.log_prob(x.clone(), Context::NONE).mean().neg();
            let grads = GradientsParams::from_grads(loss.backward(), &before);
            flow = Some(adam.step(1e-3, before, grads));
            loss.into_scalar::<f32>()
        });
    });
    group.throughput(Throughput::Elements(cost.pass(batch) as u64));
    group.bench_function(BenchmarkId::new("log_prob, FLOP", value), |b| {
        b.iter(|| black_box(start.log_prob(x.clone(), Context::NONE)));
    });
    group.bench_function(BenchmarkId::new("sample, FLOP", value), |b| {
        b.iter(|| black_box(start.sample::<D>(batch, Context::NONE, &mut rng)));
    });
}

criterion_group!(benches, run);
criterion_main!(benches);
