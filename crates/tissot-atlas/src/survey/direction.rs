//! The direction that is stretched most, where there is one: well apart from the next, and the same nearby.

use super::metric::log_lengths;
use super::places::{Places, in_metric};
use super::subject::Subject;
use super::{Metric, Stretched, round};
use burn::module::ModuleDisplay;
use tissot::Bijection;
use tissot::inspect::jacobian::Jacobian;
use tissot::inspect::{LocalGeometry, SEPARATED};

/// How far a row's neighbours are: standard deviations, along the direction that is stretched most, to either side.
const NEAR: f64 = 0.1;
/// The least cosine between a direction, or a space, and the neighbours' for which it counts as the same.
const STEADY: f64 = 0.9;

/// The geometry at two neighbours of each row.
pub(crate) struct Beside(Vec<LocalGeometry>);

impl Beside {
    /// Neighbours of rows with a geometry.
    pub fn of<T: Bijection<2> + ModuleDisplay>(
        subject: &Subject<'_, T>,
        metric: Metric,
        contexts: &[f64],
        at: &Places<'_>,
        measured: &[LocalGeometry],
    ) -> Self {
        let (d, n) = (at.d, measured.len());
        let c = contexts.len() / n.max(1);
        let (mut y, mut context) = (Vec::with_capacity(2 * n * d), Vec::with_capacity(2 * n * c));
        for (k, measured) in measured.iter().enumerate() {
            let row = &at.entered.y[k * d..(k + 1) * d];
            let dy: Vec<f64> = match measured.right.first() {
                Some(v) => v.iter().zip(at.steps(k)).map(|(v, step)| v * step).collect(),
                None => vec![0.0; d],
            };
            let length = dy.iter().map(|v| v * v).sum::<f64>().sqrt().max(f64::MIN_POSITIVE);
            for side in [-NEAR, NEAR] {
                y.extend(row.iter().zip(&dy).map(|(y, dy)| y + side * dy / length));
                context.extend_from_slice(&contexts[k * c..(k + 1) * c]);
            }
        }
        let rows = subject.leave(&y);
        let entered = subject.enter(&rows);
        let lengths = log_lengths(metric, &rows, &entered, d);
        let steps: Vec<f64> = entered.slopes.iter().zip(&lengths).map(|(s, l)| (s - l).exp()).collect();
        let jacobians = subject.jacobians(&entered.y, &context);
        Self(jacobians.iter().zip(steps.chunks(d)).map(|(j, steps)| in_metric(j, steps)).collect())
    }

    /// The right singular vectors at the neighbours of a row.
    pub fn of_row(&self, k: usize) -> [&[Vec<f64>]; 2] {
        [0, 1].map(|side| self.0[2 * k + side].right.as_slice())
    }
}

/// The direction that is stretched most, or the space of those that are nearly equal or turn into one another nearby.
pub(crate) fn most(at: &LocalGeometry, beside: &[&[Vec<f64>]]) -> Stretched {
    let (s, right) = (&at.singular_values, &at.right);
    let d = right.len();
    let alignment = |m: usize| beside.iter().map(|other| cosine(&right[..m], other)).fold(1.0, f64::min);
    let apart = |m: usize| m == d || s[m - 1] > SEPARATED * s[m];
    let dimensions = (1..=d).find(|&m| apart(m) && (m == d || alignment(m) >= STEADY)).unwrap_or(d);
    let mut columns: Vec<f64> = if dimensions == 1 {
        right[0].clone()
    } else {
        let length = |j: usize| right[..dimensions].iter().map(|v| v[j] * v[j]).sum::<f64>().sqrt();
        (0..d).map(length).collect()
    };
    // A direction has no sign: its largest part is made positive.
    let largest = columns.iter().copied().fold(0.0, |m: f64, v| if v.abs() > m.abs() { v } else { m });
    columns.iter_mut().for_each(|v| *v = round::decimals(*v * largest.signum(), 3));
    Stretched { dimensions, columns, alignment: round::decimals(alignment(1.min(d)), 3) }
}

/// The cosine of the largest angle between the spaces of some orthonormal vectors and of as many others: the least singular
/// value of their products.
fn cosine(some: &[Vec<f64>], others: &[Vec<f64>]) -> f64 {
    let m = some.len();
    let Some(others) = others.get(..m) else { return 0.0 };
    let dot = |(a, b): (&Vec<f64>, &Vec<f64>)| a.iter().zip(b).map(|(a, b)| a * b).sum();
    let products = some.iter().flat_map(|a| others.iter().map(move |b| dot((a, b)))).collect();
    LocalGeometry::of(&Jacobian::new(m, m, products)).singular_values.last().copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(s: [f64; 3], right: [[f64; 3]; 3]) -> LocalGeometry {
        let j = (0..9).map(|i| s[i / 3] * right[i / 3][i % 3]).collect();
        LocalGeometry::of(&Jacobian::new(3, 3, j))
    }

    /// The first two axes turned by an angle within their plane.
    fn turned(angle: f64) -> [[f64; 3]; 3] {
        let (sin, cos) = angle.sin_cos();
        [[cos, sin, 0.0], [-sin, cos, 0.0], [0.0, 0.0, 1.0]]
    }

    #[test]
    fn nearly_equal_stretches_give_a_space() {
        let right = [[0.6, -0.8, 0.0], [0.8, 0.6, 0.0], [0.0, 0.0, 1.0]];
        let most = |s: [f64; 3]| most(&at(s, right), &[]);
        let one = most([3.0, 1.0, 0.9]);
        assert_eq!((one.dimensions, one.columns, one.alignment), (1, vec![-0.6, 0.8, -0.0], 1.0));
        let two = most([3.0, 2.9, 0.9]);
        assert_eq!((two.dimensions, two.columns), (2, vec![1.0, 1.0, 0.0]));
        assert_eq!(most([1.0, 1.0, 1.0]).dimensions, 3);
    }

    #[test]
    fn a_direction_that_turns_nearby_gives_a_space() {
        let here = at([3.0, 2.0, 0.5], turned(0.0));
        let with = |angle: f64| most(&here, &[&at([3.0, 2.0, 0.5], turned(angle)).right]);
        let (steady, turning) = (with(0.3), with(0.8));
        assert_eq!((steady.dimensions, steady.alignment), (1, 0.955));
        assert_eq!((turning.dimensions, turning.alignment), (2, 0.697));
        assert_eq!(turning.columns, vec![1.0, 1.0, 0.0]);
    }
}
