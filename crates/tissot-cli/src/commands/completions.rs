//! `tissot completions`.

use crate::args::Cli;
use crate::failure::Outcome;
use clap::CommandFactory;
use std::io::Write;

/// Prints the script.
pub fn run(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tissot", &mut script);
    Ok(std::io::stdout().lock().write_all(&script)?)
}
