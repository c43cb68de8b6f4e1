//! A Gaussian kernel on every row, as wide as the rows around it are sparse.

use rayon::prelude::*;

use super::search::{Queries, golden_section, log_grid, log_sum_exp, square_distance};
use super::whitening::Whitening;
use super::{Baseline, BaselineError, LN_2PI};

/// Neighbours that are tried.
const NEIGHBOURS: [usize; 8] = [1, 2, 3, 5, 8, 13, 21, 34];
/// Factors that are tried, times the distance to the neighbour.
const FACTORS: (f64, f64, usize) = (0.1, 6.0, 10);
/// The smallest distance to a neighbour that counts, in standard deviations.
const FLOOR: f64 = 1e-6;

/// A Gaussian kernel density estimate with a bandwidth for each row.
///
/// `p(x) = 1/n sum_j N(x; x_j, h_j^2 S)` with `h_j = c d_k(j)`: `d_k(j)` is the distance from row `j` to its `k`-th
/// neighbour (Breiman, Meisel and Purcell, 1977), and `S` the covariance of the rows or its diagonal.
/// `k`, `c` and `S` maximise the leave-one-out log-likelihood, in which a row that is left out is no neighbour
/// either. Rows that are repeated have neighbours at distance zero: such a distance counts as the smallest positive
/// one in the table, and as 1e-6 at least.
///
/// Fitting compares every two rows, `O(n^2 d)`, and takes about 180 sums over at most `min(n^2, 4e6)` pairs (at least
/// 200 n); a log-density costs `O(n d)`.
#[derive(Clone, Debug)]
pub struct AdaptiveKernelDensity {
    whitening: Whitening,
    full: bool,
    points: Vec<f64>,
    kernels: Vec<Kernel>,
    neighbours: usize,
    factor: f64,
}

/// A row's kernel before the common factor `c`: its exponent's scale `-1 / (2 h^2)` and `ln h`.
#[derive(Clone, Copy, Debug)]
struct Kernel {
    scale: f64,
    log_width: f64,
}

/// The kernel of a row, whether or not the row that is left out is among its neighbours.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    square: f64,
    without: Kernel,
    with: Kernel,
}

impl AdaptiveKernelDensity {
    /// Fits to row-major `rows` of `features` values each.
    ///
    /// # Errors
    /// [`BaselineError`] where the table is ragged, not finite or smaller than three rows, or where a column is
    /// constant.
    pub fn fit(rows: &[f64], features: usize) -> Result<Self, BaselineError> {
        let count = super::count_rows(rows, features)?;
        if count < 3 {
            return Err(BaselineError::TooFewRows { found: count, expected: 3 });
        }
        let mut best: Option<(f64, Vec<Candidate>, Self)> = None;
        for (full, whitening) in super::whitenings(rows, features)? {
            let points = whitening.apply_all(rows);
            let queries = Queries::new(&points, features, 700);
            let nearest =
                nearest_squares(&points, features, (NEIGHBOURS[NEIGHBOURS.len() - 1] + 1).min(count - 1));
            for neighbours in NEIGHBOURS.into_iter().filter(|k| k + 1 < count) {
                let candidates = candidates(&nearest, neighbours);
                for factor in log_grid(FACTORS.0, FACTORS.1, FACTORS.2) {
                    let value = leave_one_out(&queries, features, &candidates, factor) - whitening.log_det;
                    if best.as_ref().is_none_or(|(other, ..)| value > *other) {
                        let kernels = candidates.iter().map(|candidate| candidate.without).collect();
                        let (whitening, points) = (whitening.clone(), points.clone());
                        let density = Self { whitening, full, points, kernels, neighbours, factor };
                        best = Some((value, candidates.clone(), density));
                    }
                }
            }
        }
        let Some((_, candidates, mut density)) = best else {
            return Err(BaselineError::Singular { column: 0 });
        };
        let queries = Queries::new(&density.points, features, usize::MAX);
        let step = (FACTORS.1 / FACTORS.0).powf(1.0 / (FACTORS.2 - 1) as f64);
        let (low, high) = (density.factor / step, density.factor * step);
        let score = |factor| leave_one_out(&queries, features, &candidates, factor);
        (density.factor, _) = golden_section(low, high, score);
        Ok(density)
    }

