//! What can go wrong while a flow is fitted.

use std::path::PathBuf;

/// Everything that can go wrong while a flow is fitted, for reasons outside the caller's code.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FitError {
    /// A configuration or a model file that does not work.
    #[error(transparent)]
    Flow(#[from] tissot::Error),
    /// Images that cannot be read.
    #[error(transparent)]
    Images(#[from] crate::images::ImageError),
    /// A table that cannot be fitted.
    #[error("{0}")]
    Data(String),
    /// A setting that makes no sense.
    #[error("{name}: found {found}, expected {expected}")]
    Setting {
        /// The setting.
        name: &'static str,
        /// What stands there.
        found: String,
        /// What would be right.
        expected: &'static str,
    },
    /// A loss or a gradient that is no number.
    #[error(
        "step {step}: the {what} is not finite, first in {layer}; a smaller --learning-rate usually mends it"
    )]
    NotFinite {
        /// The step.
        step: u64,
        /// Loss or gradient.
        what: &'static str,
        /// The layer in which it first appeared.
        layer: String,
    },
    /// A checkpoint that cannot be gone on from.
    #[error("{}: {}", path.display(), tissot::printable(what))]
    Checkpoint {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// A checkpoint of a run with another setting or another flow.
    #[error(
        "{}: it is of a run with other settings: {name}: found {found}, expected {expected}; repeat that run's, or start anew without --resume",
        path.display()
    )]
    OtherRun {
        /// The checkpoint.
        path: PathBuf,
        /// The setting, as in [`Settings`](crate::Settings), or a place in the flow, such as `flow.layers[2].bins`.
        name: String,
        /// What this run has.
        found: String,
        /// What the checkpoint's run has.
        expected: String,
    },
    /// A run's folder that another process holds.
    #[error("{}: {process} is training here; wait for its end, or give this run another folder", path.display())]
    InUse {
        /// The file that is locked.
        path: PathBuf,
        /// Who holds it, as far as it is known.
        process: String,
    },
    /// A file or folder that cannot be written.
    #[error("{}: cannot be written: {source}", path.display())]
    Write {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl FitError {
    /// A [`FitError::Write`] about `path`.
    pub(crate) fn write(path: &std::path::Path) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}
