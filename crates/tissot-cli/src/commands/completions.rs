//! `tissot completions`.

use crate::args::Cli;
use crate::failure::Outcome;
use crate::output;
use clap::CommandFactory;

/// Prints the script.
pub fn run(shell: clap_complete::Shell) -> Outcome {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "tissot", &mut script);
    Ok(output::print_bytes(&script)?)
}
