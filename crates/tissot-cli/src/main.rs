//! `tissot`: fit, score, sample and picture normalizing flows.

mod args;
mod commands;
mod device;
mod failure;
mod given;
mod model_images;
mod output;
mod parse;
mod picture;
mod prepare;
mod progress;
mod snapshots;
mod stop;

use args::Cli;
use failure::Failure;
use std::process::ExitCode;
use tissot_kernels::memory::Telling;

/// A run that cannot get memory says so.
#[global_allocator]
static MEMORY: Telling = Telling;

fn main() -> ExitCode {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !tissot::guard::panics_are_errors() {
            usual(panic);
        }
    }));
    let outcome = match Cli::read() {
        Ok(cli) => commands::run(cli),
        Err(error) => Failure::from_parser(&error),
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}
