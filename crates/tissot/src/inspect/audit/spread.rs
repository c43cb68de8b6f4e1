//! The distribution of an error over rows.

use serde::Serialize;

/// Quantiles of numbers, one a row. A NaN counts as infinite.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Spread {
    /// How many numbers.
    pub rows: usize,
    /// Half of them are at most this.
    pub median: f64,
    /// 90 % of them.
    pub q90: f64,
    /// 99 % of them.
    pub q99: f64,
    /// All of them.
    pub max: f64,
}

impl Spread {
    /// Of these numbers; zeros without any.
    pub fn of(values: &[f64]) -> Self {
        let sorted = sorted(values.iter().map(|v| if v.is_nan() { f64::INFINITY } else { *v }));
        if sorted.is_empty() {
            return Self::default();
        }
        let at = |p| quantile(&sorted, p);
        Self { rows: sorted.len(), median: at(0.5), q90: at(0.9), q99: at(0.99), max: at(1.0) }
    }
}

/// In increasing order.
pub(super) fn sorted(values: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut values: Vec<f64> = values.into_iter().collect();
    values.sort_unstable_by(f64::total_cmp);
    values
}

/// The least of the sorted numbers that a share `p` of them does not exceed.
pub(super) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let rank = (p * sorted.len() as f64).ceil() as usize;
    sorted[rank.clamp(1, sorted.len()) - 1]
}

/// `|a - b| / max(1, |b|)`; 0 where both are the same infinity.
pub(super) fn relative(a: f64, b: f64) -> f64 {
    if a == b { 0.0 } else { (a - b).abs() / b.abs().max(1.0) }
}

/// The largest relative difference of each row of `width` numbers.
pub(super) fn by_row(a: &[f64], b: &[f64], width: usize) -> Vec<f64> {
    let row = |(a, b): (&[f64], &[f64])| {
        a.iter()
            .zip(b)
            .map(|(a, b)| relative(*a, *b))
            .fold(0.0, |worst: f64, v| if v.is_nan() { f64::INFINITY } else { worst.max(v) })
    };
    a.chunks(width.max(1)).zip(b.chunks(width.max(1))).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_of_the_sorted_numbers() {
        let spread = Spread::of(&(1..=200).rev().map(f64::from).collect::<Vec<_>>());
        assert_eq!(
            (spread.rows, spread.median, spread.q90, spread.q99, spread.max),
            (200, 100.0, 180.0, 198.0, 200.0)
        );
        assert_eq!(Spread::of(&[1.0, f64::NAN]).max, f64::INFINITY);
        assert_eq!(Spread::of(&[]), Spread::default());
    }

    #[test]
    fn a_row_is_as_wrong_as_its_worst_number() {
        let found = by_row(&[1.0, 2.0, 100.0, 0.0, f64::NAN, 1.0], &[1.0, 2.5, 101.0, 0.0, 1.0, 1.0], 2);
        assert_eq!(found, [0.2, 1.0 / 101.0, f64::INFINITY]);
    }
}
