//! How far training steps are from what the machine can do: `floors [THREADS [SECONDS [WORKLOAD ..]]]` prints a table.
//!
//! * The floor by arithmetic: the useful FLOP of a step (`Cost::step`: matrix products, blocks that are not all 0) over the
//!   rate of burn's own matrix product on the same sizes, unmasked, at the same number of threads.
//! * The floor by memory: the bytes of a step (`Cost::step_bytes`) over the rate at which as much memory as the step
//!   holds is copied.
//!
//! Products, copies and steps are timed in turn, in five rounds of SECONDS (1) each, and the median round counts.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::time::Duration;
use tissot::Context;
use tissot_benches::cost::Cost;
use tissot_benches::{NAMES, Workload, machine, samples, workload};
use tissot_train::Adam;

const ROUNDS: usize = 5;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let threads: usize =
        args.first().map_or(1, |t| t.parse().unwrap_or_else(|_| refuse(t, "a number of threads")));
    let seconds = args.get(1).map_or(1.0, |s| s.parse().unwrap_or_else(|_| refuse(s, "seconds")));
    let budget = Duration::from_secs_f64(seconds / 3.0);
    let names: Vec<&str> = args.iter().skip(2).map(String::as_str).collect();
    machine::use_threads(threads);
    println!(
        "| workload, {threads} thread{} | useful GFLOP a step | burn's product, GFLOP/s | floor by arithmetic, ms | MB a step | \
         copy, GB/s | floor by memory, ms | step, ms | step / higher floor | useful arithmetic, % of the product's rate |",
        if threads == 1 { "" } else { "s" }
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    for name in if names.is_empty() { &NAMES[..] } else { &names } {
        let work = workload(name).unwrap_or_else(|error| {
            eprintln!("floors: {error}");
            std::process::exit(2)
        });
        if work.size.side > 0 { row::<4>(name, &work, budget) } else { row::<2>(name, &work, budget) }
    }
}

fn row<const D: usize>(name: &str, work: &Workload, budget: Duration) {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let batch = work.size.batch;
    let x = samples::<D>(batch, &work.config, &device, &mut rng);
    let flow = work.config.init(&device, &mut rng).unwrap_or_else(|error| panic!("{name}: {error}"));
    let cost = Cost::of(&flow, &work.config.positions);
    let products = cost.products(batch);
    let mut adam = Adam::default().init();
    let mut trained = Some(flow.train());
    let (mut steps, mut rates, mut copies) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        let time = machine::measure(budget, || {
            let flow = trained.take().expect("a flow between steps");
            let loss = flow.log_prob(x.clone(), Context::NONE).mean().neg();
            let grads = GradientsParams::from_grads(loss.backward(), &flow);
            trained = Some(adam.step(1e-3, flow, grads));
            std::hint::black_box(loss.into_scalar::<f32>());
        });
        steps.push(time.median);
        rates.push(machine::matrix_rate(&products, &device, budget));
        copies.push(machine::memory_rate(cost.step_memory(batch), budget));
    }
    let [step, rate, copy] = [steps, rates, copies].map(|mut values| {
        values.sort_by(f64::total_cmp);
        values[values.len() / 2]
    });
    let (flop, bytes) = (cost.step(batch), cost.step_bytes(batch));
    let (arithmetic, memory) = (flop / rate / 1e6, bytes / copy / 1e6);
    println!(
        "| {name} | {:.3} | {rate:.1} | {arithmetic:.3} | {:.2} | {copy:.1} | {memory:.3} | {step:.3} | {:.2} | {:.0} |",
        flop / 1e9,
        bytes / 1e6,
        step / arithmetic.max(memory),
        100.0 * arithmetic / step,
    );
}

fn refuse(found: &str, expected: &str) -> ! {
    eprintln!("floors: found {found:?}, expected {expected}");
    std::process::exit(2)
}
