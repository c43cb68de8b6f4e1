//! How a model came to be.

use serde::{Deserialize, Serialize};

/// How a model came to be: for people, and for percentiles.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Provenance {
    /// The version of this library that made it.
    pub version: String,
    /// The name of the table, without its folder.
    pub source: String,
    /// The name of the preset, or `custom`.
    pub preset: String,
    /// The seed of the run.
    pub seed: u64,
    /// Optimiser steps taken.
    pub steps: u64,
    /// Rows that trained it.
    pub train_rows: u64,
    /// Rows that chose the best weights.
    pub validation_rows: u64,
    /// Rows that nothing was chosen by.
    pub test_rows: u64,
    /// Mean log-density of the validation rows, in nats in the user's units.
    pub validation_log_prob: Option<f64>,
    /// Mean log-density of the test rows, in nats in the user's units, and its standard error.
    pub held_out: Option<(f64, f64)>,
    /// Quantiles 0, 1/n, .. 1 of the training rows' log-densities, in the user's units.
    pub train_quantiles: Vec<f64>,
    /// The settings of the training, as they were.
    pub settings: serde_json::Value,
}
