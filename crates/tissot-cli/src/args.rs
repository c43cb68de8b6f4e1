//! What can be typed.

mod audit;
mod compute;
mod export;
mod images;
mod import;
mod map;
mod model;

pub use audit::AuditArgs;
pub use compute::{ComputeArgs, DevicesArgs, PrecisionArg};
pub use export::ExportArgs;
pub use images::{DequantiseArg, ImageArgs};
pub use import::ImportArgs;
pub use map::{MapArgs, MetricArg};
pub use model::{SampleArgs, ScoreArgs, TransformArgs};

use crate::parse::{Domains, share};
use clap::{Args, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// What the exit codes mean.
const CODES: &str = "Exit codes:
  0    done, also when a run was asked to stop
  1    something was in the way: a file, the data, the disk, memory
  2    asked for something that makes no sense
  130  ended at once, by a second Ctrl-C
`tissot audit` answers with its code; its --help says how.";

/// Normalizing flows for tables and images: fit an exact density, score rows, draw new ones.
#[derive(Debug, Parser)]
#[command(name = "tissot", version, about, arg_required_else_help = true, propagate_version = true, after_help = CODES)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
    /// Print JSON for machines instead of text for people.
    #[arg(long, global = true)]
    pub json: bool,
}

impl Cli {
    /// What was typed. Numbers below 0 are numbers, no flags: whoever takes them says what is wrong with them.
    ///
    /// # Errors
    /// Where it makes no sense; and for help and version.
    pub fn read() -> Result<Self, clap::Error> {
        let number = |arg: clap::Arg| match arg.get_action().takes_values() && !arg.is_positional() {
            true => arg.allow_negative_numbers(true),
            false => arg,
        };
        let command = Self::command().mut_subcommands(|command| command.mut_args(number));
        Self::from_arg_matches(&command.try_get_matches()?)
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Fit a flow to the embedded earthquakes, compare it with other densities, draw it.
    Demo(DemoArgs),
    /// Fit a flow to a table or to images and write it to one file.
    Fit(Box<FitArgs>),
    /// The log-density of every row, and its percentile among the training rows; bits per dimension of every image.
    Score(ScoreArgs),
    /// Draw rows with the training table's columns and units, or images.
    Sample(SampleArgs),
    /// Rows to their latents, or back.
    Transform(TransformArgs),
    /// See what the Jacobian does: a report in one page, pictures, or numbers.
    Map(MapArgs),
    /// Whether a model's numbers can be trusted, on your rows and device: exit code 0 for yes, 1 for findings, 2 where it
    /// could not look.
    Audit(AuditArgs),
    /// A checkpoint of another library (nflows, zuko, normflows, FrEIA, FlowJAX) as a model: the same log-densities.
    Import(ImportArgs),
    /// A model's weights and description as safetensors, for PyTorch.
    Export(ExportArgs),
    /// What can be computed on here; with --check, whether the devices compute the same.
    Devices(DevicesArgs),
    /// What a model is, and how it was made.
    Info {
        /// The model's file.
        model: PathBuf,
    },
    /// A completion script for a shell.
    Completions {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// `tissot demo`.
#[derive(Debug, Args)]
pub struct DemoArgs {
    /// The folder for the model, the samples and the picture.
    #[arg(long, default_value = "tissot-demo")]
    pub out: PathBuf,
    /// The seed of the split, the weights and the samples.
    #[arg(long, default_value_t = 0)]
    pub seed: u64,
    /// Optimiser steps.
    #[arg(long)]
    pub steps: Option<u64>,
    /// Where to compute.
    #[command(flatten)]
    pub compute: ComputeArgs,
}

/// What to do with rows that miss a value.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub enum MissingArg {
    /// Leave them out, and say how many.
    Drop,
    /// Stop at the first.
    #[default]
    Error,
}

/// The architectures.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum FlowArg {
    /// Neural spline flow, autoregressive: the most exact density; the default for tables.
    Nsf,
    /// Neural spline flow with couplings: fast in both directions.
    NsfCoupling,
    /// Masked autoregressive flow.
    Maf,
    /// Inverse autoregressive flow: fast samples, slow densities.
    Iaf,
    /// Affine couplings.
    Realnvp,
    /// Additive couplings.
    Nice,
    /// Images: Glow, affine couplings after invertible 1x1 convolutions; the default for images.
    Glow,
    /// Images: Real NVP, couplings of pixels and of channels.
    RealnvpImage,
    /// Images: Glow with rational-quadratic splines.
    NsfImage,
}

/// What a flow does about heavy tails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum TailsArg {
    /// Nothing.
    #[default]
    None,
    /// Columns with heavy tails are transformed first.
    Transform,
    /// The base is a Student's t.
    StudentT,
}

