//! One Gaussian with full covariance.

use super::whitening::Whitening;
use super::{Baseline, BaselineError, LN_2PI};

/// The Gaussian with the mean and the full covariance of the rows: the flow that is only a linear layer.
///
/// `log p(x) = -1/2 |L^-1 (x - mean)|^2 - ln det L - d/2 ln 2 pi` with `L L^T` the covariance (divided by the number
/// of rows, the maximum of the likelihood). Fitting costs `O(rows d^2)`, a log-density `O(d^2)`.
#[derive(Clone, Debug)]
pub struct Gaussian {
    whitening: Whitening,
}

impl Gaussian {
    /// Fits to row-major `rows` of `features` values each.
    ///
    /// # Errors
    /// [`BaselineError`] where the table is ragged, not finite or smaller than two rows, or where a column is constant
    /// or a linear combination of earlier ones.
    pub fn fit(rows: &[f64], features: usize) -> Result<Self, BaselineError> {
        Ok(Self { whitening: Whitening::fit(rows, features, false)? })
    }
}

impl Baseline for Gaussian {
    fn features(&self) -> usize {
        self.whitening.features()
    }

    fn log_density(&self, row: &[f64]) -> f64 {
        let square: f64 = self.whitening.apply(row).iter().map(|y| y * y).sum();
        -0.5 * (square + row.len() as f64 * LN_2PI) - self.whitening.log_det
    }

    fn describe(&self) -> String {
        "Gaussian with full covariance".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use rand_distr::{Distribution, StandardNormal};

    use super::*;

    #[test]
    fn the_entropy_of_a_known_gaussian_is_recovered() {
        // x = (1 + 2 a, -5 + 3 a + 0.5 b): det of the covariance is (2 * 0.5)^2 = 1
        let mut rng = ChaCha8Rng::seed_from_u64(8);
        let rows: Vec<f64> = (0..20_000)
            .flat_map(|_| {
                let (a, b): (f64, f64) = (StandardNormal.sample(&mut rng), StandardNormal.sample(&mut rng));
                [1.0 + 2.0 * a, -5.0 + 3.0 * a + 0.5 * b]
            })
            .collect();
        let gaussian = Gaussian::fit(&rows, 2).unwrap();
        let entropy = 1.0 + LN_2PI;
        assert!((gaussian.mean_log_likelihood(&rows) + entropy).abs() < 0.03);
        // at the true mean the density is 1 / (2 pi)
        assert!((gaussian.log_density(&[1.0, -5.0]) + LN_2PI).abs() < 0.03);
        assert!((gaussian.log_density(&[3.0, -2.0]) + LN_2PI + 0.5).abs() < 0.05);
    }
}
