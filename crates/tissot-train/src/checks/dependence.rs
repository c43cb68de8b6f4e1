//! Constant, copied and linearly dependent columns, by Gram-Schmidt on standardised columns.

use super::words::sum;
use super::{Finding, FindingKind, Severity, Table, leave_out};

/// What the earlier columns leave of a dependent one, in its standard deviations, before rounding is added.
const TOLERANCE: f64 = 1e-9;

/// A column in terms of others.
#[derive(Debug)]
enum Relation {
    Constant(f64),
    Copy(usize),
    Sum { members: Vec<(usize, f64)>, constant: f64, tolerance: f64 },
}

/// What holds between the columns of a table.
#[derive(Debug)]
pub(super) struct Relations {
    /// The redundant columns, in the order of the table.
    found: Vec<(usize, Relation)>,
    /// Whether there were too few rows to look for sums.
    too_few_rows: bool,
}

/// A centred column over its norm, made orthogonal to those before it.
struct Direction {
    column: usize,
    unit: Vec<f64>,
    /// The standardised column's components along this and the earlier directions.
    components: Vec<f64>,
}

/// A centred column's mean, norm, and the rounding of a value in units of the norm.
#[derive(Clone, Copy)]
struct Moments {
    mean: f64,
    norm: f64,
    rounding: f64,
}

/// Finds every column that the ones before it determine; integer columns come last, as noise makes them independent.
pub(super) fn relations(table: &Table) -> Relations {
    let count = table.names.len();
    let order = (0..count).filter(|&i| !table.integer[i]).chain((0..count).filter(|&i| table.integer[i]));
    let (mut found, mut kept) = (Vec::new(), Vec::new());
    for column in order {
        if let Some(value) = table.constant(column) {
            found.push((column, Relation::Constant(value)));
        } else if let Some(&twin) = kept.iter().find(|&&other| table.columns[other] == table.columns[column])
        {
            found.push((column, Relation::Copy(twin)));
        } else {
            kept.push(column);
        }
    }
    let too_few_rows = table.rows <= kept.len();
    if !too_few_rows {
        let moments: Vec<Moments> = table.columns.iter().map(|values| moments(values)).collect();
        let mut basis: Vec<Direction> = Vec::new();
        for column in kept {
            match expand(table, column, &moments, &basis) {
                Ok(direction) => basis.push(direction),
                Err(relation) => found.push((column, relation)),
            }
        }
    }
    found.sort_by_key(|(column, _)| *column);
    Relations { found, too_few_rows }
}

fn moments(values: &[f64]) -> Moments {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let norm = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>().sqrt();
    let largest = values.iter().fold(0.0_f64, |largest, v| largest.max(v.abs()));
    Moments { mean, norm, rounding: f64::EPSILON * largest * n.sqrt() / norm }
}

/// The new direction that a column adds to the basis, or the column as a sum of the basis's columns.
fn expand(
    table: &Table,
    column: usize,
    moments: &[Moments],
    basis: &[Direction],
) -> Result<Direction, Relation> {
    let Moments { mean, norm, rounding } = moments[column];
    let mut unit: Vec<f64> = table.columns[column].iter().map(|v| (v - mean) / norm).collect();
    let mut components = vec![0.0; basis.len()];
    for _ in 0..2 {
        // twice is enough (Giraud et al., 2005)
        for (direction, component) in basis.iter().zip(&mut components) {
            let along: f64 = direction.unit.iter().zip(&unit).map(|(a, b)| a * b).sum();
            unit.iter_mut().zip(&direction.unit).for_each(|(u, d)| *u -= along * d);
            *component += along;
        }
    }
    let rest = unit.iter().map(|u| u * u).sum::<f64>().sqrt();
    let weights = back_substitute(basis, &components);
    let roundings = basis.iter().zip(&weights).map(|(d, weight)| weight.abs() * moments[d.column].rounding);
    let tolerance = (TOLERANCE + 8.0 * (rounding + roundings.sum::<f64>())).min(0.01);
    if rest > tolerance {
        unit.iter_mut().for_each(|u| *u /= rest);
        components.push(rest);
        return Ok(Direction { column, unit, components });
    }
    let smallest = (10.0 * tolerance).max(1e-7);
    let mut members: Vec<(usize, f64)> = Vec::new();
    let (mut constant, mut size) = (mean, mean.abs());
    for (direction, weight) in basis.iter().zip(&weights).filter(|(_, weight)| weight.abs() > smallest) {
        let other = moments[direction.column];
        let coefficient = weight * norm / other.norm;
        constant -= coefficient * other.mean;
        size += (coefficient * other.mean).abs();
        members.push((direction.column, coefficient));
    }
    members.sort_by_key(|(column, _)| *column);
    let deviation = norm / (table.rows as f64).sqrt();
    if constant.abs() <= smallest * deviation + 1e-12 * size {
        constant = 0.0;
    }
    Err(Relation::Sum { members, constant, tolerance })
}

