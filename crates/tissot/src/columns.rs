//! The columns of a table and their units: domains and standardisation, in f64 on the host, log-dets counted.

use crate::error::Error;
use rand::{Rng, RngExt};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// How far inside its bounds a value on a bound is put, as a share of the range: a density has no value there.
const INSIDE: f64 = 1e-6;

/// Which values a column can have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Domain {
    /// Any number: `y = x`.
    #[default]
    Real,
    /// Numbers above 0: `y = log x`.
    Positive,
    /// Numbers between two bounds `a` and `b`: `y = log((x - a) / (b - x))`.
    Bounded(f64, f64),
    /// Numbers on a circle from `a` to `b`, where they meet: `y = (x - cut) mod (b - a)`. It is cut at the largest gap, or,
    /// where the flow knows circles, at `a`, which then is a place like the others: see [`Columns::on_circles`].
    Periodic(f64, f64),
    /// Whole numbers: `y = x + u`, `u` uniform on `[0, 1)`; a likelihood is then a lower bound (Theis et al. 2016).
    Integer,
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Real => f.write_str("real"),
            Self::Positive => f.write_str("positive"),
            Self::Bounded(a, b) => write!(f, "bounded({a},{b})"),
            Self::Periodic(a, b) => write!(f, "periodic({a},{b})"),
            Self::Integer => f.write_str("integer"),
        }
    }
}

impl FromStr for Domain {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::config(
                "domain",
                format!("'{text}'"),
                "real, positive, integer, bounded(a,b) or periodic(a,b), a < b",
            )
        };
        let (name, bounds) = match text.trim().split_once('(') {
            None => (text.trim(), None),
            Some((name, rest)) => {
                let (a, b) =
                    rest.strip_suffix(')').and_then(|rest| rest.split_once(',')).ok_or_else(wrong)?;
                let number = |text: &str| text.trim().parse::<f64>().ok().filter(|v| v.is_finite());
                let (a, b) = number(a).zip(number(b)).filter(|(a, b)| a < b).ok_or_else(wrong)?;
                (name.trim(), Some((a, b)))
            }
        };
        match (name, bounds) {
            ("real", None) => Ok(Self::Real),
            ("positive", None) => Ok(Self::Positive),
            ("integer" | "count", None) => Ok(Self::Integer),
            ("bounded", Some((a, b))) => Ok(Self::Bounded(a, b)),
            ("periodic", Some((a, b))) => Ok(Self::Periodic(a, b)),
            _ => Err(wrong()),
        }
    }
}

/// One column: its name, its domain, and the shift and scale that standardise it.
///
/// `z = (y - mean) / std` of the domain's `y`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Column {
    /// As in the table's header.
    pub name: String,
    /// Its values.
    #[serde(default)]
    pub domain: Domain,
    /// Where a periodic column is cut; 0 otherwise.
    #[serde(default)]
    pub cut: f64,
    /// The mean of `y`.
    pub mean: f64,
    /// The standard deviation of `y`, above 0.
    pub std: f64,
}

impl Column {
    /// The domain's map alone: `y` and `log dy/dx` in user units; `None` where the density is 0, outside the domain.
    ///
    /// A value exactly on a bound is put inside by 1e-6 of the range.
    pub fn unbounded(&self, x: f64, uniform: impl FnOnce() -> f64) -> Option<(f64, f64)> {
        match self.domain {
            _ if !x.is_finite() => None,
            Domain::Real => Some((x, 0.0)),
            Domain::Positive if x < 0.0 => None,
            Domain::Positive => {
                let y = x.max(f64::MIN_POSITIVE).ln();
                Some((y, -y))
            }
            Domain::Bounded(a, b) if x < a || x > b => None,
            Domain::Bounded(a, b) => {
                let u = ((x - a) / (b - a)).clamp(INSIDE, 1.0 - INSIDE);
                Some((u.ln() - (-u).ln_1p(), -(u.ln() + (-u).ln_1p() + (b - a).ln())))
            }
            Domain::Periodic(a, b) => Some(((x - self.cut).rem_euclid(b - a), 0.0)),
            Domain::Integer if x.fract() != 0.0 => None,
            Domain::Integer => Some((x + uniform(), 0.0)),
        }
    }

