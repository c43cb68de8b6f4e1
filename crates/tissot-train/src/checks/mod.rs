//! What in a table keeps a density from existing, found before a flow is fitted to it.
//!
//! A flow's density is one with respect to volume. A column that is constant, copied or a linear combination of
//! others puts all rows on a plane, which has no volume: the likelihood grows without bound as training goes on.
//! Repeated values do the same more slowly, and a value on the bound of its domain is mapped to infinity. Each
//! finding says so in one line with the flag that mends it.

mod bounds;
mod dependence;
mod ties;
mod words;

use std::fmt;

use self::words::leave_out;

/// What was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FindingKind {
    /// A column has one value.
    Constant,
    /// A column repeats another.
    Copy,
    /// A column is a linear combination of others, up to a constant.
    Dependent,
    /// The table has a smaller rank than columns, or too few rows to tell.
    Rank,
    /// Values lie exactly on a bound of their column's domain.
    AtBound,
    /// Values lie outside of their column's domain.
    OutOfBounds,
    /// Many rows share a value with another row.
    Ties,
}

/// Whether a density can be fitted at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// There is no finite density.
    Error,
    /// There is one, but it may mislead.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// One thing that is wrong with a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// How bad it is.
    pub severity: Severity,
    /// The columns that it is about: first the one to change, then the others of the relation.
    pub columns: Vec<String>,
    /// One line: what was found, and the flag that mends it.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.severity, self.message)
    }
}

/// The finite rows of a table, column by column.
struct Table<'a> {
    names: &'a [String],
    rows: usize,
    columns: Vec<Vec<f64>>,
    integer: Vec<bool>,
}

impl Table<'_> {
    fn severity(&self, column: usize) -> Severity {
        if self.integer[column] { Severity::Warning } else { Severity::Error }
    }

    /// The only value of a constant column; values that differ by less than the rounding of a sum count as one.
    fn constant(&self, column: usize) -> Option<f64> {
        let values = &self.columns[column];
        let (low, high) = range(values);
        (high - low <= 4.0 * f64::EPSILON * low.abs().max(high.abs())).then(|| values[0])
    }
}

/// The smallest and the largest value.
fn range(values: &[f64]) -> (f64, f64) {
    values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), &v| (low.min(v), high.max(v)))
}

/// Looks for columns and values that keep a density from existing; errors come first.
///
/// `values` is row-major with one value for each of `columns`; rows with a value that is not finite are passed over.
/// `bounds` has `[lower, upper]` of each column's domain, or is empty where none is bounded; `integer` says which
/// columns are declared integer (so that noise is added to them), or is empty where none is.
///
/// * Constant, copied and linearly dependent columns are errors, unless the noise on an integer column breaks the
///   relation: then they are warnings. A column is dependent where the columns before it (integer ones last) leave less
///   than 1e-9 of its standard deviation, plus eight times the rounding of the values. Cost `O(rows columns^2)`.
/// * Values on a bound or outside are errors.
/// * Repeated values in a column that is not integer are a warning where there are at least 50 rows and more than
///   20 % of them share their value with another row.
///
/// A table with fewer than two finite rows has no findings.
///
/// # Panics
/// If `values` does not fill whole rows, or `bounds` or `integer` is neither empty nor of one entry a column.
#[must_use]
pub fn inspect_columns(
    columns: &[String],
    values: &[f64],
    bounds: &[[Option<f64>; 2]],
    integer: &[bool],
) -> Vec<Finding> {
    let count = columns.len();
    assert!(
        count > 0 && values.len().is_multiple_of(count),
        "{} values are no rows of {count}",
        values.len()
    );
    assert!([0, count].contains(&bounds.len()), "found {} bounds, expected {count} or none", bounds.len());
    assert!(
        [0, count].contains(&integer.len()),
        "found {} integer marks, expected {count} or none",
        integer.len()
    );
    let finite = values.chunks_exact(count).filter(|row| row.iter().all(|v| v.is_finite()));
    let mut table =
        Table { names: columns, rows: 0, columns: vec![Vec::new(); count], integer: integer.to_vec() };
    table.integer.resize(count, false);
    for row in finite {
        table.rows += 1;
        table.columns.iter_mut().zip(row).for_each(|(column, value)| column.push(*value));
    }
    if table.rows < 2 {
        return Vec::new();
    }
    let relations = dependence::relations(&table);
    let redundant = relations.redundant(&table);
    let mut findings = relations.findings(&table);
    for column in 0..count {
        let [lower, upper] = bounds.get(column).copied().unwrap_or_default();
        if !table.integer[column] {
            findings.extend(bounds::findings(&table, column, lower, upper, &redundant));
            findings.extend(ties::finding(&table, column, &redundant));
        }
    }
    findings.sort_by_key(|finding| finding.severity);
    findings
}

#[cfg(test)]
mod tests;
