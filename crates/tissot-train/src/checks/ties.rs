//! Repeated values in a column.

use super::words::{domain, number};
use super::{Finding, FindingKind, Severity, Table, leave_out};

/// The fewest rows for which ties are counted.
const LEAST_ROWS: usize = 50;
/// The share of rows with a repeated value above which it is reported.
const SHARE: f64 = 0.2;

/// Reports a column of which more than a fifth of the rows share their value with another row.
pub(super) fn finding(table: &Table, column: usize, redundant: &[bool]) -> Option<Finding> {
    if table.rows < LEAST_ROWS || table.constant(column).is_some() {
        return None;
    }
    let mut values = table.columns[column].clone();
    values.sort_unstable_by(f64::total_cmp);
    let groups = || values.chunk_by(|a, b| a == b);
    let tied: usize = groups().map(<[f64]>::len).filter(|len| *len > 1).sum();
    let share = tied as f64 / table.rows as f64;
    if share <= SHARE {
        return None;
    }
    let (most, times) =
        groups().map(|group| (group[0], group.len())).reduce(|a, b| if b.1 > a.1 { b } else { a })?;
    let name = &table.names[column];
    let grain = grain(&groups().map(|group| group[0]).collect::<Vec<f64>>());
    let without = leave_out(table, |i| i == column || redundant[i]);
    let remedy = match grain {
        _ if values.iter().all(|v| v.fract() == 0.0) => {
            format!("declare it with {}", domain(name, "integer"))
        }
        Some(grain) if (1.0 / grain).round() > 1.0 && ((1.0 / grain).round() * grain - 1.0).abs() < 1e-6 => {
            format!(
                "multiply it by {} and declare it with {}, or {without}",
                number((1.0 / grain).round(), 6),
                domain(name, "integer")
            )
        }
        _ => without,
    };
    let grid = grain.map(|grain| format!(", on a grid of {}", number(grain, 6))).unwrap_or_default();
    Some(Finding {
        kind: FindingKind::Ties,
        severity: Severity::Warning,
        columns: vec![name.clone()],
        message: format!(
            "column `{name}`: {:.0}% of {} rows share their value with another row (most often {}, {times} times){grid}: \
             the density can grow without bound there; {remedy}",
            100.0 * share,
            table.rows,
            number(most, 6)
        ),
    })
}

/// The smallest difference of ascending distinct values, if all differences are multiples of it.
fn grain(distinct: &[f64]) -> Option<f64> {
    let (first, last) = (*distinct.first()?, *distinct.last()?);
    // values that differ by the rounding of decimals count as one
    let rounding = 16.0 * f64::EPSILON * first.abs().max(last.abs());
    let differences = distinct.windows(2).map(|pair| pair[1] - pair[0]).filter(|d| *d > rounding);
    let smallest = differences.reduce(f64::min)?;
    // the whole range tells the grain more exactly than one difference does
    let grain = (last - first) / ((last - first) / smallest).round();
    let steps = distinct.iter().map(|v| (v - first) / grain);
    steps.into_iter().all(|step| (step - step.round()).abs() < 1e-3).then_some(grain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grains_are_found_in_rounded_decimals() {
        let tenths: Vec<f64> = (0..50).map(|i| -3.0 + 0.1 * f64::from(i * i % 37 + i)).collect();
        let mut tenths = tenths;
        tenths.sort_unstable_by(f64::total_cmp);
        assert!((grain(&tenths).unwrap() - 0.1).abs() < 1e-12);
        assert_eq!(grain(&[1.0, 6.0, 21.0]), Some(5.0));
        assert_eq!(grain(&[0.0, 1.0, 2.5]), None);
        assert_eq!(grain(&[3.0]), None);
    }
}
