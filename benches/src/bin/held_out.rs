//! Fits a workload's flow to a table and writes the log-density of each test row:
//! `held_out WORKLOAD FOLDER/SET OUT SEED STEPS BATCH RATE EVERY`.
//!
//! Reads `SET.train.csv`, `SET.validation.csv` and `SET.test.csv`. Plain Adam at a constant rate, without warm-up, clipping
//! and averaging, so that `peers/held_out.py` can train other libraries just so; the best validation is kept. OUT gets
//! a number a line.

use burn::tensor::Device;
use std::ops::ControlFlow;
use tissot::Provenance;
use tissot::columns::{Columns, Domain};
use tissot_benches::{machine, workload};
use tissot_train::table::{ReadOptions, Table};
use tissot_train::{Fit, Rows, Schedule, Settings, Splits, fit_columns};

type Failure = Box<dyn std::error::Error>;

fn main() {
    if let Err(error) = run() {
        eprintln!("held_out: {error}");
        std::process::exit(1);
    }
}

fn run() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [spec, set, out, seed, steps, batch, rate, every] = &args[..] else {
        return Err("expected WORKLOAD FOLDER/SET OUT SEED STEPS BATCH RATE EVERY".into());
    };
    machine::use_threads(1);
    let config = workload(spec)?.config;
    let splits = Splits {
        train: part(set, "train")?.0,
        validation: part(set, "validation")?.0,
        test: part(set, "test")?.0,
    };
    let (_, names) = part(set, "train")?;
    let columns = fit_columns(&names, &vec![Domain::Real; names.len()], &splits.train.values)?;
    let settings = Settings {
        seed: seed.parse()?,
        steps: steps.parse()?,
        batch: batch.parse()?,
        learning_rate: rate.parse()?,
        validate_every: every.parse()?,
        schedule: Schedule::Constant,
        warmup: 1,
        clip: f64::MAX,
        ema: 0.0,
        patience: 0,
        ..Settings::default()
    };
    let fit = Fit {
        config,
        columns,
        context: Columns(Vec::new()),
        splits: &splits,
        settings,
        device: Device::flex(),
        run: None,
        resume: false,
        provenance: Provenance::default(),
    };
    let fitted = fit.run(&mut |_| ControlFlow::Continue(()))?;
    let scores = fitted.model.log_prob(&splits.test.values, &[]);
    let lines: String = scores.iter().map(|score| format!("{score}\n")).collect();
    std::fs::write(out, lines).map_err(|error| format!("{out}: {error}"))?;
    println!("{}", fitted.model.num_params());
    Ok(())
}

/// One part of a set, and the names of its columns.
fn part(set: &str, name: &str) -> Result<(Rows, Vec<String>), Failure> {
    let table = Table::read(format!("{set}.{name}.csv"), &ReadOptions::default())?;
    Ok((Rows { n: table.rows, values: table.values, context: Vec::new() }, table.columns))
}
