//! What of an axis is shown.

use super::{AxisKind, MapAxis, round};
use tissot::columns::{Columns, Domain};

/// What of a column is shown: where the data are with a margin, or the whole of a bounded domain that they fill.
pub(crate) fn of_column(columns: &Columns, rows: &[f64], k: usize, kind: AxisKind) -> MapAxis {
    let column = &columns.0[k];
    let values = rows.iter().skip(k).step_by(columns.len()).copied().filter(|v| v.is_finite());
    let bounds = match (kind, column.domain) {
        (AxisKind::Longitude, Domain::Periodic(a, b)) => Some((a, b)),
        (AxisKind::Longitude, _) => Some((-180.0, 180.0)),
        (AxisKind::Latitude, _) => Some((-90.0, 90.0)),
        (_, Domain::Bounded(a, b) | Domain::Periodic(a, b)) => Some((a, b)),
        (_, Domain::Positive) => Some((0.0, f64::INFINITY)),
        _ => None,
    };
    let [from, to] = shown(values, bounds);
    MapAxis { name: column.name.clone(), column: Some(k), from, to, kind }
}

/// Where values are, with a margin; all of the bounds where they fill more than half of them.
pub(crate) fn shown(values: impl Iterator<Item = f64>, bounds: Option<(f64, f64)>) -> [f64; 2] {
    let ends = round::quantiles(values, &[0.0, 0.005, 0.995, 1.0]);
    // One value far out does not make the rest a dot.
    let middle = (ends[2] - ends[1]).max(1e-9 * ends[0].abs().max(ends[3].abs())).max(1e-300);
    let (low, high) = (ends[0].max(ends[1] - 0.5 * middle), ends[3].min(ends[2] + 0.5 * middle));
    let margin = 0.08 * (high - low).max(middle);
    let (from, to) = match bounds {
        Some((a, b)) if high - low > 0.5 * (b - a) => (a, b),
        Some((a, b)) => ((low - margin).max(a), (high + margin).min(b)),
        None => (low - margin, high + margin),
    };
    [from, to].map(|v| round::digits(v, 4))
}
