//! Whether the density sums to 1, in 1 and 2 dimensions.

use super::finding::{Finding, Kind};
use super::thresholds::Thresholds;
use serde::Serialize;

/// Cells of the grid along each side, by the number of dimensions.
const CELLS: [usize; 2] = [8_192, 512];

/// The probability on a grid of cells, in the flow's units.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mass {
    /// Cells along each side.
    pub cells: usize,
    /// The ends of each side.
    pub sides: Vec<[f64; 2]>,
    /// The sum of density times area.
    pub found: f64,
    /// The share of the model's own samples that are on the grid: what is expected.
    pub expected: f64,
    /// How much a grid of half as many cells a side differs: the grid's own error.
    pub grid_error: f64,
}

/// The sum over a grid around the samples (rows of `width` numbers), with `log_densities` of a table of points.
///
/// `None` in more than 2 dimensions.
pub(super) fn measure(
    samples: &[f64],
    width: usize,
    log_densities: impl Fn(Vec<f64>) -> Vec<f64>,
) -> Option<Mass> {
    let cells = *CELLS.get(width.checked_sub(1)?)?;
    let sides: Vec<[f64; 2]> = (0..width)
        .map(|k| {
            let values = samples.iter().skip(k).step_by(width).copied().filter(|v| v.is_finite());
            let (low, high) = crate::inspect::range(values);
            let margin = 0.25 * (high - low);
            [low - margin, high + margin]
        })
        .collect();
    if sides.iter().any(|[low, high]| !(low < high && (high - low).is_finite())) {
        return None;
    }
    let sum = |cells: usize| {
        let at = |side: [f64; 2], k: usize| side[0] + (side[1] - side[0]) * (k as f64 + 0.5) / cells as f64;
        let area: f64 = sides.iter().map(|side| (side[1] - side[0]) / cells as f64).product();
        let points = match width {
            1 => (0..cells).map(|k| at(sides[0], k)).collect(),
            _ => (0..cells * cells).flat_map(|k| [at(sides[0], k / cells), at(sides[1], k % cells)]).collect(),
        };
        log_densities(points).iter().map(|v| v.exp()).sum::<f64>() * area
    };
    let rows = samples.chunks(width);
    let n = rows.len();
    let inside = rows.filter(|row| row.iter().zip(&sides).all(|(v, side)| (side[0]..=side[1]).contains(v)));
    let expected = inside.count() as f64 / n.max(1) as f64;
    let found = sum(cells);
    Some(Mass { cells, found, expected, grid_error: (found - sum(cells / 2)).abs(), sides })
}

impl Mass {
    /// Whether the sum is off by more than the threshold and the grid's own error.
    pub(super) fn findings(&self, limits: &Thresholds) -> Vec<Finding> {
        let off = (self.found - self.expected).abs();
        if off <= limits.mass + 3.0 * self.grid_error {
            return Vec::new();
        }
        let message = format!(
            "the density sums to {:.4} on a grid that holds {:.4} of the model's samples, expected to agree within {} (the grid's own error is {:.4})",
            self.found, self.expected, limits.mass, self.grid_error
        );
        vec![Finding::whole(Kind::Mass, off, limits.mass, message)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_normal_sums_to_one_and_twice_a_normal_to_two() {
        for width in [1, 2] {
            let samples: Vec<f64> = (0..200 * width).map(|k| ((k * 7) % 13) as f64 - 6.0).collect();
            for (factor, findings) in [(1.0_f64, 0), (2.0, 1), (0.9, 1)] {
                let density = |points: Vec<f64>| {
                    points
                        .chunks(width)
                        .map(|p| {
                            let square: f64 = p.iter().map(|v| v * v).sum();
                            factor.ln() - 0.5 * square - width as f64 * 0.5 * std::f64::consts::TAU.ln()
                        })
                        .collect()
                };
                let mass = measure(&samples, width, density).unwrap();
                assert!((mass.found - factor).abs() < 1e-6, "{mass:?}");
                assert_eq!(mass.findings(&Thresholds::default()).len(), findings, "{mass:?}");
            }
        }
        assert_eq!(measure(&[0.0; 6], 3, |_| Vec::new()), None);
    }
}
