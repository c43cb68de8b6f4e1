//! Work without end, and the memory that it takes on the way.

use crate::machine::resident_mb;
use burn::tensor::Device;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::ops::ControlFlow;
use std::path::Path;
use tissot::columns::{Columns, Domain};
use tissot::{Model, Provenance, presets};
use tissot_train::synthetic::Synthetic;
use tissot_train::table::{ReadOptions, RowReader, TableWriter};
use tissot_train::{Event, Fit, Rows, RunFolder, Settings, SplitBy, Splits, fit_columns};

type Failure = Box<dyn std::error::Error>;

/// Rows that a soak reads at a time.
const BLOCK: usize = 8_192;

/// The resident memory, in MB, after so many steps or rows.
#[derive(Clone, Copy, Debug)]
pub struct Point {
    /// Steps taken, or rows scored.
    pub at: u64,
    /// Resident memory.
    pub mb: f64,
}

/// Trains a small spline flow on 2,000 rows of two columns for so many steps, with checkpoints in `folder`, and looks at the
/// memory after each of `at`.
///
/// # Errors
/// What a fit finds wrong.
pub fn train(steps: u64, at: &[u64], folder: &Path) -> Result<(Model, Vec<Point>), Failure> {
    let values = moons(2_000);
    let rows = Rows { n: values.len() / 2, values, context: Vec::new() };
    let splits = Splits::new(&rows, 0.1, 0.1, &SplitBy::Random, 0)?;
    let names = ["x", "y"].map(String::from);
    let size = presets::Size::new(2).with_transforms(2).with_hidden([16, 16]);
    let fit = Fit {
        config: presets::nsf_autoregressive(&size),
        columns: fit_columns(&names, &[Domain::Real; 2], &splits.train.values)?,
        context: Columns::default(),
        splits: &splits,
        settings: Settings { steps, batch: 128, patience: 0, ..Settings::default() },
        device: Device::flex(),
        run: Some(RunFolder::open(folder)?),
        resume: false,
        provenance: Provenance::default(),
    };
    let mut points = Vec::new();
    let fitted = fit.run(&mut |event| {
        if let Event::Step { step, .. } = event
            && at.contains(step)
        {
            points.push(Point { at: *step, mb: resident_mb()[0] });
        }
        ControlFlow::Continue(())
    })?;
    Ok((fitted.model, points))
}

/// Writes a table of so many rows, reads it by the row reader and scores every row; looks at the memory after each of `at`.
///
/// # Errors
/// What the table's writer and reader find wrong.
pub fn score(model: &Model, rows: u64, at: &[u64], file: &Path) -> Result<Vec<Point>, Failure> {
    let names = model.columns.names();
    let mut writer = TableWriter::create(file, &names)?;
    let some = moons(BLOCK);
    for row in 0..rows as usize {
        writer.write_row(&some[row % BLOCK * 2..][..2])?;
    }
    writer.finish()?;
    let options = ReadOptions { columns: Some(names), ..ReadOptions::default() };
    let mut reader = RowReader::open(file, &options)?;
    let (mut done, mut points) = (0, Vec::new());
    while let Some(block) = reader.next_block(BLOCK)? {
        let scores = model.log_prob(&block.values, &[]);
        let before = done;
        done += scores.len() as u64;
        if at.iter().any(|at| (before + 1..=done).contains(at)) {
            points.push(Point { at: done, mb: resident_mb()[0] });
        }
    }
    Ok(points)
}

fn moons(n: usize) -> Vec<f64> {
    Synthetic::TwoMoons.sample(n, &mut ChaCha8Rng::seed_from_u64(0)).concat()
}
