//! The flow over the cells of a grid.

use super::subject::{Entered, Subject, Walked};
use super::{Grid, round};
use burn::module::ModuleDisplay;
use tissot::Bijection;

/// The flow over the cells of a grid.
pub(crate) struct Cells {
    pub columns: usize,
    pub rows: usize,
    pub entered: Entered,
    pub walked: Walked,
    /// Logarithms of the lengths of the metric.
    pub lengths: Vec<f64>,
}

impl Cells {
    pub fn grid(&self, values: Vec<f64>) -> Grid {
        Grid { columns: self.columns, rows: self.rows, values }
    }

    /// Values of cells, rounded; NaN outside the columns' domains.
    pub fn values(&self, value: impl Fn(usize) -> f64) -> Grid {
        let cell = |n: usize| if self.entered.inside[n] { round::decimals(value(n), 4) } else { f64::NAN };
        self.grid((0..self.columns * self.rows).map(cell).collect())
    }

    fn sum(&self, of: &[f64], n: usize) -> f64 {
        let d = of.len() / self.entered.inside.len();
        of[n * d..(n + 1) * d].iter().sum()
    }

    /// `log |det J|` in the metric.
    pub fn log_det(&self) -> Grid {
        self.values(|n| self.log_det_at(n))
    }

    /// The same of one cell.
    pub fn log_det_at(&self, n: usize) -> f64 {
        self.log_det_in_units(n) - self.sum(&self.lengths, n)
    }

    /// The log-det's part of the log-density in the user's units.
    pub fn log_det_in_units(&self, n: usize) -> f64 {
        self.walked.log_det(n) + self.sum(&self.entered.slopes, n)
    }

    /// `log p`, in the user's units; empty without a base.
    pub fn log_density<T: Bijection<2> + ModuleDisplay>(
        &self,
        subject: &Subject<'_, T>,
        context: &[f64],
    ) -> Grid {
        match subject.log_base(&self.walked.z, context) {
            Some(base) => self.values(|n| base[n] + self.log_det_in_units(n)),
            None => Grid::default(),
        }
    }
}