/// How the test and validation rows are chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SplitArg {
    /// At random.
    Random,
    /// The last rows.
    Order,
    /// The latest rows, by the values of a column.
    Time(String),
    /// By the values of a column.
    Group(String),
}

impl std::str::FromStr for SplitArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.split_once(':') {
            None if text == "random" => Ok(Self::Random),
            None if text == "order" => Ok(Self::Order),
            Some(("group", column)) if !column.is_empty() => Ok(Self::Group(column.into())),
            Some(("time", column)) if !column.is_empty() => Ok(Self::Time(column.into())),
            _ => Err("expected random, order, time:COLUMN or group:COLUMN".into()),
        }
    }
}

/// `tissot fit`.
#[derive(Debug, Args)]
pub struct FitArgs {
    /// CSV, TSV or `;`-separated (also .gz), NPY or NPZ, `-` is standard input; or images: a folder, IDX, CIFAR-10, NPY, NPZ.
    pub data: String,
    /// The file for the model.
    #[arg(long, short)]
    pub out: PathBuf,
    /// The architecture.
    #[arg(long, value_enum)]
    pub flow: Option<FlowArg>,
    /// JSON with `flow` (a whole architecture, in place of --flow, --transforms, --hidden, --bins, --embed-context) and/or
    /// `settings` of the training (flags overrule them).
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// The columns that the density is over; all by default.
    #[arg(long, value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// The columns that it is conditioned on.
    #[arg(long, value_delimiter = ',')]
    pub context: Vec<String>,
    /// NAME=real|positive|integer|bounded(a,b)|periodic(a,b), separated by commas. nsf and nsf-coupling keep periodic columns on
    /// their circles; the other flows cut these at the largest gap.
    #[arg(long, default_value = "")]
    pub domain: Domains,
    /// Rows that miss a value.
    #[arg(long, value_enum, default_value_t)]
    pub missing: MissingArg,
    /// How validation and test rows are chosen: random; order (the last rows test, those before them validate);
    /// time:COLUMN (the same, by numbers or dates such as 2018-02-28T09:30); group:COLUMN (rows with one value, text or
    /// number, stay together). That column is none of the density's unless --columns or --context names it.
    #[arg(long, default_value = "random")]
    pub split: SplitArg,
    /// The share of rows that choose the best weights.
    #[arg(long, default_value_t = 0.1, value_parser = share)]
    pub validation: f64,
    /// The share of rows that nothing is chosen by; they are read once, at the end.
    #[arg(long, default_value_t = 0.1, value_parser = share)]
    pub test: f64,
    /// A file for the test rows, with the columns that the model has: for `tissot audit` and comparisons.
    #[arg(long)]
    pub test_out: Option<PathBuf>,
    /// All randomness comes from it; 0 by default.
    #[arg(long)]
    pub seed: Option<u64>,
    /// Passes over the training rows, at most.
    #[arg(long, conflicts_with = "steps")]
    pub epochs: Option<u64>,
    /// Optimiser steps, at most.
    #[arg(long)]
    pub steps: Option<u64>,
    /// Minutes of training, at most.
    #[arg(long)]
    pub minutes: Option<f64>,
    /// Rows a step.
    #[arg(long)]
    pub batch: Option<usize>,
    /// The learning rate.
    #[arg(long)]
    pub learning_rate: Option<f64>,
    /// How many transforms follow one another.
    #[arg(long)]
    pub transforms: Option<usize>,
    /// The widths of the networks' hidden layers.
    #[arg(long, value_delimiter = ',')]
    pub hidden: Option<Vec<usize>>,
    /// Bins of a spline.
    #[arg(long)]
    pub bins: Option<usize>,
    /// What a flow does about columns whose tails are powers: nothing (a note says where it should); a transform of these
    /// columns (Hickling and Prangle 2025); a Student's t base with learned degrees of freedom.
    #[arg(long, value_enum, default_value_t)]
    pub tails: TailsArg,
    /// Features of a learned embedding of the context, before everything that it conditions.
    #[arg(long)]
    pub embed_context: Option<usize>,
    /// Steps between checkpoints in MODEL.run/.
    #[arg(long)]
    pub checkpoint_every: Option<u64>,
    /// Trains with a third more time and far less memory: the activations of one layer at a time.
    #[arg(long)]
    pub gradient_checkpointing: bool,
    /// Keep the model at so many steps of the training, in MODEL.run/snapshots, for `tissot map`; 0 keeps none.
    #[arg(long, default_value_t = 0)]
    pub snapshots: usize,
    /// Go on from the last checkpoint in MODEL.run/.
    #[arg(long)]
    pub resume: bool,
    /// Where to compute.
    #[command(flatten)]
    pub compute: ComputeArgs,
    /// Of images only.
    #[command(flatten)]
    pub images: ImageArgs,
}
