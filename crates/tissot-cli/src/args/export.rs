//! What `tissot export` can be given.

use clap::Args;
use std::path::PathBuf;

/// `tissot export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// The model's file.
    pub model: PathBuf,
    /// The safetensors file to write.
    #[arg(long, short)]
    pub out: PathBuf,
}
