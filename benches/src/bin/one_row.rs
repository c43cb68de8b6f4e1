//! Times one row of the presets at one thread: `one_row [FEATURES [SECONDS]]`, 6 features and half a second a figure by default.
//!
//! Prints a table in markdown: medians in microseconds of a log-density and of a sample, each read back.

use burn::tensor::{Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::hint::black_box;
use std::time::Duration;
use tissot::presets::{self, Size};
use tissot::{Context, FlowConfig};
use tissot_benches::{machine, samples};

type Preset = (&'static str, fn(&Size) -> FlowConfig);

const PRESETS: [Preset; 6] = [
    ("nice", presets::nice),
    ("real_nvp", presets::real_nvp),
    ("maf", presets::maf),
    ("iaf", presets::iaf),
    ("nsf_coupling", presets::nsf_coupling),
    ("nsf_autoregressive", presets::nsf_autoregressive),
];

fn main() {
    let args: Vec<f64> = std::env::args().skip(1).map(|arg| arg.parse().unwrap_or(0.0)).collect();
    let features = args.first().map_or(6, |&n| n as usize);
    let budget = args.get(1).copied().unwrap_or(0.5);
    if args.len() > 2 || features < 2 || budget <= 0.0 {
        eprintln!("one_row: expected [FEATURES [SECONDS]], at least 2 features and more than 0 seconds");
        std::process::exit(2);
    }
    machine::use_threads(1);
    let (device, budget) = (Device::flex(), Duration::from_secs_f64(budget));
    println!("| preset, {features} features, 1 row | layers | parameters | log_prob, us | sample, us |");
    println!("|---|---|---|---|---|");
    for (name, preset) in PRESETS {
        let config = preset(&Size::new(features));
        let mut rng = ChaCha8Rng::seed_from_u64(0);
        let flow = config.init(&device, &mut rng).expect("a preset");
        let x: Tensor<2> = samples(1, &config, &device, &mut rng);
        let score = machine::measure(budget, || {
            black_box(flow.log_prob(x.clone(), Context::NONE).into_data());
        });
        let sample = machine::measure(budget, || {
            black_box(flow.sample::<2>(1, Context::NONE, &mut rng).into_data());
        });
        let [score, sample] = [score, sample].map(|time| 1e3 * time.median);
        let parameters = burn::module::Module::num_params(&flow);
        println!("| {name} | {} | {parameters} | {score:.1} | {sample:.1} |", config.layers.len());
    }
}
