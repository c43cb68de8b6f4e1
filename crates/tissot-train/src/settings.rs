//! How a flow is trained.

use crate::error::FitError;
use serde::{Deserialize, Serialize};
use tissot::dtype::Precision;

/// How the learning rate goes after the warm-up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Half a cosine, down to 0 at the end (Loshchilov and Hutter 2017).
    #[default]
    Cosine,
    /// The same to the end.
    Constant,
}

/// What to do about a loss or a gradient that is no number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NotFinite {
    /// Leave the step out; stop where it happens ten times in a row.
    #[default]
    Skip,
    /// Stop.
    Stop,
}

/// How a flow is trained; the defaults suit standardised tables, [`Settings::images`] images.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// All randomness of a run comes from it.
    pub seed: u64,
    /// Optimiser steps, at most.
    pub steps: u64,
    /// Minutes of training, at most; the schedule then follows whichever of steps and minutes is further on.
    pub minutes: Option<f64>,
    /// Rows a step.
    pub batch: usize,
    /// The learning rate after the warm-up.
    pub learning_rate: f64,
    /// How it goes on.
    pub schedule: Schedule,
    /// Steps in which it rises from 0.
    pub warmup: u64,
    /// Decoupled weight decay (AdamW, Loshchilov and Hutter 2019); 0 is Adam.
    pub weight_decay: f64,
    /// The largest norm of the whole gradient; larger ones are scaled down to it.
    pub clip: f64,
    /// The decay a step of the moving average of the weights that is validated and saved; 0 saves the weights themselves.
    pub ema: f64,
    /// Steps between validations; before the first there is one after 1, 2, 4, .. steps, since small tables are learned, and
    /// overlearned, in few.
    pub validate_every: u64,
    /// Validations without a better one before training stops; 0 never stops early.
    pub patience: u64,
    /// Steps between checkpoints, where a run folder is given.
    pub checkpoint_every: u64,
    /// What to do about a loss or a gradient that is no number.
    pub not_finite: NotFinite,
    /// Whether the gradient is computed layer by layer, each layer's activations anew (gradient checkpointing, Chen et al. 2016):
    /// a third more time for memory that hardly grows with depth. Gradients are the same to rounding.
    pub gradient_checkpointing: bool,
    /// How exactly it computes; f64 needs a CPU device.
    pub precision: Precision,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            seed: 0,
            steps: 4_000,
            minutes: None,
            batch: 256,
            learning_rate: 5e-3,
            schedule: Schedule::Cosine,
            warmup: 100,
            weight_decay: 0.0,
            clip: 5.0,
            ema: 0.99,
            validate_every: 100,
            patience: 15,
            checkpoint_every: 500,
            not_finite: NotFinite::Skip,
            gradient_checkpointing: false,
            precision: Precision::F32,
        }
    }
}

impl Settings {
    /// What suits images: batches of 32, a learning rate of 1e-3, and, since the loss is in nats a dimension, gradients
    /// clipped to the norm 1; a validation every 250 steps.
    pub fn images() -> Self {
        Self { batch: 32, learning_rate: 1e-3, clip: 1.0, validate_every: 250, ..Self::default() }
    }

    /// Refuses settings that make no sense.
    ///
    /// # Errors
    /// [`FitError::Setting`] for the first one.
    pub fn validate(&self) -> Result<(), FitError> {
        let check = |good: bool, name, found: f64, expected| {
            if good { Ok(()) } else { Err(FitError::Setting { name, found: found.to_string(), expected }) }
        };
        let positive = |v: f64| v > 0.0 && v.is_finite();
        check(self.steps > 0, "steps", self.steps as f64, "at least 1")?;
        check(self.minutes.is_none_or(positive), "minutes", self.minutes.unwrap_or(0.0), "a number above 0")?;
        check(self.batch > 0, "batch", self.batch as f64, "at least 1")?;
        check(positive(self.learning_rate), "learning_rate", self.learning_rate, "a number above 0")?;
        check(self.weight_decay >= 0.0, "weight_decay", self.weight_decay, "0 or more")?;
        check(self.clip > 0.0, "clip", self.clip, "a number above 0")?;
        check((0.0..1.0).contains(&self.ema), "ema", self.ema, "0 up to below 1")?;
        check(self.validate_every > 0, "validate_every", self.validate_every as f64, "at least 1")?;
        check(self.checkpoint_every > 0, "checkpoint_every", self.checkpoint_every as f64, "at least 1")
    }

    /// Whether the model is validated after so many steps.
    pub(crate) fn validates_after(&self, step: u64) -> bool {
        step.is_multiple_of(self.validate_every) || (step < self.validate_every && step.is_power_of_two())
    }

    /// The learning rate of step `step` (from 0), `progress` of the way through the run.
    pub(crate) fn rate(&self, step: u64, progress: f64) -> f64 {
        let warm = ((step + 1) as f64 / self.warmup.max(1) as f64).min(1.0);
        let decay = match self.schedule {
            Schedule::Constant => 1.0,
            Schedule::Cosine => 0.5 * (1.0 + (std::f64::consts::PI * progress.clamp(0.0, 1.0)).cos()),
        };
        self.learning_rate * warm * decay
    }
}
