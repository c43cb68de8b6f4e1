//! How much probability a density in one or two dimensions has in all: it must be 1.

use super::jacobian::host;
use crate::base::Base;
use crate::bijection::{Bijection, Context};
use crate::flow::Flow;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Points that go through the flow at a time.
const BLOCK: usize = 16_384;

/// How many standard deviations of the given points the grid reaches on either side of their mean.
const REACH: f64 = 300.0;

/// The integral of a density.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mass {
    /// The integral over the grid: 1 for a density, up to `error`.
    pub integral: f64,
    /// The integral over every second line of the grid less that over all of it: where it is not small, the density is
    /// finer than the grid and `integral` says nothing.
    pub error: f64,
    /// Lines of the grid along each axis.
    pub lines: usize,
}

/// The integral of a flow's density over its inputs, in one or two dimensions; `None` in more.
///
/// The trapezoidal rule on a grid even in `t`, `x = m + d sinh(t)` along each axis, with the mean `m` and the deviation `d`
/// of `points`: fine near them and out to 300 deviations. Its error falls exponentially with the number of lines where
/// a density is smooth (Trefethen and Weideman 2014), and as their number where it jumps, as at the end of a spline's
/// box. A circle is gone round once, evenly. With a context, its first row holds for the whole grid.
///
/// # Shapes
/// `points`: `[rows, features, ..]`, finite; `lines`: an odd number of at least 5, 401 is usual.
///
/// # Panics
/// Where there are no points or fewer lines, or the shapes do not fit the flow.
///
/// # Cost
/// `lines^features` evaluations of the density.
pub fn mass<const D: usize, T, B>(
    flow: &Flow<T, B>,
    points: &Tensor<D>,
    context: Context<'_>,
    lines: usize,
) -> Option<Mass>
where
    T: Bijection<D>,
    B: Base<D> + Module + ModuleDisplay,
{
    let mut shape = points.dims();
    let [rows, features] = [shape[0], shape[1..].iter().product()];
    assert!(rows > 0 && lines >= 5 && lines % 2 == 1, "{rows} points, {lines} lines: an odd number of lines");
    if features == 0 || features > 2 {
        return None;
    }
    let values = host(points.clone());
    let circles = flow.base.circles();
    let axes: Vec<Vec<(f64, f64)>> = (0..features)
        .map(|axis| {
            if let Some(circles) = circles.filter(|circles| circles.features.contains(&axis)) {
                return turn(circles.bound, lines);
            }
            let column = || values.iter().skip(axis).step_by(features);
            let mean = column().sum::<f64>() / rows as f64;
            let variance = column().map(|v| (v - mean).powi(2)).sum::<f64>() / rows as f64;
            line(mean, if variance > 0.0 { variance.sqrt() } else { 1.0 }, lines)
        })
        .collect();
    let cells: Vec<usize> = (0..lines.pow(features as u32)).collect();
    let (mut fine, mut coarse) = (0.0, 0.0);
    for block in cells.chunks(BLOCK) {
        let place = |cell: usize, axis: usize| if axis == 0 { cell % lines } else { cell / lines };
        let grid: Vec<f64> = block
            .iter()
            .flat_map(|&cell| (0..features).map(move |a| (cell, a)))
            .map(|(c, a)| axes[a][place(c, a)].0)
            .collect();
        shape[0] = block.len();
        let x = Tensor::<D>::from_data(
            TensorData::new(grid, shape),
            (&points.device().without_autodiff(), points.dtype()),
        );
        let first = context.features.map(|c| c.clone().narrow(0, 0, 1).repeat_dim(0, block.len()));
        let log_prob = host(flow.log_prob(x, Context { features: first.as_ref(), maps: None }));
        for (&cell, log_prob) in block.iter().zip(log_prob) {
            let weight: f64 = (0..features).map(|a| axes[a][place(cell, a)].1).product();
            let part = weight * log_prob.exp();
            fine += part;
            if (0..features).all(|a| place(cell, a) % 2 == 0) {
                coarse += part * 2.0_f64.powi(features as i32);
            }
        }
    }
    Some(Mass { integral: fine, error: coarse - fine, lines })
}

/// The places and weights of the lines along a circle; the first and the last are one place.
fn turn(bound: f64, lines: usize) -> Vec<(f64, f64)> {
    let last = lines - 1;
    let step = 2.0 * bound / last as f64;
    (0..lines)
        .map(|i| (i as f64 * step - bound, if i == 0 || i == last { 0.5 * step } else { step }))
        .collect()
}

/// The places and weights of the lines along one axis.
fn line(mean: f64, deviation: f64, lines: usize) -> Vec<(f64, f64)> {
    let half = (lines / 2) as f64;
    let step = REACH.asinh() / half;
    (0..lines)
        .map(|i| {
            let t = (i as f64 - half) * step;
            (mean + deviation * t.sinh(), deviation * t.cosh() * step)
        })
        .collect()
}
