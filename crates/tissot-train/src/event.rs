//! What happens during a fit, and what it gives.

use crate::beside::BesideGaussian;
use crate::error::FitError;
use tissot::Model;
use tissot::inspect::audit::Finding;

/// What happens during a fit. Log-densities are in nats a row, in the user's units; of images a bound, in nats an image.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Event {
    /// A step was taken.
    Step {
        /// Steps taken.
        step: u64,
        /// How far the run is, 0 to 1.
        progress: f64,
        /// The mean log-density of the batch.
        log_prob: f64,
        /// The norm of the gradient before it was clipped.
        norm: f64,
        /// The learning rate.
        rate: f64,
    },
    /// A step was left out.
    Skipped {
        /// Its number.
        step: u64,
        /// The layer in which a number first was none.
        layer: String,
    },
    /// The validation rows were scored.
    Validation {
        /// Steps taken.
        step: u64,
        /// Their mean log-density.
        log_prob: f64,
        /// Whether it is the best so far.
        best: bool,
    },
    /// A layer has gone bad, as the [quick audit](tissot::inspect::audit::quick) at a validation finds: at each one
    /// again, as long as it is so.
    Unhealthy {
        /// Steps taken.
        step: u64,
        /// What is wrong with the weights that were validated; at least one.
        findings: Vec<Finding>,
    },
}

impl Event {
    /// The log-density that the event tells, in nats a sample.
    pub fn log_prob(&self) -> Option<f64> {
        match self {
            Self::Step { log_prob, .. } | Self::Validation { log_prob, .. } => Some(*log_prob),
            Self::Skipped { .. } | Self::Unhealthy { .. } => None,
        }
    }
}

/// A log-density in nats a sample of so many numbers as bits for each of them: `-log_prob / (dimensions ln 2)`.
pub fn bits_per_dim(log_prob: f64, dimensions: usize) -> f64 {
    -log_prob / (dimensions as f64 * std::f64::consts::LN_2)
}

/// Why a fit ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Stop {
    /// It took all its steps.
    Finished,
    /// Its minutes were over before.
    Time,
    /// The validation did not get better any more.
    Early,
    /// It was asked to.
    Asked,
    /// A loss or a gradient was no number; the best weights before it were kept.
    NotFinite(FitError),
    /// Something was in the way: data that cannot be read any more, a full disk. The best weights before it were kept.
    Failed {
        /// What it was.
        error: FitError,
        /// The steps of the checkpoint that was written after it, to go on from; `None` where that could not be written either.
        checkpoint: Option<u64>,
    },
}

/// What a fit gives.
#[derive(Debug)]
pub struct Fitted {
    /// The best model.
    pub model: Model,
    /// Why it ended.
    pub stop: Stop,
    /// How it compares with one Gaussian of the training rows; `None` where there is none, or no rows to compare on.
    pub beside: Option<BesideGaussian>,
}
