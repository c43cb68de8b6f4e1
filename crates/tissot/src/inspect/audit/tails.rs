//! Whether the data's tails are heavier than the model's.

use super::finding::{Finding, Kind};
use super::spread::{quantile, sorted};
use super::thresholds::Thresholds;
use serde::Serialize;

/// The share of the values that is taken as the tail.
const TAIL: f64 = 0.1;
/// The fewest values in a tail that has a shape.
const FEWEST: usize = 50;
/// Standard errors that a difference may be by chance.
const ERRORS: f64 = 2.6;
/// Where the tails' quantiles are compared.
const LEVELS: [f64; 5] = [0.9, 0.95, 0.99, 0.995, 0.999];

/// One column's tail in the data and in the model's samples: of `|x - median|` in the flow's units, the values above the
/// 90 % quantile.
///
/// The shape of a generalised Pareto distribution is 0 for exponential tails, `1 / nu` for Student's t, below 0 for a
/// bounded range. A flow whose layers are linear far out has tails no heavier than its base's (Jaini et al. 2020, "Tails
/// of Lipschitz Triangular Flows").
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Tail {
    /// The column.
    pub column: String,
    /// The shape in the data.
    pub data: f64,
    /// The shape in the model's samples.
    pub model: f64,
    /// The standard error of the difference.
    pub error: f64,
    /// For a quantile plot: the level and the quantiles of the data and of the model's samples.
    pub quantiles: Vec<[f64; 3]>,
}

/// The values' distances from `centre`, in increasing order.
fn distances(values: &[f64], centre: f64) -> Vec<f64> {
    sorted(values.iter().map(|v| (v - centre).abs()))
}

impl Tail {
    /// Of one column; `None` for too few values.
    pub(super) fn of(column: &str, data: &[f64], model: &[f64]) -> Option<Self> {
        if data.iter().chain(model).any(|v| !v.is_finite()) || data.is_empty() {
            return None;
        }
        let centre = quantile(&sorted(data.iter().copied()), 0.5);
        let (data, model) = (distances(data, centre), distances(model, centre));
        let (of_data, of_model) = (shape(&data)?, shape(&model)?);
        Some(Self {
            column: column.into(),
            data: of_data.0,
            model: of_model.0,
            error: of_data.1.hypot(of_model.1),
            quantiles: LEVELS.map(|p| [p, quantile(&data, p), quantile(&model, p)]).to_vec(),
        })
    }

    /// Whether the data's tail is surely heavier.
    pub(super) fn findings(&self, limits: &Thresholds) -> Vec<Finding> {
        let more = self.data - self.model;
        if more - ERRORS * self.error <= limits.tail {
            return Vec::new();
        }
        let message = format!(
            "column {}: its tail has shape {:.2} in the data and {:.2} in the model, expected at most {} more (+- {:.2}): extreme values are rarer in the model; a base with heavy tails (StudentT) mends it",
            self.column, self.data, self.model, limits.tail, self.error
        );
        let finding = Finding::whole(Kind::Tail, more, limits.tail, message);
        vec![Finding { place: Some(self.column.clone()), ..finding }]
    }
}

/// The shape of the tail of sorted values, and its standard error.
fn shape(sorted: &[f64]) -> Option<(f64, f64)> {
    let k = (TAIL * sorted.len() as f64) as usize;
    if k < FEWEST {
        return None;
    }
    let edge = sorted[sorted.len() - k - 1];
    let exceedances: Vec<f64> = sorted[sorted.len() - k..].iter().map(|v| v - edge).collect();
    let xi = pareto_shape(&exceedances)?;
    Some((xi, (1.0 + xi).abs().max(0.5) / (k as f64).sqrt()))
}

/// The shape of a generalised Pareto distribution from sorted values above 0: the posterior mean of Zhang and Stephens
/// 2009, "A New and Efficient Estimation Method for the Generalized Pareto Distribution", which needs no iteration.
fn pareto_shape(x: &[f64]) -> Option<f64> {
    let n = x.len();
    let (quarter, last) = (x[(n as f64 / 4.0 + 0.5) as usize - 1], x[n - 1]);
    if !(quarter > 0.0 && last.is_finite()) {
        return None;
    }
    let points = 30 + (n as f64).sqrt() as usize;
    let theta = |j: usize| 1.0 / last + (1.0 - (points as f64 / (j as f64 + 0.5)).sqrt()) / (3.0 * quarter);
    let k_of = |theta: f64| -x.iter().map(|x| (-theta * x).ln_1p()).sum::<f64>() / n as f64;
    let profile: Vec<(f64, f64)> = (0..points)
        .map(|j| {
            let (t, k) = (theta(j), k_of(theta(j)));
            (t, n as f64 * ((t / k).ln() + k - 1.0))
        })
        .filter(|(_, l)| l.is_finite())
        .collect();
    let top = profile.iter().map(|(_, l)| *l).fold(f64::NEG_INFINITY, f64::max);
    let weights: f64 = profile.iter().map(|(_, l)| (l - top).exp()).sum();
    let mean = profile.iter().map(|(t, l)| t * (l - top).exp()).sum::<f64>() / weights;
    let xi = -k_of(mean);
    xi.is_finite().then_some(xi)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Quantiles of a generalised Pareto distribution of this shape.
    fn pareto(n: usize, xi: f64) -> Vec<f64> {
        let at = |k: usize| 1.0 - (k as f64 + 0.5) / n as f64;
        (0..n).map(|k| if xi == 0.0 { -at(k).ln() } else { (at(k).powf(-xi) - 1.0) / xi }).collect()
    }

    #[test]
    fn the_shape_of_a_pareto_law_is_found() {
        for xi in [-0.4, 0.0, 0.2, 0.5, 1.0] {
            let found = pareto_shape(&pareto(2_000, xi)).unwrap();
            assert!((found - xi).abs() < 0.03, "{xi}: {found}");
        }
    }

    #[test]
    fn heavier_tails_than_the_models_are_found_and_lighter_ones_are_not() {
        let signed = |xi| -> Vec<f64> {
            pareto(4_000, xi).into_iter().enumerate().map(|(k, v)| if k % 2 == 0 { v } else { -v }).collect()
        };
        for (data, model, findings) in [(0.5, 0.0, 1), (0.0, 0.5, 0), (0.1, 0.1, 0), (1.0, 0.4, 1)] {
            let tail = Tail::of("a", &signed(data), &signed(model)).unwrap();
            let found = tail.findings(&Thresholds::default());
            assert_eq!(found.len(), findings, "{data} {model}: {tail:?}");
        }
        assert_eq!(Tail::of("a", &signed(0.1)[..300], &signed(0.1)), None, "30 values have no shape");
    }
}