/// Solves for the weights of the standardised columns whose sum has these components.
fn back_substitute(basis: &[Direction], components: &[f64]) -> Vec<f64> {
    let mut weights = components.to_vec();
    for i in (0..basis.len()).rev() {
        weights[i] /= basis[i].components[i];
        for j in 0..i {
            weights[j] -= weights[i] * basis[i].components[j];
        }
    }
    weights
}

impl Relations {
    /// Which columns must be left out, integer ones excepted.
    pub(super) fn redundant(&self, table: &Table) -> Vec<bool> {
        let mut redundant = vec![false; table.names.len()];
        for (column, _) in &self.found {
            redundant[*column] = !table.integer[*column];
        }
        redundant
    }

    pub(super) fn findings(&self, table: &Table) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.found.iter().map(|found| self.finding(table, found)).collect();
        let count = table.names.len();
        if self.too_few_rows {
            findings.push(Finding {
                kind: FindingKind::Rank,
                severity: Severity::Warning,
                columns: table.names.to_vec(),
                message: format!(
                    "{} rows cannot show which of {count} columns depend on others, expected more rows than columns: \
                     keep fewer columns with `--columns`",
                    table.rows
                ),
            });
        } else if !self.found.is_empty() {
            let severity = self.found.iter().map(|(column, _)| table.severity(*column)).min();
            let severity = severity.unwrap_or(Severity::Warning);
            let rank = count - self.found.len();
            findings.push(Finding {
                kind: FindingKind::Rank,
                severity,
                columns: self.found.iter().map(|(column, _)| table.names[*column].clone()).collect(),
                message: format!(
                    "the {count} columns have the numerical rank {rank} (tolerance {TOLERANCE:e}), expected {count}: {}",
                    self.remedy(table, severity)
                ),
            });
        }
        findings
    }

    /// A warning's remedy leaves out integer columns too.
    fn remedy(&self, table: &Table, severity: Severity) -> String {
        let bad = |i: &usize| severity == Severity::Warning || !table.integer[*i];
        let left_out: Vec<usize> = self.found.iter().map(|(column, _)| *column).filter(bad).collect();
        leave_out(table, |i| left_out.contains(&i))
    }

    fn finding(&self, table: &Table, (column, relation): &(usize, Relation)) -> Finding {
        let name = |i: usize| table.names[i].as_str();
        let this = name(*column);
        let mut columns = vec![this.to_owned()];
        let (kind, fact) = match relation {
            Relation::Constant(value) => {
                (FindingKind::Constant, format!("column `{this}` is {value} in all {} rows", table.rows))
            }
            Relation::Copy(twin) => {
                columns.push(name(*twin).to_owned());
                (FindingKind::Copy, format!("column `{this}` is a copy of column `{}`", name(*twin)))
            }
            Relation::Sum { members, constant, tolerance } => {
                columns.extend(members.iter().map(|(i, _)| name(*i).to_owned()));
                let members: Vec<(&str, f64)> = members.iter().map(|(i, v)| (name(*i), *v)).collect();
                let formula = sum(&members, *constant);
                let fact =
                    format!("column `{this}` is {formula} to {tolerance:.0e} of its standard deviation");
                (FindingKind::Dependent, fact)
            }
        };
        let severity = table.severity(*column);
        let reason = match severity {
            Severity::Error => "such rows have no density",
            Severity::Warning => "only the noise added to integers gives it a density",
        };
        Finding {
            kind,
            severity,
            columns,
            message: format!("{fact}: {reason}; {}", self.remedy(table, severity)),
        }
    }
}
