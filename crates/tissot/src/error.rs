//! What can go wrong in the world outside: configurations, columns, files.

use std::path::PathBuf;

/// Everything that can go wrong in this crate for reasons outside the caller's code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A configuration that describes no flow.
    #[error("{}: found {}, expected {expected}", printable(what), printable(found))]
    Config {
        /// The place in the configuration, such as `layers[2].mask`.
        what: String,
        /// What stands there.
        found: String,
        /// What would be right.
        expected: String,
    },
    /// A file that is no model, or an altered one.
    #[error("{}: {}", path.display(), printable(what))]
    ModelFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// An array of another library's checkpoint that does not fit.
    #[error("{}: {array}: {what}", path.display())]
    Checkpoint {
        /// The file.
        path: PathBuf,
        /// The name of the array.
        array: String,
        /// What is wrong with it.
        what: String,
    },
    /// A file that cannot be read.
    #[error("{}: cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A file that cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// The text with control characters as escapes (`\\n`): what stands in a file makes no second line of a message, and writes
/// nothing else on a terminal.
///
/// ```
/// assert_eq!(tissot::printable("a\nb\u{1b}[2J é"), "a\\nb\\u{1b}[2J é");
/// ```
pub fn printable(text: &str) -> String {
    let mut printed = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter.is_control() {
            true => printed.extend(letter.escape_default()),
            false => printed.push(letter),
        }
    }
    printed
}

impl Error {
    /// A [`Error::Config`] of three texts.
    pub(crate) fn config(
        what: impl Into<String>,
        found: impl std::fmt::Display,
        expected: impl std::fmt::Display,
    ) -> Self {
        Self::Config { what: what.into(), found: found.to_string(), expected: expected.to_string() }
    }

    /// A [`Error::Checkpoint`].
    pub(crate) fn checkpoint(
        path: impl Into<PathBuf>,
        array: impl Into<String>,
        what: impl Into<String>,
    ) -> Self {
        Self::Checkpoint { path: path.into(), array: array.into(), what: what.into() }
    }

    /// The same error with the place where it stands: `layers[2].mask` of `mask` within `layers[2]`.
    pub(crate) fn within(self, place: &str) -> Self {
        match self {
            Self::Config { what, found, expected } => {
                Self::Config { what: format!("{place}.{what}"), found, expected }
            }
            other => other,
        }
    }
}
