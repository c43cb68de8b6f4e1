//! Whether the rows lie on fewer dimensions than they have columns.

use super::finding::{Finding, Kind};
use super::spread::{quantile, sorted};
use super::thresholds::Thresholds;
use serde::Serialize;

/// The added noise, in the flow's units.
const NOISE: [f64; 5] = [1e-4, 1e-3, 1e-2, 1e-1, 1.0];
/// The noise at which directions are counted.
const AT: f64 = 1e-2;

/// Manifold overfitting: the density on the rows rises without end where they have fewer dimensions than columns.
///
/// The log-density of rows smeared by normal noise of deviation `sigma` falls by one nat an e-fold of `sigma` for each
/// direction in which the density is thinner than that: its slope counts collapsed directions (Loaiza-Ganem et al. 2022,
/// "Diagnosing and Fixing Manifold Overfitting in Deep Generative Models"; Tempczyk et al. 2022, "LIDL: Local Intrinsic
/// Dimension Estimation Using Approximate Likelihood"). With the flow linear over the noise, which it is where the noise
/// is small, and `s_i` the singular values of its Jacobian,
///
/// ```text
/// log p_sigma - log p = -1/2 sum_i log(1 + sigma^2 s_i^2)        slope = -sum_i sigma^2 s_i^2 / (1 + sigma^2 s_i^2)
/// ```
///
/// but for a bounded term of where in the base the row is.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Manifold {
    /// How many directions the slope counts at a noise of 0.01 in the flow's units, where standardised columns have
    /// deviation 1; the median over the rows.
    pub collapsed: f64,
    /// The curve.
    pub noise: Vec<Noise>,
}

/// One level of noise.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Noise {
    /// The deviation of the noise, in the flow's units.
    pub sigma: f64,
    /// How much the log-density falls, in nats; the median over the rows.
    pub change: f64,
    /// The slope of the log-density against `log sigma`; the median over the rows.
    pub slope: f64,
}

/// The fall and the slope at a row with these singular values.
fn at(singular: &[f64], sigma: f64) -> (f64, f64) {
    singular.iter().map(|s| (sigma * s).powi(2)).fold((0.0, 0.0), |(change, slope), q| {
        let share = if q.is_finite() { q / (1.0 + q) } else { 1.0 };
        (change - 0.5 * q.ln_1p(), slope - share)
    })
}

impl Manifold {
    /// Of the singular values at some rows of data.
    pub(super) fn of(singular: &[Vec<f64>]) -> Option<Self> {
        if singular.is_empty() {
            return None;
        }
        let median = |sigma: f64, which: fn((f64, f64)) -> f64| {
            quantile(&sorted(singular.iter().map(|values| which(at(values, sigma)))), 0.5)
        };
        let noise = NOISE
            .map(|sigma| Noise { sigma, change: median(sigma, |v| v.0), slope: median(sigma, |v| v.1) })
            .to_vec();
        Some(Self { collapsed: -median(AT, |v| v.1), noise })
    }

    /// Whether too many directions are collapsed.
    pub(super) fn findings(&self, limits: &Thresholds) -> Vec<Finding> {
        if self.collapsed <= limits.collapsed {
            return Vec::new();
        }
        let message = format!(
            "{:.1} directions are thinner than 1 % of a column's deviation, expected at most {}: the rows lie on fewer dimensions than they have columns, and likelihoods there only say how thin the model has become; leave a column out or add noise",
            self.collapsed, limits.collapsed
        );
        vec![Finding::whole(Kind::Manifold, self.collapsed, limits.collapsed, message)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slope_counts_thin_directions() {
        let singular = vec![vec![1e6, 1e5, 1.0]; 3];
        let found = Manifold::of(&singular).unwrap();
        assert!((found.collapsed - 2.0).abs() < 1e-3, "{found:?}");
        assert_eq!(found.findings(&Thresholds::default()).len(), 1);
        let healthy = Manifold::of(&[vec![20.0, 0.1]]).unwrap();
        assert!(healthy.collapsed < 0.05 && healthy.findings(&Thresholds::default()).is_empty());
        assert_eq!(Manifold::of(&[]), None);
    }

    #[test]
    fn the_curve_is_that_of_a_smeared_normal() {
        // x ~ N(0, diag(t)^2), z = x / t: at x = 0 the smeared density is N(0, t^2 + sigma^2).
        let (thickness, sigma) = ([0.03_f64, 2.0], 0.1_f64);
        let exact: f64 = thickness.iter().map(|t| -0.5 * ((t * t + sigma * sigma) / (t * t)).ln()).sum();
        let (change, slope) = at(&thickness.map(|t| 1.0 / t), sigma);
        assert!((change - exact).abs() < 1e-12);
        let step = 1e-5;
        let difference = (at(&thickness.map(|t| 1.0 / t), sigma * (1.0 + step)).0 - change) / step.ln_1p();
        assert!((slope - difference).abs() < 1e-4, "{slope} {difference}");
    }
}
