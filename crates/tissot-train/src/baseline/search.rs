//! What both kernel densities share: sums of exponentials, squared distances, and the search for a bandwidth.

use rayon::prelude::*;

/// Terms that are smaller than the largest by this much in logarithm are left out (they weigh below 1e-13 of it).
const NEGLIGIBLE: f64 = 30.0;

/// `ln sum_i exp(a_i)` in one pass.
pub(super) fn log_sum_exp(terms: impl Iterator<Item = f64>) -> f64 {
    let (mut largest, mut sum) = (f64::NEG_INFINITY, 0.0_f64);
    for term in terms {
        if term > largest {
            sum = sum * (largest - term).exp() + 1.0;
            largest = term;
        } else if term > largest - NEGLIGIBLE {
            sum += (term - largest).exp();
        }
    }
    largest + sum.ln()
}

/// Squared Euclidean distance.
pub(super) fn square_distance(a: &[f64], b: &[f64]) -> f64 {
    let mut sum = 0.0;
    for i in 0..a.len() {
        let difference = a[i] - b[i];
        sum += difference * difference;
    }
    sum
}

/// Squared distances from some of the rows, evenly spread, to all of them.
#[derive(Debug)]
pub(super) struct Queries {
    /// The index of each query among the rows.
    pub indices: Vec<usize>,
    rows: usize,
    squares: Vec<f64>,
}

impl Queries {
    /// Takes at most `limit` of the rows, and fewer (but at least 200) where the distances would number above four
    /// million.
    pub fn new(points: &[f64], features: usize, limit: usize) -> Self {
        let rows = points.len() / features;
        let count = (4_000_000 / rows).max(200).min(limit).min(rows);
        let indices: Vec<usize> = (0..count).map(|i| i * rows / count).collect();
        let distances = indices.par_iter().flat_map_iter(|&i| {
            let query = &points[i * features..(i + 1) * features];
            points.chunks_exact(features).map(move |point| square_distance(query, point))
        });
        let squares = distances.collect();
        Self { indices, rows, squares }
    }

    /// The mean over the queries of `score(index, squared distances to all rows)`, the same for any number of threads.
    pub fn mean(&self, score: impl Fn(usize, &[f64]) -> f64 + Sync) -> f64 {
        let rows = self.squares.par_chunks_exact(self.rows).zip(&self.indices);
        let scores: Vec<f64> = rows.map(|(squares, &index)| score(index, squares)).collect();
        scores.iter().sum::<f64>() / scores.len() as f64
    }
}

/// `count` values from `low` to `high`, evenly spaced in logarithm.
pub(super) fn log_grid(low: f64, high: f64, count: usize) -> impl Iterator<Item = f64> {
    let step = (high / low).ln() / (count - 1) as f64;
    (0..count).map(move |i| low * (step * i as f64).exp())
}

/// Golden-section search for the maximum of `score` over `ln value` in `[ln low, ln high]`, to 1e-2 of the value.
///
/// Returns the best value seen and its score.
pub(super) fn golden_section(low: f64, high: f64, mut score: impl FnMut(f64) -> f64) -> (f64, f64) {
    const RATIO: f64 = 0.618_033_988_749_894_9;
    let (mut a, mut b) = (low.ln(), high.ln());
    let mut left = (b - RATIO * (b - a), 0.0);
    let mut right = (a + RATIO * (b - a), 0.0);
    left.1 = score(left.0.exp());
    right.1 = score(right.0.exp());
    while b - a > 1e-2 {
        if left.1 >= right.1 {
            b = right.0;
            right = left;
            left.0 = b - RATIO * (b - a);
            left.1 = score(left.0.exp());
        } else {
            a = left.0;
            left = right;
            right.0 = a + RATIO * (b - a);
            right.1 = score(right.0.exp());
        }
    }
    let best = if left.1 >= right.1 { left } else { right };
    (best.0.exp(), best.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn golden_section_finds_a_maximum_inside_and_at_an_end() {
        let (value, score) = golden_section(0.01, 10.0, |v| -(v.ln() - 0.7).powi(2));
        assert!((value.ln() - 0.7).abs() < 1e-2 && score > -1e-4, "{value} {score}");
        let (value, _) = golden_section(0.01, 10.0, |v| v);
        assert!(value > 9.9, "{value}");
    }

    #[test]
    fn log_sums_agree_with_the_definition() {
        let terms: [f64; 4] = [0.3, -2.0, 1.5, 1.4];
        let expected = terms.iter().map(|t| t.exp()).sum::<f64>().ln();
        assert!((log_sum_exp(terms.into_iter()) - expected).abs() < 1e-14);
        assert_eq!(log_sum_exp(std::iter::empty()), f64::NEG_INFINITY);
    }

    #[test]
    fn queries_are_spread_and_their_distances_are_right() {
        let points: Vec<f64> = (0..10).flat_map(|i| [f64::from(i), 1.0]).collect();
        let queries = Queries::new(&points, 2, 5);
        assert_eq!(queries.indices, [0, 2, 4, 6, 8]);
        let mean = queries.mean(|index, squares| (squares[index] + squares[9]).sqrt());
        assert_eq!(mean, 5.0);
    }
}
