//! What is timed: training steps, log-densities, samples.

use crate::Request;
use crate::composed::plain;
use burn::module::Module;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::{Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use std::time::{Duration, Instant};
use tissot::base::Base;
use tissot::{AnyFlow, Bijection, Context, Flow, FlowConfig};
use tissot_benches::workload;
use tissot_train::Adam;

/// The configuration and the number of rows of a workload.
pub fn work(name: &str) -> (FlowConfig, usize) {
    let work = workload(name).expect("one of the known workloads");
    (work.config, work.size.batch)
}

/// The flow of a configuration, always the same.
pub fn flow(config: &FlowConfig, device: &Device) -> AnyFlow {
    config.init(device, &mut ChaCha8Rng::seed_from_u64(0)).unwrap_or_else(|error| panic!("{error}"))
}

/// Rows from -2 to 2.
pub fn rows(rows: usize, features: usize, device: &Device) -> Tensor<2> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let values: Vec<f32> = (0..rows * features).map(|_| rng.random::<f32>() * 4.0 - 2.0).collect();
    Tensor::from_data(TensorData::new(values, [rows, features]), device)
}

/// A step of training: log-densities, gradients, weights, and the loss read back.
pub fn step<T, B>(flow: Flow<T, B>, adam: &mut ModuleOptimizer, x: &Tensor<2>) -> (Flow<T, B>, f32)
where
    T: Bijection<2>,
    B: Base<2>,
{
    let loss = flow.log_prob(x.clone(), Context::NONE).mean().neg();
    let grads = GradientsParams::from_grads(loss.backward(), &flow);
    (adam.step(1e-3, flow, grads), loss.into_scalar::<f32>())
}

/// Prints the table: each workload with the kernels, composed, and on the CPU.
pub fn table(device: &Device, request: &Request) {
    println!("Medians and, in brackets, the least; a training step reads its loss back.\n");
    println!("| workload | rows | where | training step | log_prob | sample |\n|---|---|---|---|---|---|");
    for name in &request.names {
        let (config, own) = work(name);
        let batch = request.rows.unwrap_or(own);
        let fused = flow(&config, device);
        let composed = plain(&config, fused.clone());
        let print = |place: &str, times: [(f64, f64); 3]| {
            let [train, score, sample] = times.map(|(median, least)| format!("{median:.3} ({least:.3})"));
            println!("| {name} | {batch} | {place} | {train} | {score} | {sample} |");
        };
        let x = rows(batch, config.features, device);
        print("kernels", times(fused, Adam::default().init(), &x, request.seconds));
        print("composed", times(composed, AdamConfig::new().init(), &x, request.seconds));
        let host = Device::flex();
        let x = rows(batch, config.features, &host);
        print("CPU", times(flow(&config, &host), Adam::default().init(), &x, request.seconds));
    }
}

/// Milliseconds of a training step, of log-densities and of samples.
fn times<T, B>(
    flow: Flow<T, B>,
    mut adam: ModuleOptimizer,
    x: &Tensor<2>,
    budget: Duration,
) -> [(f64, f64); 3]
where
    T: Bijection<2>,
    B: Base<2>,
{
    let mut trained = Some(flow.clone().train());
    let train = measure(budget, || {
        let (next, loss) = step(trained.take().expect("a flow between steps"), &mut adam, x);
        trained = Some(next);
        black_box(loss);
    });
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let score = measure(budget, || drop(black_box(flow.log_prob(x.clone(), Context::NONE).into_data())));
    let n = x.dims()[0];
    let sample =
        measure(budget, || drop(black_box(flow.sample::<2>(n, Context::NONE, &mut rng).into_data())));
    [train, score, sample]
}

/// The median and the least of the calls' milliseconds.
fn measure(budget: Duration, mut call: impl FnMut()) -> (f64, f64) {
    for _ in 0..2 {
        call();
    }
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < 3 || (start.elapsed() < budget && times.len() < 20_000) {
        let begin = Instant::now();
        call();
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    (times[times.len() / 2], times[0])
}
