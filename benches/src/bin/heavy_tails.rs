//! Flows on heavy tails: `heavy_tails [TRAIN_ROWS] [STEPS] [SEED]`.
//!
//! Rows of ten independent Student's t with 2.5 degrees of freedom. For a neural spline flow as it is, with a tail transform where
//! the tail index asks for it, and with a Student's t base: the held-out Kullback-Leibler divergence in nats a row (the exact
//! log-density minus the flow's), the share of a million samples with `|x1| > 20`, and the largest `|x1|` of 50,000 samples.

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StudentT};
use std::ops::ControlFlow;
use tissot::base::{BaseConfig, StudentTConfig};
use tissot::columns::{Columns, Domain};
use tissot::image::mean_and_error;
use tissot::presets::{self, Size};
use tissot::{FlowConfig, Provenance};
use tissot_train::{Fit, Rows, Settings, SplitBy, Splits, fit_columns, heavy_tails};

type Failure = Box<dyn std::error::Error>;

const FEATURES: usize = 10;
const NU: f64 = 2.5;
const TEST: usize = 20_000;
const SAMPLES: usize = 1_000_000;
const FAR: f64 = 20.0;

fn main() -> Result<(), Failure> {
    let mut args = std::env::args().skip(1);
    let mut number = |default: u64| args.next().map_or(Ok(default), |arg| arg.parse());
    let (train, steps, seed) = (number(20_000)? as usize, number(4_000)?, number(0)?);
    let rows = drawn(train, seed);
    let test = drawn(TEST, seed + 1_000);
    let exact: Vec<f64> =
        test.chunks(FEATURES).map(|row| row.iter().map(|&x| log_density(x)).sum()).collect();
    let splits =
        Splits::new(&Rows { n: train, values: rows, context: Vec::new() }, 0.1, 0.0, &SplitBy::Random, seed)?;
    let names: Vec<String> = (1..=FEATURES).map(|i| format!("x{i}")).collect();
    let columns = fit_columns(&names, &[Domain::Real; FEATURES], &splits.train.values)?;

    let size = Size::new(FEATURES).with_transforms(4);
    let plain = presets::nsf_autoregressive(&size);
    let tails = heavy_tails(&columns, &splits.train.values);
    println!("{} of {FEATURES} columns have heavy tails", tails.iter().flatten().count());
    let student = FlowConfig { base: BaseConfig::StudentT(StudentTConfig::default()), ..plain.clone() };
    let flows = [
        ("as it is", plain.clone()),
        ("tail transform", plain.with_tails(tails)),
        ("Student's t base", student),
    ];
    let truth = 2.0 * survival(FAR);
    println!("P(|x1| > {FAR}) is {truth:.2e}");
    println!("{:18} {:>20} {:>18} {:>22}", "flow", "held-out KL, nats", "P(|x1| > 20)", "largest of 50,000");
    for (name, config) in flows {
        let fit = Fit {
            config,
            columns: columns.clone(),
            context: Columns::default(),
            splits: &splits,
            settings: Settings { steps, seed, ..Settings::default() },
            device: Device::flex(),
            run: None,
            resume: false,
            provenance: Provenance::default(),
        };
        let model = fit.run(&mut |_| ControlFlow::Continue(()))?.model;
        let found = model.log_prob(&test, &[]);
        let gaps: Vec<f64> = exact.iter().zip(found).map(|(exact, found)| exact - found).collect();
        let (kl, error) = mean_and_error(&gaps);
        let samples = model.sample(SAMPLES, &[], &mut ChaCha8Rng::seed_from_u64(seed));
        let first: Vec<f64> = samples.chunks(FEATURES).map(|row| row[0].abs()).collect();
        let share = first.iter().filter(|&&x| x > FAR).count() as f64 / first.len() as f64;
        let largest = first[..50_000].iter().fold(0.0_f64, |a, &b| a.max(b));
        println!("{name:18} {:>20} {share:>18.2e} {largest:>22.1}", format!("{kl:.3} +- {error:.3}"));
    }
    Ok(())
}

fn drawn(rows: usize, seed: u64) -> Vec<f64> {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let t = StudentT::new(NU).unwrap_or_else(|error| unreachable!("{error}"));
    (0..rows * FEATURES).map(|_| t.sample(rng)).collect()
}

/// `log p(x)` of Student's t with 2.5 degrees of freedom.
fn log_density(x: f64) -> f64 {
    // log G(1.75) and log G(1.25).
    const LOG_GAMMAS: f64 = -0.084_401_121_020_485_56 + 0.098_271_836_421_813_17;
    LOG_GAMMAS - 0.5 * (NU * std::f64::consts::PI).ln() - 0.5 * (NU + 1.0) * (x * x / NU).ln_1p()
}

/// `P(x > a)`, by the trapezoidal rule in `log x`.
fn survival(a: f64) -> f64 {
    let (steps, end) = (200_000, 40.0);
    let width = (end - a.ln()) / f64::from(steps);
    (0..steps)
        .map(|k| {
            let at = |u: f64| (log_density(u.exp()) + u).exp();
            let u = a.ln() + width * f64::from(k);
            0.5 * width * (at(u) + at(u + width))
        })
        .sum()
}
