//! What the commands can be given that use a model: score, sample, transform.

use super::{ComputeArgs, MissingArg};
use crate::parse::{Given, temperature};
use clap::Args;
use std::path::PathBuf;

/// `tissot score`.
#[derive(Debug, Args)]
pub struct ScoreArgs {
    /// The model's file.
    pub model: PathBuf,
    /// The table, with the model's columns by name, `-` is standard input; or the images.
    pub data: String,
    /// Draws of the noise for each image: more give a tighter bound; 1 by default.
    #[arg(long)]
    pub draws: Option<usize>,
    /// Resample images to the model's size, and make them grey where it is.
    #[arg(long)]
    pub resize: bool,
    /// The file for the scores; standard output without it.
    #[arg(long, short)]
    pub out: Option<String>,
    /// Rows that miss a value.
    #[arg(long, value_enum, default_value_t)]
    pub missing: MissingArg,
    /// Where to compute.
    #[command(flatten)]
    pub compute: ComputeArgs,
}

/// `tissot sample`.
#[derive(Debug, Args)]
pub struct SampleArgs {
    /// The model's file.
    pub model: PathBuf,
    /// How many rows or images.
    #[arg(short)]
    pub n: usize,
    /// A value for each context column: d=1.5,e=2.
    #[arg(long, default_value = "")]
    pub given: Given,
    /// The class of the images, by its name or number.
    #[arg(long)]
    pub class: Option<String>,
    /// Of images: below 1 they stay closer to the middle of the base; 1 by default.
    #[arg(long, value_parser = temperature)]
    pub temperature: Option<f64>,
    /// The seed of the draws.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// The file for the rows, standard output without it; for images a .png (a grid), a .npy or a folder.
    #[arg(long, short)]
    pub out: Option<String>,
    /// Where to compute.
    #[command(flatten)]
    pub compute: ComputeArgs,
}

/// `tissot transform`.
#[derive(Debug, Args)]
pub struct TransformArgs {
    /// The model's file.
    pub model: PathBuf,
    /// The table: the model's columns, or z1, z2, .. with --inverse; and the context columns.
    pub data: String,
    /// From latents to rows.
    #[arg(long)]
    pub inverse: bool,
    /// The file for the result; standard output without it.
    #[arg(long, short)]
    pub out: Option<String>,
    /// Where to compute.
    #[command(flatten)]
    pub compute: ComputeArgs,
}
