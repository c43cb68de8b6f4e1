//! Rows of data and the flow's geometry there.

use super::subject::{Entered, Walked};
use super::{Row, Stretched, round};
use tissot::inspect::LocalGeometry;
use tissot::inspect::jacobian::Jacobian;

/// Rows with what the flow does there.
pub(crate) struct Places<'a> {
    pub d: usize,
    pub rows: &'a [f64],
    pub entered: &'a Entered,
    pub walked: &'a Walked,
    /// Logarithms of the lengths of the metric.
    pub lengths: &'a [f64],
}

impl Places<'_> {
    /// `dy` of steps of length 1 in each column.
    pub fn steps(&self, k: usize) -> Vec<f64> {
        (k * self.d..(k + 1) * self.d).map(|i| (self.entered.slopes[i] - self.lengths[i]).exp()).collect()
    }

    /// The stretches and their directions in the metric, of the Jacobian in the model's units.
    pub fn geometry(&self, k: usize, jacobian: &Jacobian) -> LocalGeometry {
        in_metric(jacobian, &self.steps(k))
    }

    /// What is said of a row, but its number and its direction.
    pub fn row(&self, k: usize, measured: &LocalGeometry, [base, digits]: [f64; 2]) -> Row {
        let d = self.d;
        let span = k * d..(k + 1) * d;
        let columns: f64 = self.entered.slopes[span.clone()].iter().sum();
        let inside = self.walked.log_det(k) + columns;
        let log_det = inside - self.lengths[span.clone()].iter().sum::<f64>();
        let log_prob = if base.is_nan() { f64::NAN } else { base + inside };
        let nats = |v: f64| round::decimals(v, 4);
        Row {
            row: 0,
            values: self.rows[span.clone()].iter().map(|&v| round::digits(v, 6)).collect(),
            log_prob: nats(log_prob),
            base: nats(base),
            columns: nats(columns),
            layers: self.walked.log_dets.iter().map(|layer| nats(layer[k])).collect(),
            log_det: nats(log_det),
            most: Stretched::default(),
            stretches: measured.singular_values.iter().map(|&s| round::digits(s, 5)).collect(),
            digits: round::decimals(digits, 2),
        }
    }
}

/// The geometry of a Jacobian in the model's units, where `dy` of steps of length 1 are given.
pub(crate) fn in_metric(jacobian: &Jacobian, steps: &[f64]) -> LocalGeometry {
    let d = steps.len();
    let values = (0..d * d).map(|i| jacobian.values()[i] * steps[i % d]).collect();
    LocalGeometry::of(&Jacobian::new(d, d, values))
}
