//! How a command fails: one line for the user, one number for the caller.

use std::process::ExitCode;

/// Why a command ended without its result.
#[derive(Debug)]
pub enum Failure {
    /// It was asked for something that makes no sense: exit code 2.
    Usage(String),
    /// The world was in the way: exit code 1.
    Failed(anyhow::Error),
}

impl Failure {
    /// Prints it as one line and gives the exit code.
    pub fn report(self) -> ExitCode {
        match self {
            Self::Usage(message) => {
                eprintln!("error: {message}");
                ExitCode::from(2)
            }
            // Whoever read our output has heard enough: `tissot sample .. | head`.
            Self::Failed(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
            Self::Failed(error) => {
                eprintln!("error: {}", format!("{error:#}").replace('\n', " "));
                ExitCode::FAILURE
            }
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<std::io::Error>().is_some_and(|io| io.kind() == std::io::ErrorKind::BrokenPipe)
    })
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self::Failed(error.into())
    }
}

/// What a command gives.
pub type Outcome = Result<(), Failure>;
