//! Results, as text for people or as JSON for machines.

use crate::failure::{Failure, Outcome};
use anyhow::Context;
use std::io::{BufWriter, Stdout, Write};
use std::path::Path;
use tissot_train::table::{TableError, TableWriter};

/// What went wrong where standard output fails.
const STDOUT: &str = "standard output: cannot be written";

/// Prints one JSON value as a line, or the lines of text that `text` makes.
///
/// # Errors
/// Where standard output cannot be written.
pub fn print(json: bool, value: &serde_json::Value, text: impl FnOnce() -> String) -> anyhow::Result<()> {
    let text = if json { value.to_string() } else { text().trim_end().to_owned() };
    print_bytes(format!("{text}\n").as_bytes())
}

/// Writes bytes to standard output.
///
/// # Errors
/// Where it cannot be written.
pub fn print_bytes(bytes: &[u8]) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(bytes).and_then(|()| out.flush()).context(STDOUT)
}

/// Refuses an output that would take the place of what the command reads.
///
/// # Errors
/// Wrong use, where both are one file.
pub fn keep(inputs: &[&Path], out: Option<&Path>) -> Outcome {
    keep_from("--out", inputs, out)
}

/// As [`keep`], for the output that another flag names.
///
/// # Errors
/// As [`keep`].
pub fn keep_from(flag: &str, inputs: &[&Path], out: Option<&Path>) -> Outcome {
    let Some(Ok(real)) = out.map(std::fs::canonicalize) else { return Ok(()) };
    match inputs.iter().find(|input| std::fs::canonicalize(input).is_ok_and(|input| input == real)) {
        Some(input) if real.is_file() => Err(Failure::Usage(format!(
            "{flag} {}: is the file that is read ({}); give the name of another",
            real.display(),
            input.display()
        ))),
        _ => Ok(()),
    }
}

/// A number as JSON, or null where it is not finite.
pub fn number(value: f64) -> serde_json::Value {
    serde_json::Number::from_f64(value).map_or(serde_json::Value::Null, serde_json::Value::Number)
}

/// The mean of a stream of numbers and its standard error (Welford 1962).
#[derive(Debug, Default)]
pub struct Mean {
    n: u64,
    mean: f64,
    squares: f64,
}

impl Mean {
    /// One more number.
    pub fn add(&mut self, value: f64) {
        self.n += 1;
        let delta = value - self.mean;
        self.mean += delta / self.n as f64;
        self.squares += delta * (value - self.mean);
    }

    /// How many.
    pub fn count(&self) -> u64 {
        self.n
    }

    /// The mean.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Its standard error; `NaN` for fewer than two numbers.
    pub fn error(&self) -> f64 {
        let n = self.n as f64;
        (self.squares / (n - 1.0) / n).sqrt()
    }
}

/// Rows of numbers on their way out: a table in a file or on standard output, or JSON lines there.
pub enum RowSink {
    /// A table.
    Table(Box<TableWriter>),
    /// JSON lines with these keys.
    Json(Vec<String>, BufWriter<Stdout>),
}

impl RowSink {
    /// A table in `out`; without it on standard output, as JSON lines where `json`.
    ///
    /// # Errors
    /// Where the file cannot be made.
    pub fn open(out: Option<&str>, json: bool, names: &[String]) -> Result<Self, TableError> {
        match out {
            None if json => Ok(Self::Json(names.to_vec(), BufWriter::new(std::io::stdout()))),
            path => TableWriter::create(path.unwrap_or("-"), names).map(Box::new).map(Self::Table),
        }
    }

    /// One more row.
    ///
    /// # Errors
    /// Where it cannot be written.
    pub fn write(&mut self, row: &[f64]) -> anyhow::Result<()> {
        match self {
            Self::Table(writer) => Ok(writer.write_row(row)?),
            Self::Json(names, out) => {
                let line: serde_json::Map<_, _> =
                    names.iter().cloned().zip(row.iter().map(|&v| number(v))).collect();
                writeln!(out, "{}", serde_json::Value::Object(line)).context(STDOUT)
            }
        }
    }

    /// The last row was written.
    ///
    /// # Errors
    /// Where the file cannot be completed; then there is none.
    pub fn finish(self) -> anyhow::Result<()> {
        match self {
            Self::Table(writer) => Ok(writer.finish()?),
            Self::Json(_, mut out) => out.flush().context(STDOUT),
        }
    }
}

/// Says how many rows went to a file; nothing where they went to standard output.
pub fn written(out: Option<&str>, rows: u64, json: bool) -> Outcome {
    match out {
        None => Ok(()),
        Some(path) => Ok(print(json, &serde_json::json!({"rows": rows, "out": path}), || {
            format!("{rows} rows in {path}")
        })?),
    }
}
