//! What `tissot import` can be given.

use super::PrecisionArg;
use clap::Args;
use std::path::PathBuf;

/// `tissot import`.
#[derive(Debug, Args)]
pub struct ImportArgs {
    /// The checkpoint: safetensors, or what `torch.save(flow.state_dict(), FILE)` wrote.
    pub checkpoint: PathBuf,
    /// The file for the model.
    #[arg(long, short)]
    pub out: PathBuf,
    /// JSON with what names and shapes do not tell, such as {"bound": 3.0}; docs/import.md lists it all.
    #[arg(long)]
    pub architecture: Option<PathBuf>,
    /// What the names of the flow's arrays begin with, where the checkpoint holds others, too: "model.flow."
    #[arg(long)]
    pub prefix: Option<String>,
    /// Names for the columns; x1, x2, .. without them.
    #[arg(long, value_delimiter = ',')]
    pub columns: Vec<String>,
    /// Names for the context columns; c1, c2, .. without them.
    #[arg(long, value_delimiter = ',')]
    pub context: Vec<String>,
    /// The precision of the model; that of the checkpoint by default.
    #[arg(long, value_enum)]
    pub precision: Option<PrecisionArg>,
}
