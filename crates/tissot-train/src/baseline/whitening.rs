//! The affine map that gives rows mean zero and unit covariance, or just unit variances.

use super::BaselineError;

/// `y = L^-1 (x - mean)` with a lower triangular `L` whose product `L L^T` is the covariance, or its diagonal.
#[derive(Clone, Debug)]
pub(super) struct Whitening {
    mean: Vec<f64>,
    /// Row-major, `[features, features]`.
    factor: Vec<f64>,
    /// `ln |det L|`.
    pub log_det: f64,
}

impl Whitening {
    /// Mean and covariance of the rows (divided by their number), or only the covariance's diagonal.
    ///
    /// # Errors
    /// Where the table is too small, ragged or not finite, or a column is a linear combination of earlier ones.
    pub fn fit(rows: &[f64], features: usize, diagonal: bool) -> Result<Self, BaselineError> {
        let count = super::count_rows(rows, features)?;
        let mut mean = vec![0.0; features];
        for row in rows.chunks_exact(features) {
            mean.iter_mut().zip(row).for_each(|(m, v)| *m += v / count as f64);
        }
        let mut covariance = vec![0.0; features * features];
        let mut centred = vec![0.0; features];
        for row in rows.chunks_exact(features) {
            centred.iter_mut().zip(row.iter().zip(&mean)).for_each(|(c, (v, m))| *c = v - m);
            for i in 0..features {
                for j in if diagonal { i..=i } else { 0..=i } {
                    covariance[i * features + j] += centred[i] * centred[j] / count as f64;
                }
            }
        }
        let factor = cholesky(covariance, features, &mean)?;
        let log_det = (0..features).map(|i| factor[i * features + i].ln()).sum();
        Ok(Self { mean, factor, log_det })
    }

    pub fn features(&self) -> usize {
        self.mean.len()
    }

    /// Maps one row by forward substitution.
    ///
    /// # Panics
    /// If the row has another number of features.
    pub fn apply(&self, row: &[f64]) -> Vec<f64> {
        let features = self.features();
        assert_eq!(row.len(), features, "the row has {} features, expected {features}", row.len());
        let mut y = Vec::with_capacity(features);
        for i in 0..features {
            let factor = &self.factor[i * features..=i * features + i];
            let known: f64 = factor.iter().zip(&y).map(|(l, y)| l * y).sum();
            y.push((row[i] - self.mean[i] - known) / factor[i]);
        }
        y
    }

    /// Maps every row.
    pub fn apply_all(&self, rows: &[f64]) -> Vec<f64> {
        rows.chunks_exact(self.features()).flat_map(|row| self.apply(row)).collect()
    }
}

/// The lower triangular factor of a matrix given by its lower triangle.
///
/// A column counts as a combination of earlier ones where they leave less than 1e-12 of its variance, or where its
/// standard deviation is below the rounding of its mean.
fn cholesky(mut a: Vec<f64>, n: usize, mean: &[f64]) -> Result<Vec<f64>, BaselineError> {
    for j in 0..n {
        let variance = a[j * n + j];
        let known: f64 = a[j * n..j * n + j].iter().map(|v| v * v).sum();
        let rest = variance - known;
        let rounding = 4.0 * f64::EPSILON * mean[j].abs();
        if rest.is_nan() || rest <= (1e-12 * variance).max(rounding * rounding) {
            return Err(BaselineError::Singular { column: j });
        }
        let pivot = rest.sqrt();
        a[j * n + j] = pivot;
        for i in j + 1..n {
            let known: f64 = (0..j).map(|k| a[i * n + k] * a[j * n + k]).sum();
            a[i * n + j] = (a[i * n + j] - known) / pivot;
        }
    }
    Ok(a)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whitened_rows_have_unit_covariance() {
        let rows: Vec<f64> = (0..50)
            .flat_map(|i| {
                let (a, b) = (f64::from(i % 7), f64::from(i * i % 11));
                [100.0 + a, a + 2.0 * b, b - 3.0 * a + f64::from(i % 3)]
            })
            .collect();
        let whitening = Whitening::fit(&rows, 3, false).unwrap();
        let again = Whitening::fit(&whitening.apply_all(&rows), 3, false).unwrap();
        let identity = [1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0];
        for (found, expected) in again.factor.iter().zip(identity) {
            assert!((found - expected).abs() < 1e-12, "{:?}", again.factor);
        }
        assert!(again.mean.iter().all(|m| m.abs() < 1e-12) && again.log_det.abs() < 1e-12);
    }

    #[test]
    fn dependent_and_constant_columns_are_refused() {
        let rows: Vec<f64> = (0..20).flat_map(|i| [f64::from(i), 0.5 - 2.0 * f64::from(i)]).collect();
        assert_eq!(Whitening::fit(&rows, 2, false).unwrap_err(), BaselineError::Singular { column: 1 });
        assert!(Whitening::fit(&rows, 2, true).is_ok());
        let rows: Vec<f64> = (0..20).flat_map(|i| [0.1, f64::from(i)]).collect();
        assert_eq!(Whitening::fit(&rows, 2, true).unwrap_err(), BaselineError::Singular { column: 0 });
    }
}
