//! A thousand small refits are a real job: times one, to early stopping.
//!
//! ```text
//! refit [fits=5] [threads=1] [transforms=5] [hidden=64] [SETTING=VALUE ..]
//! ```
//!
//! A MAF is fitted to 5,000 rows of 10 correlated columns (a tenth of them validates) by `tissot_train::Fit`, and scores 5,000
//! others, whose true log-density is known. Settings are the fields of `tissot_train::Settings` (`steps`, `batch`, ..).
//! Each fit has its own rows and seed. Prints one row of a table: the wall time of a fit, its scoring of the held-out rows
//! included.

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::ops::ControlFlow;
use std::time::Instant;
use tissot::Provenance;
use tissot::columns::{Columns, Domain};
use tissot::presets::{self, Size};
use tissot_benches::machine;
use tissot_train::{Fit, Rows, Schedule, Settings, Splits, Stop, fit_columns};

const COLUMNS: usize = 10;
const ROWS: usize = 5_000;

fn main() {
    let (mut fits, mut threads) = (5, 1);
    let mut size = Size::new(COLUMNS).with_transforms(5);
    let mut settings = Settings::default();
    let mut given = Vec::new();
    for arg in std::env::args().skip(1) {
        let (key, value) = arg.split_once('=').unwrap_or((&arg, ""));
        let whole = || value.parse::<u64>().unwrap_or_else(|_| refuse(&arg));
        let number = || value.parse::<f64>().unwrap_or_else(|_| refuse(&arg));
        match key {
            "fits" => fits = whole(),
            "threads" => threads = whole() as usize,
            "transforms" => size.transforms = whole() as usize,
            "hidden" => size.hidden = vec![whole() as usize; 2],
            "steps" => settings.steps = whole(),
            "batch" => settings.batch = whole() as usize,
            "learning_rate" => settings.learning_rate = number(),
            "schedule" if value == "constant" => settings.schedule = Schedule::Constant,
            "warmup" => settings.warmup = whole(),
            "clip" => settings.clip = number(),
            "ema" => settings.ema = number(),
            "validate_every" => settings.validate_every = whole(),
            "patience" => settings.patience = whole(),
            _ => refuse(&arg),
        }
        if !matches!(key, "fits" | "threads") {
            given.push(arg.clone());
        }
    }
    machine::use_threads(threads);
    let results: Vec<Result> =
        (0..fits).map(|seed| fit(&size, &Settings { seed, ..settings.clone() })).collect();
    let mut seconds: Vec<f64> = results.iter().map(|result| result.seconds).collect();
    seconds.sort_by(f64::total_cmp);
    let mean = |of: fn(&Result) -> f64| results.iter().map(of).sum::<f64>() / results.len() as f64;
    let gap = mean(|r| r.truth - r.held_out);
    let spread = results.iter().map(|r| (r.truth - r.held_out - gap).powi(2)).sum::<f64>();
    let error = (spread / (results.len() - 1).max(1) as f64 / results.len() as f64).sqrt();
    println!(
        "| changed settings | threads | fits | s a fit: median (least to largest) | steps: mean | stopped early | held-out nats | \
         of the truth | of one Gaussian | truth less fit |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    println!(
        "| {} | {threads} | {fits} | {:.2} ({:.2} to {:.2}) | {:.0} | {} | {:.4} | {:.4} | {:.4} | {gap:.4} +- {error:.4} |",
        if given.is_empty() { "none".into() } else { given.join(" ") },
        seconds[seconds.len() / 2],
        seconds[0],
        seconds[seconds.len() - 1],
        mean(|r| r.steps as f64),
        results.iter().filter(|r| r.early).count(),
        mean(|r| r.held_out),
        mean(|r| r.truth),
        mean(|r| r.gaussian),
    );
}

/// What one fit gave.
struct Result {
    seconds: f64,
    steps: u64,
    early: bool,
    held_out: f64,
    truth: f64,
    gaussian: f64,
}

fn fit(size: &Size, settings: &Settings) -> Result {
    let (seen, _) = draw(ROWS, 2 * settings.seed);
    let (test, truth) = draw(ROWS, 2 * settings.seed + 1);
    let start = Instant::now();
    let all: Vec<usize> = (0..ROWS).collect();
    let (validation, train) = all.split_at(ROWS / 10);
    let splits = Splits { train: seen.select(train), validation: seen.select(validation), test };
    let names: Vec<String> = (0..COLUMNS).map(|i| format!("x{i}")).collect();
    let columns = fit_columns(&names, &[Domain::Real; COLUMNS], &splits.train.values)
        .unwrap_or_else(|error| panic!("{error}"));
    let fitted = Fit {
        config: presets::maf(size),
        columns,
        context: Columns(Vec::new()),
        splits: &splits,
        settings: settings.clone(),
        device: Device::flex(),
        run: None,
        resume: false,
        provenance: Provenance::default(),
    }
    .run(&mut |_| ControlFlow::Continue(()))
    .unwrap_or_else(|error| {
        eprintln!("refit: {error}");
        std::process::exit(1)
    });
    let seconds = start.elapsed().as_secs_f64();
    let known = &fitted.model.provenance;
    Result {
        seconds,
        steps: known.steps,
        early: matches!(fitted.stop, Stop::Early),
        held_out: known.held_out.map_or(f64::NAN, |(mean, _)| mean),
        truth,
        gaussian: fitted.beside.map_or(f64::NAN, |beside| beside.gaussian),
    }
}

/// `n` rows, and the mean of their true log-density in nats.
///
/// ```text
/// x_i = 0.8 x_(i-1) + 0.5 sin(2 x_(i-2)) + s_i e_i,    s_i = 0.6 exp(0.4 tanh x_(i-1)),    e_i ~ N(0, 1)
/// ```
fn draw(n: usize, seed: u64) -> (Rows, f64) {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let (mut values, mut total) = (Vec::with_capacity(n * COLUMNS), 0.0);
    for _ in 0..n {
        let (mut last, mut before) = (0.0_f64, 0.0_f64);
        for _ in 0..COLUMNS {
            let e: f64 = StandardNormal.sample(&mut rng);
            let s = 0.6 * (0.4 * last.tanh()).exp();
            let x = 0.8 * last + 0.5 * (2.0 * before).sin() + s * e;
            total -= 0.5 * e * e + s.ln() + 0.5 * std::f64::consts::TAU.ln();
            values.push(x);
            (before, last) = (last, x);
        }
    }
    (Rows { values, context: Vec::new(), n }, total / n as f64)
}

fn refuse(arg: &str) -> ! {
    eprintln!(
        "refit: found {arg:?}, expected such as fits=5, threads=1, hidden=64, steps=600, batch=512, patience=5"
    );
    std::process::exit(2)
}
