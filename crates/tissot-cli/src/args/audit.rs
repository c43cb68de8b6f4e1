//! What `tissot audit` can be given.

use super::{ComputeArgs, MissingArg};
use crate::parse::Limits;
use clap::Args;
use std::path::PathBuf;

/// `tissot audit`.
#[derive(Debug, Args)]
pub struct AuditArgs {
    /// The model's file.
    pub model: PathBuf,
    /// The table, with the model's columns by name, best of rows that did not train it; `-` is standard input. Without it
    /// the model's own samples are looked at: then nothing can be said of whether it fits.
    pub data: Option<String>,
    /// Other limits than the usual: NAME=VALUE, separated by commas, such as round_trip=1e-3,log_det=1e-6. The names are
    /// those of `thresholds` in --json.
    #[arg(long, default_value = "")]
    pub limit: Limits,
    /// Rows that are looked at, at most, evenly spaced in the table.
    #[arg(long, default_value_t = 4_096)]
    pub rows: usize,
    /// Rows with exact Jacobians, at most.
    #[arg(long, default_value_t = 256)]
    pub jacobians: usize,
    /// Samples that are drawn from the model.
    #[arg(long, default_value_t = 8_192)]
    pub samples: usize,
    /// The seed of the draws.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Rows that miss a value.
    #[arg(long, value_enum, default_value_t)]
    pub missing: MissingArg,
    /// Where to compute.
    #[command(flatten)]
    pub compute: ComputeArgs,
}
