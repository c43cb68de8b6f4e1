//! A Gaussian kernel of one bandwidth on every row.

use super::search::{Queries, golden_section, log_grid, log_sum_exp, square_distance};
use super::whitening::Whitening;
use super::{Baseline, BaselineError, LN_2PI};

/// Bandwidths that are tried, in standard deviations of the whitened rows.
const BANDWIDTHS: (f64, f64, usize) = (1e-4, 3.0, 24);

/// A Gaussian kernel density estimate with one bandwidth.
///
/// `p(x) = 1/n sum_j N(x; x_j, h^2 S)`, where `S` is the covariance of the rows or its diagonal, and `h` maximises the
/// leave-one-out log-likelihood (Duin, 1976), whichever `S` scores better. `h` is at least 1e-4, which keeps repeated
/// rows from giving an infinite density. Fitting costs about 40 sums over `min(n^2, 4e6)` pairs (at least 200 n), a
/// log-density `O(n d)`.
#[derive(Clone, Debug)]
pub struct KernelDensity {
    whitening: Whitening,
    full: bool,
    points: Vec<f64>,
    bandwidth: f64,
}

impl KernelDensity {
    /// Fits to row-major `rows` of `features` values each.
    ///
    /// # Errors
    /// [`BaselineError`] where the table is ragged, not finite or smaller than two rows, or where a column is constant.
    pub fn fit(rows: &[f64], features: usize) -> Result<Self, BaselineError> {
        let mut best: Option<(f64, Self)> = None;
        for (full, whitening) in super::whitenings(rows, features)? {
            let points = whitening.apply_all(rows);
            let queries = Queries::new(&points, features, 400);
            let score = |h: f64| leave_one_out(&queries, features, h) - whitening.log_det;
            let (low, high, count) = BANDWIDTHS;
            let coarse = log_grid(low, high, count).map(|h| (score(h), h));
            let Some((value, bandwidth)) = coarse.max_by(|a, b| a.0.total_cmp(&b.0)) else { continue };
            if best.as_ref().is_none_or(|(other, _)| value > *other) {
                best = Some((value, Self { whitening, full, points, bandwidth }));
            }
        }
        let Some((_, mut density)) = best else { return Err(BaselineError::Singular { column: 0 }) };
        let queries = Queries::new(&density.points, features, usize::MAX);
        let step = (BANDWIDTHS.1 / BANDWIDTHS.0).powf(1.0 / (BANDWIDTHS.2 - 1) as f64);
        let low = (density.bandwidth / step).max(BANDWIDTHS.0);
        (density.bandwidth, _) =
            golden_section(low, density.bandwidth * step, |h| leave_one_out(&queries, features, h));
        Ok(density)
    }

    /// The bandwidth `h`, in standard deviations.
    #[must_use]
    pub fn bandwidth(&self) -> f64 {
        self.bandwidth
    }
}

/// Mean leave-one-out log-density of the queries among the whitened rows.
fn leave_one_out(queries: &Queries, features: usize, h: f64) -> f64 {
    let scale = -0.5 / (h * h);
    let mean = queries.mean(|index, squares| {
        let others = squares[..index].iter().chain(&squares[index + 1..]);
        log_sum_exp(others.map(|square| scale * square)) - (squares.len() as f64 - 1.0).ln()
    });
    mean - features as f64 * (h.ln() + 0.5 * LN_2PI)
}

impl Baseline for KernelDensity {
    fn features(&self) -> usize {
        self.whitening.features()
    }

    fn log_density(&self, row: &[f64]) -> f64 {
        let (y, features) = (self.whitening.apply(row), self.features());
        let scale = -0.5 / (self.bandwidth * self.bandwidth);
        let points = self.points.chunks_exact(features);
        let count = points.len() as f64;
        let sum = log_sum_exp(points.map(|point| scale * square_distance(&y, point)));
        sum - count.ln() - features as f64 * (self.bandwidth.ln() + 0.5 * LN_2PI) - self.whitening.log_det
    }

    fn describe(&self) -> String {
        let shape = if self.full { "covariance" } else { "variances" };
        format!("kernel density, bandwidth {:.3} of the {shape}", self.bandwidth)
    }
}
