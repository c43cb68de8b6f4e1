//! Whether the books balance: layers against their total, the total against the exact Jacobian, the density against 1.

use super::jacobian::derivatives;
use super::ledger::Ledger;
use super::mass::{Mass, mass};
use crate::base::Base;
use crate::bijection::{Bijection, Context};
use crate::flow::Flow;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// Lines of the grid over which a density is integrated.
const LINES: usize = 401;

/// The largest difference between two accounts of the same number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The largest `|a - b| / max(1, |a|, |b|)`; NaN where a number is not one.
    pub largest: f64,
    /// The row where it is.
    pub row: usize,
    /// How many rows were compared.
    pub rows: usize,
}

impl Gap {
    /// Between two lists.
    ///
    /// # Panics
    /// Where their lengths differ.
    pub fn between(a: &[f64], b: &[f64]) -> Self {
        assert_eq!(a.len(), b.len(), "two accounts of the same rows");
        let gap =
            |(a, b): (&f64, &f64)| if a == b { 0.0 } else { (a - b).abs() / a.abs().max(b.abs()).max(1.0) };
        let worse = |best: (usize, f64), (row, gap): (usize, f64)| {
            if gap > best.1 || (gap.is_nan() && !best.1.is_nan()) { (row, gap) } else { best }
        };
        let (row, largest) = a.iter().zip(b).map(gap).enumerate().fold((0, 0.0), worse);
        Self { largest, row, rows: a.len() }
    }
}

/// Three accounts that must agree, with the numbers.
///
/// In f32 gaps of 1e-5 are rounding; on an f64 copy of the flow ([`Flow::to_dtype`]) they fall below 1e-10, and what
/// is left is an error of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    /// The sum of the layers' log-dets against that of the whole bijection.
    pub layers: Gap,
    /// The log-det of the whole bijection against `log |det J|` of its Jacobian by automatic differentiation.
    pub jacobian: Gap,
    /// The integral of the density, in one and two dimensions.
    pub mass: Option<Mass>,
}

impl Balance {
    /// Of a flow at the rows of a table.
    ///
    /// The Jacobian comes from reverse-mode differentiation alone, so that no rule of a layer's own can hide its error.
    /// Pass few rows (100 say much), and `flow.valid()` for a flow that is being trained.
    ///
    /// # Shapes
    /// `x`: `[rows, features]`, at least one row; context features `[rows, context]`.
    ///
    /// # Panics
    /// Where the shapes do not fit the flow, or there is no row.
    ///
    /// # Cost
    /// `features` forward and backward passes; in two dimensions 160,801 densities more.
    pub fn of<T, B>(flow: &Flow<T, B>, x: &Tensor<2>, context: Context<'_>) -> Self
    where
        T: Bijection<2>,
        B: Base<2> + Module + ModuleDisplay,
    {
        let ledger = Ledger::of_flow(flow, x, context);
        let sum = |row: usize| ledger.log_dets.iter().map(|layer| layer[row]).sum();
        let sums: Vec<f64> = (0..ledger.rows()).map(sum).collect();
        let features = flow.embed(context);
        let inside = Context { features: features.as_ref(), ..context };
        let exact: Vec<f64> =
            derivatives(&flow.bijection, x, inside).iter().map(|at| at.by_x.log_abs_det()).collect();
        Self {
            layers: Gap::between(&sums, &ledger.total),
            jacobian: Gap::between(&exact, &ledger.total),
            mass: mass(flow, x, context, LINES),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_names_its_row_and_a_nan_is_the_largest() {
        let gap = Gap::between(&[1.0, 2.0, 30.0], &[1.0, 2.5, 27.0]);
        assert_eq!((gap.row, gap.rows), (1, 3));
        assert!((gap.largest - 0.2).abs() < 1e-15);
        assert!(Gap::between(&[1.0, f64::NAN, 0.0], &[1.0, 1.0, 9.0]).largest.is_nan());
        assert_eq!(Gap::between(&[f64::NEG_INFINITY], &[f64::NEG_INFINITY]).largest, 0.0);
    }
}
