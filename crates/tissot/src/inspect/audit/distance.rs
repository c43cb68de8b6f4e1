//! How far two distributions are apart, by the size of the difference.

use super::spread::sorted;

/// The largest difference of two samples' distribution functions (Kolmogorov 1933, Smirnov 1939), in probability.
pub(super) fn distance(a: &[f64], b: &[f64]) -> f64 {
    let (a, b) = (sorted(a.iter().copied()), sorted(b.iter().copied()));
    let (mut i, mut j, mut worst) = (0, 0, 0.0_f64);
    while i < a.len() && j < b.len() {
        let at = a[i].min(b[j]);
        // NaN compares with nothing: it is last in the order and ends the walk.
        if at.is_nan() || !(a[i] <= at || b[j] <= at) {
            break;
        }
        i += a[i..].iter().take_while(|v| **v <= at).count();
        j += b[j..].iter().take_while(|v| **v <= at).count();
        worst = worst.max((i as f64 / a.len() as f64 - j as f64 / b.len() as f64).abs());
    }
    worst
}

/// What chance alone may make of [`distance`] for samples of `n` and `m`, at most once in `1 / alpha` times:
/// `sqrt(ln(2 / alpha) / 2 (1 / n + 1 / m))` (Massart 1990, for two samples asymptotically).
pub(super) fn by_chance(n: usize, m: usize, alpha: f64) -> f64 {
    ((2.0 / alpha).ln() / 2.0 * (1.0 / n as f64 + 1.0 / m as f64)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_gap_is_found() {
        assert_eq!(distance(&[1.0, 2.0, 3.0, 4.0], &[1.0, 2.0, 3.0, 4.0]), 0.0);
        assert_eq!(distance(&[1.0, 2.0], &[3.0, 4.0]), 1.0);
        assert_eq!(distance(&[1.0, 2.0, 3.0, 4.0], &[2.5, 2.6]), 0.5);
        assert_eq!(distance(&[1.0, 1.0, 1.0, 2.0], &[1.0, 2.0, 2.0, 2.0]), 0.5);
        assert_eq!(distance(&[f64::NAN, 1.0], &[1.0, f64::NAN]), 0.0);
    }

    #[test]
    fn chance_shrinks_with_the_root_of_the_rows() {
        assert!((by_chance(100, 100, 0.05) - 0.192).abs() < 1e-3);
        assert!((by_chance(400, 400, 0.05) / by_chance(100, 100, 0.05) - 0.5).abs() < 1e-12);
    }
}
