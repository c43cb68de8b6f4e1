//! The laws of the Jacobian: 4, 10 and 16.

use super::case::Case;
use super::violation::{Law, Violation};
use crate::bijection::Bijection;
use crate::inspect::jacobian::{Jacobian, host};
use crate::layers::unit_tangents;

/// Law 4: `log_det = log |det J|`, `J` by automatic differentiation, its determinant by elimination in f64.
///
/// # Errors
/// A [`Violation`] of [`Law::LogDet`].
pub fn log_det_is_exact<const D: usize, B: Bijection<D>>(case: &Case<D, B>) -> Result<(), Violation> {
    let (_, log_det) = case.forward();
    let exact: Vec<f64> = case.derivatives.iter().map(|at| at.by_x.log_abs_det()).collect();
    case.agree(Law::LogDet, "log_det", &log_det, &exact)
}

/// Law 16: where the bijection has a rule for tangents ([`Bijection::push`]), it makes of the unit vectors the columns of
/// the Jacobian by automatic differentiation, and of `x` what `forward` does.
///
/// # Errors
/// A [`Violation`] of [`Law::Tangents`].
pub fn tangents_are_exact<const D: usize, B: Bijection<D>>(case: &Case<D, B>) -> Result<(), Violation> {
    let n = case.dimensions();
    let tangents = unit_tangents(case.batch(), n, &case.x);
    let Some((z, tangents)) = case.bijection.push(case.x.clone(), tangents, case.context()) else {
        return Ok(());
    };
    case.agree(Law::Tangents, "z", &host(z), &case.forward().0)?;
    let found = host(tangents.swap_dims(1, 2));
    let exact: Vec<f64> = case.derivatives.iter().flat_map(|at| at.by_x.values().to_vec()).collect();
    case.agree(Law::Tangents, "dz/dx", &found, &exact)
}

/// Which derivatives may differ from 0: one cell for each output (row) and input (column), events in memory order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    outputs: usize,
    inputs: usize,
    cells: Vec<bool>,
}

impl Allowed {
    /// The cells `(output, input)` for which `may` holds.
    pub fn from_fn(outputs: usize, inputs: usize, may: impl Fn(usize, usize) -> bool) -> Self {
        let cells = (0..outputs * inputs).map(|cell| may(cell / inputs, cell % inputs)).collect();
        Self { outputs, inputs, cells }
    }

    /// Every output may depend on every input.
    pub fn all(outputs: usize, inputs: usize) -> Self {
        Self::from_fn(outputs, inputs, |_, _| true)
    }

    /// Output `i` depends on input `i` alone.
    pub fn diagonal(n: usize) -> Self {
        Self::from_fn(n, n, |i, j| i == j)
    }

    /// Output `i` depends on inputs `0..=i`: autoregressive in the order of the features.
    pub fn triangular(n: usize) -> Self {
        Self::from_fn(n, n, |i, j| j <= i)
    }

    /// Whether output `i` may depend on input `j`.
    ///
    /// # Panics
    /// Outside the matrix.
    pub fn may(&self, i: usize, j: usize) -> bool {
        assert!(i < self.outputs && j < self.inputs, "cell ({i}, {j}) of {} x {}", self.outputs, self.inputs);
        self.cells[i * self.inputs + j]
    }
}

/// Law 10: derivatives that must be 0 are exactly 0 at every point, and those that may differ from 0 do so at one point
/// at least. `None` leaves a side unchecked.
///
/// # Errors
/// A [`Violation`] of [`Law::Structure`].
///
/// # Panics
/// Where a structure's size is not that of the derivatives, or a structure of a context is given and no context.
pub fn depends_as_allowed<const D: usize, B: Bijection<D>>(
    case: &Case<D, B>,
    by_x: Option<&Allowed>,
    by_context: Option<&Allowed>,
) -> Result<(), Violation> {
    if let Some(allowed) = by_x {
        let found: Vec<&Jacobian> = case.derivatives.iter().map(|at| &at.by_x).collect();
        structure(case, "dx", &found, allowed)?;
    }
    if let Some(allowed) = by_context {
        let found: Vec<&Jacobian> = case.derivatives.iter().filter_map(|at| at.by_context.as_ref()).collect();
        assert_eq!(found.len(), case.batch(), "a structure of the context needs a context");
        structure(case, "dc", &found, allowed)?;
    }
    Ok(())
}

fn structure<const D: usize, B: Bijection<D>>(
    case: &Case<D, B>,
    by: &str,
    found: &[&Jacobian],
    allowed: &Allowed,
) -> Result<(), Violation> {
    for jacobian in found {
        let sizes = [[jacobian.n(), jacobian.inputs()], [allowed.outputs, allowed.inputs]];
        assert_eq!(sizes[0], sizes[1], "the sizes of dz/{by} and of its structure");
    }
    for i in 0..allowed.outputs {
        for j in 0..allowed.inputs {
            // NaN is not 0 either.
            let nonzero = found.iter().position(|jacobian| jacobian.entry(i, j) != 0.0);
            match (allowed.may(i, j), nonzero) {
                (false, Some(sample)) => {
                    let entry = found[sample].entry(i, j);
                    let found = format!("dz_{i}/{by}_{j} = {entry:e} at sample {sample}");
                    return Err(case.broken(Law::Structure, found, "exactly 0"));
                }
                (true, None) => {
                    let found = format!("dz_{i}/{by}_{j} = 0 at all {} samples", case.batch());
                    return Err(case.broken(Law::Structure, found, "another value at one of them"));
                }
                _ => {}
            }
        }
    }
    Ok(())
}
