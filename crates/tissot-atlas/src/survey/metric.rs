//! How long a step in a column is.

use super::subject::Entered;
use tissot::inspect::Metric;

/// For each value of rows of `d` columns in the user's units, `log` of the length of a step of 1 in its column.
pub(crate) fn log_lengths(metric: Metric, rows: &[f64], entered: &Entered, d: usize) -> Vec<f64> {
    let row = |(row, slopes): (&[f64], &[f64])| -> Vec<f64> {
        let plain: Vec<f64> = slopes.iter().map(|slope| slope.exp()).collect();
        let scales = metric.scales(row, &plain);
        slopes.iter().zip(scales).map(|(slope, scale)| slope - scale.ln()).collect()
    };
    rows.chunks(d).zip(entered.slopes.chunks(d)).flat_map(row).collect()
}

/// What a length is, in words that follow "lengths are measured in".
pub(crate) fn words(metric: Metric) -> &'static str {
    match metric {
        Metric::Standardised => "standard deviations of the columns",
        Metric::Units => "the columns' own units",
        Metric::Sphere { .. } => "radians on the sphere",
    }
}
