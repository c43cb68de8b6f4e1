//! `tissot`: fit, score, sample and picture normalizing flows.

mod args;
mod commands;
mod device;
mod failure;
mod given;
mod output;
mod parse;
mod picture;
mod prepare;
mod progress;
mod snapshots;

use args::Cli;
use clap::Parser;
use failure::Failure;
use std::process::ExitCode;

fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => commands::run(cli),
        Err(error) => Failure::from_parser(&error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
