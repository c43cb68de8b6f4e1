//! Values on a bound of their column's domain, or beyond it.

use super::words::{domain, number};
use super::{Finding, FindingKind, Severity, Table, leave_out, range};

/// How far a bound is moved away from the values, as a share of the domain's width.
const MARGIN: f64 = 0.01;

/// Reports values that are not strictly inside.
pub(super) fn findings(
    table: &Table,
    column: usize,
    lower: Option<f64>,
    upper: Option<f64>,
    redundant: &[bool],
) -> Vec<Finding> {
    let (values, name) = (&table.columns[column], &table.names[column]);
    let remedy = remedy(table, column, lower, upper, redundant);
    let sides = [("lower", "below", lower, 1.0), ("upper", "above", upper, -1.0)];
    let mut findings = Vec::new();
    for (side, beyond, bound, sign) in sides {
        let Some(bound) = bound else { continue };
        let at = values.iter().filter(|v| **v == bound).count();
        let out = values.iter().filter(|v| sign * (**v - bound) < 0.0).count();
        let cases = [
            (FindingKind::AtBound, at, "exactly on", "where the density is not finite"),
            (FindingKind::OutOfBounds, out, beyond, "where there is no density"),
        ];
        for (kind, count, place, reason) in cases.into_iter().filter(|case| case.1 > 0) {
            let (rows, bound) = (table.rows, number(bound, 9));
            findings.push(Finding {
                kind,
                severity: Severity::Error,
                columns: vec![name.clone()],
                message: format!(
                    "column `{name}`: {count} of {rows} values are {place} the {side} bound {bound}, {reason}; {remedy}"
                ),
            });
        }
    }
    findings
}

/// Wider bounds where there are two; where there is one, none at all.
fn remedy(
    table: &Table,
    column: usize,
    lower: Option<f64>,
    upper: Option<f64>,
    redundant: &[bool],
) -> String {
    let name = &table.names[column];
    match (lower, upper) {
        (Some(lower), Some(upper)) => {
            let (smallest, largest) = range(&table.columns[column]);
            let margin = MARGIN * (upper.max(largest) - lower.min(smallest));
            let low = if smallest <= lower { smallest - margin } else { lower };
            let high = if largest >= upper { largest + margin } else { upper };
            let bounded = format!("bounded({},{})", number(low, 9), number(high, 9));
            format!("widen the bounds with {}", domain(name, &bounded))
        }
        (Some(0.0), None) => {
            let without = leave_out(table, |i| i == column || redundant[i]);
            format!("drop {}, or {without}", domain(name, "positive"))
        }
        _ => leave_out(table, |i| i == column || redundant[i]),
    }
}
