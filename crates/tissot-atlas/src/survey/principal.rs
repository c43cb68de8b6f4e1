//! The principal components of the data.

use serde::Serialize;
use tissot::inspect::LocalGeometry;
use tissot::inspect::jacobian::Jacobian;

/// The plane of the first two principal components of the data (Pearson 1901), in standardised columns.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Principal {
    /// The two directions, unit vectors: the share of each column.
    pub directions: [Vec<f64>; 2],
    /// The share of the data's variance that each explains.
    pub shares: [f64; 2],
}

impl Principal {
    /// Of standardised rows of `d` columns, row-major: the eigenvectors of their covariance with the largest eigenvalues.
    pub(crate) fn of(rows: &[f64], d: usize) -> Self {
        let n = (rows.len() / d) as f64;
        let mean: Vec<f64> =
            (0..d).map(|k| rows.iter().skip(k).step_by(d).sum::<f64>() / n.max(1.0)).collect();
        let mut covariance = vec![0.0; d * d];
        for row in rows.chunks(d) {
            for i in 0..d {
                let a = row[i] - mean[i];
                (0..d).for_each(|j| covariance[i * d + j] += a * (row[j] - mean[j]) / n);
            }
        }
        // Of a symmetric matrix without negative eigenvalues, the singular vectors are the eigenvectors.
        let found = LocalGeometry::of(&Jacobian::new(d, d, covariance));
        let total: f64 = found.singular_values.iter().sum();
        let signed = |k: usize| {
            let v = &found.right[k];
            let largest = v.iter().copied().fold(0.0, |m: f64, v| if v.abs() > m.abs() { v } else { m });
            v.iter().map(|v| v * largest.signum()).collect()
        };
        Self {
            directions: [signed(0), signed(1)],
            shares: [0, 1].map(|k| found.singular_values[k] / total.max(f64::MIN_POSITIVE)),
        }
    }

    /// Where a standardised row is, along both directions.
    pub(crate) fn place(&self, row: &[f64]) -> [f64; 2] {
        self.directions.each_ref().map(|e| e.iter().zip(row).map(|(e, y)| e * y).sum())
    }

    /// The row moved within the plane to a place.
    pub(crate) fn moved(&self, row: &[f64], to: [f64; 2]) -> Vec<f64> {
        let at = self.place(row);
        let [u, v] = [to[0] - at[0], to[1] - at[1]];
        let [first, second] = &self.directions;
        row.iter().zip(first.iter().zip(second)).map(|(y, (a, b))| y + u * a + v * b).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn components_of_a_tilted_sheet() {
        // Along (3, 4, 0)/5 with deviation 2, along (0, 0, 1) with 1, nothing across.
        let mut rows = Vec::new();
        for (a, b) in [(2.0, 1.0), (-2.0, 1.0), (2.0, -1.0), (-2.0, -1.0)] {
            rows.extend([0.6 * a, 0.8 * a, b]);
        }
        let found = Principal::of(&rows, 3);
        for (found, expected) in found.directions.iter().zip([[0.6, 0.8, 0.0], [0.0, 0.0, 1.0]]) {
            assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-12), "{found:?}");
        }
        assert!((found.shares[0] - 0.8).abs() < 1e-12 && (found.shares[1] - 0.2).abs() < 1e-12);
        let moved = found.moved(&[0.0, 0.0, 0.5], [5.0, -1.0]);
        assert!(moved.iter().zip([3.0, 4.0, -1.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{moved:?}");
    }
}
