//! How the whole flow changes volume: its log-dets and its singular values.

use super::finding::{Finding, Kind};
use super::spread::{Spread, quantile, relative, sorted};
use super::thresholds::Thresholds;
use crate::inspect::jacobian::Jacobian;
use serde::Serialize;

/// The whole flow's exact Jacobians at some rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Volume {
    /// Rows with an exact Jacobian.
    pub rows: usize,
    /// The differences of the flow's log-dets from theirs, relative to `max(1, |log-det|)`.
    pub log_det: Spread,
    /// The least singular value at any of the rows: the latent moves so little for a step in the data.
    pub least: f64,
    /// The median over the rows of the least.
    pub median_least: f64,
    /// The median over the rows of the greatest.
    pub median_greatest: f64,
    /// The greatest singular value at any of the rows.
    pub greatest: f64,
    /// The ratios of the greatest to the least at a row.
    pub condition: Spread,
}

impl Volume {
    /// Of Jacobians with their singular values in decreasing order and the flow's own log-dets.
    pub(super) fn of(jacobians: &[Jacobian], singular: &[Vec<f64>], log_dets: &[f64]) -> Option<Self> {
        let ends = |k: fn(&[f64]) -> Option<&f64>| -> Vec<f64> {
            sorted(singular.iter().filter_map(|values| k(values).copied()))
        };
        let (greatest, least) = (ends(<[f64]>::first), ends(<[f64]>::last));
        if least.is_empty() {
            return None;
        }
        let off: Vec<f64> =
            log_dets.iter().zip(jacobians).map(|(found, j)| relative(*found, j.log_abs_det())).collect();
        let ratios: Vec<f64> = singular.iter().filter_map(|v| Some(v.first()? / v.last()?)).collect();
        Some(Self {
            rows: jacobians.len(),
            log_det: Spread::of(&off),
            least: least[0],
            median_least: quantile(&least, 0.5),
            median_greatest: quantile(&greatest, 0.5),
            greatest: greatest[greatest.len() - 1],
            condition: Spread::of(&ratios),
        })
    }

    /// What is beyond the thresholds.
    pub(super) fn findings(&self, limits: &Thresholds) -> Vec<Finding> {
        let mut found = Vec::new();
        let (error, limit) = (self.log_det.max, limits.log_det.max(limits.precision));
        if error > limit {
            let message = format!(
                "the log-det is off the exact Jacobian's by {error:.3e} (relative), expected at most {limit:.0e} ({} rows)",
                self.rows
            );
            found.push(Finding::whole(Kind::LogDet, error, limit, message));
        }
        let ratio = self.condition.max;
        if ratio > limits.condition {
            let message = format!(
                "at a row one direction is stretched {ratio:.1e} times as much as another, expected at most {:.0e}: f32 cannot hold both",
                limits.condition
            );
            found.push(Finding::whole(Kind::Condition, ratio, limits.condition, message));
        }
        found
    }
}
