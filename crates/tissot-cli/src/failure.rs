//! How a command fails: one line for the user, one number for the caller.

use clap::error::ErrorKind;
use std::io::Write;
use std::process::ExitCode;
use tissot_train::table::TableError;

/// Why a command ended without its result.
#[derive(Debug)]
pub enum Failure {
    /// It was asked for something that makes no sense: exit code 2.
    Usage(String),
    /// The world was in the way: exit code 1.
    Failed(anyhow::Error),
    /// It did what it was asked for, and the answer is no: exit code 1, and all has been said.
    Answered,
}

impl Failure {
    /// Prints it as one line and gives the exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Self::Usage(message) => {
                say(&format!("error: {}", one_line(&message)));
                ExitCode::from(2)
            }
            Self::Answered => ExitCode::FAILURE,
            // Whoever read our output has heard enough: `tissot sample .. | head`.
            Self::Failed(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
            Self::Failed(error) => {
                say(&format!("error: {}", one_line(&chain(&error))));
                ExitCode::FAILURE
            }
        }
    }

    /// As wrong use, exit code 2: for commands whose 1 is an answer.
    #[must_use]
    pub fn no_answer(self) -> Self {
        match self {
            Self::Failed(error) if !is_broken_pipe(&error) => Self::Usage(chain(&error)),
            other => other,
        }
    }

    /// What the parser of the command line found: help and version are printed, a mistake is one line.
    pub fn from_parser(error: &clap::Error) -> Outcome {
        match error.kind() {
            ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => Ok(error.print()?),
            ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => error.exit(),
            _ => {
                let text = error.to_string();
                // The usage and the hint at --help follow in paragraphs of their own.
                let ends = ["\n\nUsage:", "\n\nFor more information"];
                let end = ends.iter().filter_map(|end| text.find(end)).min().unwrap_or(text.len());
                let message = in_words(text[..end].trim_start_matches("error: "));
                Err(Self::Usage(format!("{message}; --help lists what can be given")))
            }
        }
    }
}

/// What Rust says of numbers that are none, as what was expected.
fn in_words(message: &str) -> String {
    let whole = "expected a whole number, 0 or more";
    [
        ("invalid digit found in string", whole),
        ("cannot parse integer from empty string", whole),
        ("number too large to fit in target type", "expected a smaller number"),
        ("invalid float literal", "expected a number"),
        ("cannot parse float from empty string", "expected a number"),
    ]
    .iter()
    .fold(message.to_owned(), |told, (rust, words)| told.replace(rust, words))
}

/// Prints a line for people on standard error; where that cannot be written there is nobody to tell.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// All in one line.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// An error and its causes, without those that the error before already tells.
fn chain(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told.as_str() {
        "" => cause,
        _ if told.contains(&cause) => told,
        _ => format!("{told}: {cause}"),
    })
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |io: &std::io::Error| io.kind() == std::io::ErrorKind::BrokenPipe;
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(broken)
            || matches!(cause.downcast_ref(), Some(TableError::Write { reason, .. }) if broken(reason))
    })
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What a command gives.
pub type Outcome = Result<(), Failure>;
