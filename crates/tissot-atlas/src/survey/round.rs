//! Numbers for people: rounded, so that pages stay small.

/// Rounded to a number of decimals.
pub fn decimals(value: f64, decimals: i32) -> f64 {
    let scale = 10f64.powi(decimals);
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() { rounded } else { value }
}

/// Rounded to significant digits.
pub fn digits(value: f64, digits: i32) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    let exponent = value.abs().log10().floor() as i32;
    // Through text: no digit beyond those is left.
    format!("{value:.*e}", (digits - 1).max(0) as usize)
        .parse()
        .unwrap_or_else(|_| decimals(value, digits - 1 - exponent))
}

/// Quantiles by linear interpolation between order statistics; NaN without values. Values that are no number count as
/// the lowest.
pub fn quantiles(values: impl IntoIterator<Item = f64>, levels: &[f64]) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.into_iter().filter(|v| !v.is_nan()).collect();
    sorted.sort_by(f64::total_cmp);
    levels
        .iter()
        .map(|level| {
            let Some(last) = sorted.len().checked_sub(1) else { return f64::NAN };
            let place = level * last as f64;
            let (low, part) = (place as usize, place.fract());
            let (a, b) = (sorted[low], sorted[(low + 1).min(last)]);
            if part == 0.0 || a == b { a } else { a + part * (b - a) }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_and_decimals() {
        assert_eq!((digits(123_456.0, 3), digits(-0.001_234_5, 2)), (123_000.0, -0.0012));
        assert_eq!((decimals(1.234_56, 2), decimals(-0.005, 1)), (1.23, -0.0));
        assert!(digits(f64::NAN, 3).is_nan() && digits(f64::INFINITY, 3) == f64::INFINITY);
    }

    #[test]
    fn quantiles_interpolate() {
        assert_eq!(quantiles([3.0, 1.0, 2.0], &[0.0, 0.25, 0.5, 1.0]), [1.0, 1.5, 2.0, 3.0]);
        assert!(quantiles([f64::NAN], &[0.5])[0].is_nan());
    }
}
