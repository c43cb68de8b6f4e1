//! Where and how exactly to compute.

use clap::{Args, ValueEnum};
use tissot::dtype::Precision;

/// `tissot devices`.
#[derive(Debug, Args)]
pub struct DevicesArgs {
    /// Run small flows on each device beside the CPU in f64: forward, inverse, log-densities, gradients, fifty training steps. Exit
    /// code 1 where one is off by more than it may be.
    #[arg(long)]
    pub check: bool,
}

/// Where and with how much to compute.
#[derive(Clone, Debug, Args)]
pub struct ComputeArgs {
    /// flex, ndarray, wgpu or cuda; `tissot devices` says which are here.
    #[arg(long, default_value = "flex")]
    pub device: String,
    /// Threads; all cores without it.
    #[arg(long)]
    pub threads: Option<usize>,
    /// How exactly to compute. By default rows are scored and mapped in f64 on CPU devices, whatever type the weights have; a fit is in
    /// f32, all else as the model.
    #[arg(long, value_enum)]
    pub precision: Option<PrecisionArg>,
}

/// Number types.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum PrecisionArg {
    /// Some 7 digits.
    F32,
    /// Some 16 digits.
    F64,
}

impl From<PrecisionArg> for Precision {
    fn from(arg: PrecisionArg) -> Self {
        match arg {
            PrecisionArg::F32 => Self::F32,
            PrecisionArg::F64 => Self::F64,
        }
    }
}
