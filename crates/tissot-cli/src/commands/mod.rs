//! One file a command.

mod audit;
mod completions;
mod demo;
mod devices;
mod export;
mod fit;
mod import;
mod info;
mod map;
mod sample;
mod score;
mod transform;

use crate::args::{Cli, Command};
use crate::failure::Outcome;

/// Runs what was typed.
pub fn run(cli: Cli) -> Outcome {
    let json = cli.json;
    match cli.command {
        Command::Demo(args) => demo::run(&args, json),
        Command::Fit(args) => fit::run(&args, json),
        Command::Score(args) => score::run(&args, json),
        Command::Sample(args) => sample::run(&args, json),
        Command::Transform(args) => transform::run(&args, json),
        Command::Map(args) => map::run(&args, json),
        Command::Audit(args) => audit::run(&args, json),
        Command::Import(args) => import::run(&args, json),
        Command::Export(args) => export::run(&args, json),
        Command::Devices(args) => devices::run(&args, json),
        Command::Info { model } => info::run(&model, json),
        Command::Completions { shell } => completions::run(shell),
    }
}
