//! Densities that need no training loop: what a flow must beat on the same rows.
//!
//! All take and give plain `f64` on the host; log-densities are in nats, in the units of the rows as given.

mod adaptive;
mod gaussian;
mod kernel;
mod search;
mod whitening;

use std::fmt::Debug;

use rayon::prelude::*;

pub use self::adaptive::AdaptiveKernelDensity;
pub use self::gaussian::Gaussian;
pub use self::kernel::KernelDensity;
use self::whitening::Whitening;

/// `ln 2 pi`.
const LN_2PI: f64 = 1.837_877_066_409_345_6;

/// A density that was fitted to rows.
pub trait Baseline: Debug + Send + Sync {
    /// The number of values in a row.
    fn features(&self) -> usize;

    /// The log-density of one row in nats.
    ///
    /// # Panics
    /// If the row has another number of features than the rows of the fit.
    fn log_density(&self, row: &[f64]) -> f64;

    /// What it is and what the fit chose, in one line.
    fn describe(&self) -> String;

    /// The mean log-density of row-major `rows` in nats; rows are shared among threads, and the result does not
    /// depend on their number.
    ///
    /// # Panics
    /// If the number of values is no multiple of the number of features. No rows have the mean `NaN`.
    fn mean_log_likelihood(&self, rows: &[f64]) -> f64 {
        let features = self.features();
        assert!(rows.len().is_multiple_of(features), "{} values are no rows of {features}", rows.len());
        let scores: Vec<f64> = rows.par_chunks_exact(features).map(|row| self.log_density(row)).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    }
}

/// Why a baseline cannot be fitted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BaselineError {
    /// The values do not fill whole rows.
    #[error("found {values} values, expected whole rows of {features} features")]
    Ragged {
        /// The number of values.
        values: usize,
        /// The number of features.
        features: usize,
    },
    /// There are too few rows.
    #[error("found {found} rows, expected at least {expected}")]
    TooFewRows {
        /// The number of rows.
        found: usize,
        /// The least number of rows.
        expected: usize,
    },
    /// A value is infinite or not a number.
    #[error("row {row}, column {column} (both from 0) is not a finite number")]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
    },
    /// The covariance cannot be inverted.
    #[error(
        "column {column} (from 0) is constant or a linear combination of the columns before it, expected a covariance \
         of full rank: leave the column out"
    )]
    Singular {
        /// The column, from 0.
        column: usize,
    },
}

/// The number of rows of a finite table with at least two.
fn count_rows(rows: &[f64], features: usize) -> Result<usize, BaselineError> {
    if features == 0 || !rows.len().is_multiple_of(features) {
        return Err(BaselineError::Ragged { values: rows.len(), features });
    }
    if let Some(at) = rows.iter().position(|value| !value.is_finite()) {
        return Err(BaselineError::NotFinite { row: at / features, column: at % features });
    }
    let found = rows.len() / features;
    if found < 2 { Err(BaselineError::TooFewRows { found, expected: 2 }) } else { Ok(found) }
}

/// The two shapes that a kernel may have: the variances (`false`), and the full covariance (`true`) where it is
/// regular.
fn whitenings(rows: &[f64], features: usize) -> Result<Vec<(bool, Whitening)>, BaselineError> {
    let mut shapes = vec![(false, Whitening::fit(rows, features, true)?)];
    if features > 1 {
        shapes.extend(Whitening::fit(rows, features, false).ok().map(|whitening| (true, whitening)));
    }
    Ok(shapes)
}

#[cfg(test)]
mod tests;