    /// The neighbour `k` whose distance sets the bandwidths.
    #[must_use]
    pub fn neighbours(&self) -> usize {
        self.neighbours
    }

    /// The factor `c` on that distance.
    #[must_use]
    pub fn factor(&self) -> f64 {
        self.factor
    }
}

/// For each point the squared distances to its `count` nearest other points, in ascending order.
fn nearest_squares(points: &[f64], features: usize, count: usize) -> Vec<Vec<f64>> {
    let rows = points.par_chunks_exact(features).enumerate();
    rows.map(|(i, point)| {
        let others = points.chunks_exact(features).enumerate().filter(|&(j, _)| j != i);
        let mut squares: Vec<f64> = others.map(|(_, other)| square_distance(point, other)).collect();
        if count < squares.len() {
            squares.select_nth_unstable_by(count - 1, f64::total_cmp);
            squares.truncate(count);
        }
        squares.sort_unstable_by(f64::total_cmp);
        squares
    })
    .collect()
}

/// Kernels for one choice of `k`. Without one of its `k` nearest neighbours a row's `k`-th is the next one.
fn candidates(nearest: &[Vec<f64>], neighbours: usize) -> Vec<Candidate> {
    let positive = nearest.iter().map(|squares| squares[neighbours - 1]).filter(|square| *square > 0.0);
    let floor = positive.fold(f64::INFINITY, f64::min);
    let floor = if floor.is_finite() { floor.max(FLOOR * FLOOR) } else { FLOOR * FLOOR };
    let kernel = |square: f64| {
        let square = square.max(floor);
        Kernel { scale: -0.5 / square, log_width: 0.5 * square.ln() }
    };
    let row = |squares: &Vec<f64>| Candidate {
        square: squares[neighbours - 1],
        without: kernel(squares[neighbours - 1]),
        with: kernel(squares[neighbours]),
    };
    nearest.iter().map(row).collect()
}

/// Mean leave-one-out log-density of the queries among the whitened rows.
fn leave_one_out(queries: &Queries, features: usize, candidates: &[Candidate], factor: f64) -> f64 {
    let (d, shrink) = (features as f64, 1.0 / (factor * factor));
    let mean = queries.mean(|index, squares| {
        let others = squares.iter().zip(candidates).enumerate().filter(|&(j, _)| j != index);
        let terms = others.map(|(_, (&square, candidate))| {
            let kernel = if square <= candidate.square { candidate.with } else { candidate.without };
            shrink * kernel.scale * square - d * kernel.log_width
        });
        log_sum_exp(terms) - (squares.len() as f64 - 1.0).ln()
    });
    mean - d * (factor.ln() + 0.5 * LN_2PI)
}

impl Baseline for AdaptiveKernelDensity {
    fn features(&self) -> usize {
        self.whitening.features()
    }

    fn log_density(&self, row: &[f64]) -> f64 {
        let (y, features) = (self.whitening.apply(row), self.features());
        let (d, shrink) = (features as f64, 1.0 / (self.factor * self.factor));
        let points = self.points.chunks_exact(features).zip(&self.kernels);
        let sum = log_sum_exp(points.map(|(point, kernel)| {
            shrink * kernel.scale * square_distance(&y, point) - d * kernel.log_width
        }));
        let count = self.kernels.len() as f64;
        sum - count.ln() - d * (self.factor.ln() + 0.5 * LN_2PI) - self.whitening.log_det
    }

    fn describe(&self) -> String {
        let shape = if self.full { "covariance" } else { "variances" };
        let (k, c) = (self.neighbours, self.factor);
        format!("adaptive kernel density, {c:.2} times the distance to neighbour {k}, scaled by the {shape}")
    }
}
