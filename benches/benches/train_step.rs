//! One training step, log-densities and samples: `cargo bench -p tissot-benches`.
//!
//! The first two are workloads W1 and W5 of the comparison with other libraries: an affine coupling flow of 2 columns (8
//! transforms, batch 512) and an autoregressive spline flow of 6 columns (5 transforms, hidden 128, batch 512).

use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use criterion::{Criterion, criterion_group, criterion_main};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use tissot::presets::{self, Size};
use tissot::{AnyFlow, Context, FlowConfig};

const BATCH: usize = 512;

fn workloads() -> [(&'static str, FlowConfig); 2] {
    let affine = presets::real_nvp(&Size::new(2).with_transforms(8));
    let spline = presets::nsf_autoregressive(&Size::new(6).with_transforms(5).with_hidden([128, 128]));
    [("W1 real_nvp", affine), ("W5 nsf_autoregressive", spline)]
}

fn step(flow: AnyFlow, adam: &mut ModuleOptimizer, x: &Tensor<2>) -> AnyFlow {
    let loss = flow.log_prob(x.clone(), Context::NONE).mean().neg();
    let grads = GradientsParams::from_grads(loss.backward(), &flow);
    adam.step(1e-3, flow, grads)
}

fn run(c: &mut Criterion) {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    for (name, config) in workloads() {
        let values: Vec<f32> =
            (0..BATCH * config.features).map(|i| ((i * 37 % 101) as f32 - 50.0) / 25.0).collect();
        let x = Tensor::<2>::from_data(TensorData::new(values, [BATCH, config.features]), &device);
        let start = config.init(&device, &mut rng).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut flow = Some(start.clone().train());
        let mut adam = AdamConfig::new().init();
        c.bench_function(&format!("{name}: training step"), |b| {
            b.iter(|| flow = flow.take().map(|flow| step(flow, &mut adam, &x)));
        });
        c.bench_function(&format!("{name}: log_prob"), |b| {
            b.iter(|| black_box(start.log_prob(x.clone(), Context::NONE)));
        });
        c.bench_function(&format!("{name}: sample"), |b| {
            b.iter(|| black_box(start.sample::<2>(BATCH, Context::NONE, &mut rng)));
        });
    }
}

criterion_group!(benches, run);
criterion_main!(benches);