    /// Back from `y` to the user's units; every `y` has a place.
    fn bounded(&self, y: f64) -> f64 {
        match self.domain {
            Domain::Real => y,
            Domain::Positive => y.exp(),
            Domain::Bounded(a, b) => {
                let u = if y >= 0.0 { 1.0 / (1.0 + (-y).exp()) } else { y.exp() / (1.0 + y.exp()) };
                a + (b - a) * u
            }
            Domain::Periodic(a, b) => {
                // Rounding may end at b, which is a.
                let x = a + (y + self.cut - a).rem_euclid(b - a);
                if x < b { x } else { a }
            }
            Domain::Integer => y.floor(),
        }
    }
}

/// The columns of a table, in its order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Columns(pub Vec<Column>);

impl Columns {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Their names.
    pub fn names(&self) -> Vec<String> {
        self.0.iter().map(|column| column.name.clone()).collect()
    }

    /// Refuses columns that map nothing: no positive deviation, bounds that are none, numbers that are not finite.
    ///
    /// # Errors
    /// [`Error::Config`] naming the first one.
    pub fn validate(&self) -> Result<(), Error> {
        for (i, column) in self.0.iter().enumerate() {
            let wrong = |key: &str, found: String, expected: &str| {
                Err(Error::config(format!("columns[{i}].{key}"), found, expected))
            };
            if !(column.std > 0.0 && column.std.is_finite()) {
                return wrong("std", column.std.to_string(), "a finite number above 0");
            }
            for (key, value) in [("mean", column.mean), ("cut", column.cut)] {
                if !value.is_finite() {
                    return wrong(key, value.to_string(), "a finite number");
                }
            }
            match column.domain {
                Domain::Bounded(a, b) | Domain::Periodic(a, b) if !(a < b && (b - a).is_finite()) => {
                    return wrong("domain", column.domain.to_string(), "two bounds a < b");
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Which of them are periodic.
    pub fn periodic(&self) -> Vec<usize> {
        let periodic =
            |(i, column): (usize, &Column)| matches!(column.domain, Domain::Periodic(..)).then_some(i);
        self.0.iter().enumerate().filter_map(periodic).collect()
    }

    /// The same columns for a flow that knows circles: the model's unit of each periodic one is an angle from `-bound` at
    /// its `a` to `bound` at its `b`, wherever the values lie.
    #[must_use]
    pub fn on_circles(mut self, bound: f64) -> Self {
        for column in &mut self.0 {
            if let Domain::Periodic(a, b) = column.domain {
                (column.cut, column.mean, column.std) = (a, 0.5 * (b - a), 0.5 * (b - a) / bound);
            }
        }
        self
    }

    /// Whether any holds whole numbers, so that a likelihood is a bound.
    pub fn any_integer(&self) -> bool {
        self.0.iter().any(|column| column.domain == Domain::Integer)
    }

    /// A row in the user's units, appended to `out` in the model's; returns `log |det|`, or the column whose domain does
    /// not hold its value (then `out` holds zeros for the row, and the row's density is 0).
    pub fn forward(&self, row: &[f64], out: &mut Vec<f64>, rng: &mut dyn Rng) -> Result<f64, usize> {
        let start = out.len();
        let mut log_det = 0.0;
        for (i, (column, &x)) in self.0.iter().zip(row).enumerate() {
            let Some((y, slope)) = column.unbounded(x, || rng.random::<f64>()) else {
                out.truncate(start);
                out.resize(start + self.len(), 0.0);
                return Err(i);
            };
            out.push((y - column.mean) / column.std);
            log_det += slope - column.std.ln();
        }
        Ok(log_det)
    }

    /// `dy/dx` of each column at a row in the user's units, `y` standardised; NaN outside a column's domain.
    pub fn slopes(&self, row: &[f64]) -> Vec<f64> {
        let slope = |(column, &x): (&Column, &f64)| match column.unbounded(x, || 0.0) {
            Some((_, log_slope)) => log_slope.exp() / column.std,
            None => f64::NAN,
        };
        self.0.iter().zip(row).map(slope).collect()
    }

    /// A row in the model's units, appended to `out` in the user's.
    pub fn inverse(&self, row: &[f64], out: &mut Vec<f64>) {
        out.extend(self.0.iter().zip(row).map(|(column, &z)| column.bounded(z * column.std + column.mean)));
    }
}

#[cfg(test)]
mod tests;
