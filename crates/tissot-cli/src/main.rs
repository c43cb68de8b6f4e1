//! `tissot`: fit, score, sample and picture normalizing flows.

mod args;
mod commands;
mod device;
mod failure;
mod output;
mod parse;
mod picture;
mod prepare;
mod progress;

use args::Cli;
use clap::Parser;
use std::process::ExitCode;

fn main() -> ExitCode {
    match commands::run(Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
