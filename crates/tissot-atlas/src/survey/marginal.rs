//! The map of two directions with the others averaged over rows of data.

use super::cells::Cells;
use super::indicatrices::Pushed;
use super::plane::Plane;
use super::{Grid, Indicatrix, round};
use burn::module::ModuleDisplay;
use tissot::Bijection;

/// Cells along the longer side of the map.
const CELLS: usize = 72;
/// Rows whose Jacobians are averaged, at most.
const ELLIPSES: usize = 8;

/// Rows that the columns off the plane are averaged over.
pub(crate) struct Over<'a> {
    /// Rows in the user's units, row-major.
    pub rows: &'a [f64],
    /// Their context, one row each.
    pub context: &'a [f64],
}

/// A map that is averaged.
pub(crate) struct Averaged {
    pub log_density: Grid,
    pub log_det: Grid,
    pub indicatrices: Vec<Indicatrix>,
}

impl<T: Bijection<2> + ModuleDisplay> Plane<'_, T> {
    /// The plane averaged over rows `k` whose other coordinates are `r_k`:
    ///
    /// ```text
    /// p(u) = 1/K sum_k p(u | r_k),    p(u | r_k) = p(u, r_k) / sum over the map of p(u, r_k) du
    /// mean(g)(u) = sum_k w_k(u) g(u, r_k),    w_k(u) ~ p(u | r_k)
    /// ```
    ///
    /// Were the `r_k` drawn from the model, the first would be its marginal density on the map, and the second the
    /// expectation of `g` given `u`. Without a base all rows count alike.
    pub fn averaged(&self, over: &Over<'_>) -> Averaged {
        let d = self.d();
        let n = over.rows.len() / d;
        let c = over.context.len() / n.max(1);
        let planes: Vec<Plane<'_, T>> = (0..n)
            .map(|k| Plane {
                held: &over.rows[k * d..(k + 1) * d],
                context: &over.context[k * c..(k + 1) * c],
                ..self.clone()
            })
            .collect();
        let looked: Vec<Conditional> = planes.iter().map(Plane::conditional).collect();
        let cells = &looked[0].cells;
        let mut log_density = Vec::new();
        let mut log_det = Vec::new();
        for at in 0..cells.columns * cells.rows {
            let logs: Vec<f64> = looked.iter().map(|row| row.logs[at]).collect();
            let (total, weights) = softmax(&logs);
            log_density.push(round::decimals(total - (n as f64).ln(), 4));
            let counted = looked.iter().zip(&weights).filter(|(_, w)| **w > 0.0);
            let mean: f64 = counted.map(|(row, w)| w * row.cells.log_det_at(at)).sum();
            log_det.push(if total.is_finite() { round::decimals(mean, 4) } else { f64::NAN });
        }
        let norms: Vec<f64> = looked.iter().map(|row| row.norm).collect();
        Averaged {
            log_density: if self.subject.has_base() { cells.grid(log_density) } else { Grid::default() },
            log_det: cells.grid(log_det),
            indicatrices: averaged_ellipses(&planes, &norms),
        }
    }

    /// The density over the map's cells given the row's other coordinates.
    fn conditional(&self) -> Conditional {
        let cells = self.cells(CELLS, false);
        let (places, entered, walked) = (cells.columns * cells.rows, &cells.entered, &cells.walked);
        let logs = self.log_density_in_plane(entered, walked);
        let area = (self.x.to - self.x.from) * (self.y.to - self.y.from) / places as f64;
        let norm = softmax(&logs).0 + area.ln();
        Conditional { logs: logs.into_iter().map(|log| log - norm).collect(), norm, cells }
    }
}

/// What the flow does over the map through one row.
struct Conditional {
    cells: Cells,
    /// `log p(u | r)` of each cell.
    logs: Vec<f64>,
    /// The logarithm of the integral of `p(u, r)` over the map.
    norm: f64,
}

/// The ellipses of the mean squared stretches, `sum_k w_k J_k^T J_k`: the stretches of the Jacobians below one another, each
/// times the root of its weight.
fn averaged_ellipses<T: Bijection<2> + ModuleDisplay>(
    planes: &[Plane<'_, T>],
    norms: &[f64],
) -> Vec<Indicatrix> {
    let places = planes[0].lattice();
    let step = planes.len().div_ceil(ELLIPSES).max(1);
    let looked: Vec<(Pushed, f64)> =
        planes.iter().zip(norms).step_by(step).map(|(plane, norm)| (plane.pushed(&places), *norm)).collect();
    let at = |n: usize| {
        let logs: Vec<f64> = looked.iter().map(|(pushed, norm)| pushed.logs[n] - norm).collect();
        let (_, weights) = softmax(&logs);
        let stacked = |side: usize| {
            let counted = looked.iter().zip(&weights).filter(|(_, w)| **w > 0.0);
            counted
                .flat_map(|((pushed, _), w)| pushed.columns[n][side].iter().map(move |v| v * w.sqrt()))
                .collect()
        };
        let columns: [Vec<f64>; 2] = [stacked(0), stacked(1)];
        Indicatrix::of(places[n], &columns, looked[0].0.lengths[n], None)
    };
    (0..places.len()).filter_map(at).collect()
}

/// `log sum exp`, and each one's share; shares of 0 where none is finite.
pub(crate) fn softmax(logs: &[f64]) -> (f64, Vec<f64>) {
    let most = logs.iter().copied().filter(|v| !v.is_nan()).fold(f64::NEG_INFINITY, f64::max);
    if !most.is_finite() {
        return (f64::NEG_INFINITY, vec![0.0; logs.len()]);
    }
    let parts: Vec<f64> = logs.iter().map(|v| if v.is_nan() { 0.0 } else { (v - most).exp() }).collect();
    let sum: f64 = parts.iter().sum();
    (most + sum.ln(), parts.into_iter().map(|part| part / sum).collect())
}
