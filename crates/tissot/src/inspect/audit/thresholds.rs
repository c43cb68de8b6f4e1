//! What counts as a finding, and how much is looked at.

use serde::{Deserialize, Serialize};

/// The limits of an audit: what is beyond one is a finding.
///
/// The defaults raised no alarm on healthy trained models of all presets and found the planted faults
/// (`docs/atlas.md`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Thresholds {
    /// The largest error of a round trip, either way, relative to `max(1, |value|)`, in the flow's units.
    pub round_trip: f64,
    /// The largest difference of a log-det from the exact one, in nats relative to `max(1, |log-det|)`.
    pub log_det: f64,
    /// The largest difference of f32 from f64, in nats relative to `max(1, |log-density|)`.
    pub precision: f64,
    /// The largest ratio of a Jacobian's singular values: f32 has 1.7e7 steps from 1 to 2.
    pub condition: f64,
    /// The largest `|log dz/dx|` of one element in one layer, in nats: beyond 9.2 four digits of seven are lost.
    pub log_slope: f64,
    /// The least size of an LU diagonal's entry, as a share of the largest.
    pub diagonal: f64,
    /// The largest share of values outside a spline's box.
    pub outside: f64,
    /// The largest share of scales that hardly learn any more.
    pub saturated: f64,
    /// The largest distance of a latent's distribution function from the base's, a probability.
    pub calibration: f64,
    /// The largest miss of a highest-density region's coverage, in units of `2 sqrt(p (1 - p))`: 0.1 lets the 50 % region
    /// hold 40 to 60 % of the rows, that of 90 % 84 to 96 %, that of 99 % no less than 97 %.
    pub coverage: f64,
    /// The largest miss of the total probability on a grid.
    pub mass: f64,
    /// How many collapsed directions are too many, on average over rows.
    pub collapsed: f64,
    /// The largest share of the model's samples that has no data near.
    pub bridges: f64,
    /// How much heavier a column's tail may be than the model's, in the generalised Pareto shape.
    pub tail: f64,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self {
            round_trip: 1e-2,
            log_det: 1e-3,
            precision: 1e-2,
            condition: 1e7,
            log_slope: 9.2,
            diagonal: 1e-5,
            outside: 0.1,
            saturated: 0.5,
            calibration: 0.1,
            coverage: 0.1,
            mass: 0.02,
            collapsed: 0.5,
            bridges: 0.1,
            tail: 0.1,
        }
    }
}

impl Thresholds {
    /// The name and the value of each, as in JSON.
    pub fn list(&self) -> [(&'static str, f64); 14] {
        [
            ("round_trip", self.round_trip),
            ("log_det", self.log_det),
            ("precision", self.precision),
            ("condition", self.condition),
            ("log_slope", self.log_slope),
            ("diagonal", self.diagonal),
            ("outside", self.outside),
            ("saturated", self.saturated),
            ("calibration", self.calibration),
            ("coverage", self.coverage),
            ("mass", self.mass),
            ("collapsed", self.collapsed),
            ("bridges", self.bridges),
            ("tail", self.tail),
        ]
    }

    /// The threshold of this name, to set it; `None` where there is none.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut f64> {
        Some(match name {
            "round_trip" => &mut self.round_trip,
            "log_det" => &mut self.log_det,
            "precision" => &mut self.precision,
            "condition" => &mut self.condition,
            "log_slope" => &mut self.log_slope,
            "diagonal" => &mut self.diagonal,
            "outside" => &mut self.outside,
            "saturated" => &mut self.saturated,
            "calibration" => &mut self.calibration,
            "coverage" => &mut self.coverage,
            "mass" => &mut self.mass,
            "collapsed" => &mut self.collapsed,
            "bridges" => &mut self.bridges,
            "tail" => &mut self.tail,
            _ => return None,
        })
    }
}

/// How much an audit looks at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Effort {
    /// Rows that are looked at, at most, evenly spaced among those given.
    pub rows: usize,
    /// Rows with exact Jacobians, at most.
    pub jacobians: usize,
    /// Samples that are drawn from the model.
    pub samples: usize,
    /// The seed of the draws.
    pub seed: u64,
}

impl Default for Effort {
    fn default() -> Self {
        Self { rows: 4_096, jacobians: 256, samples: 8_192, seed: 0 }
    }
}

/// Forward and backward evaluations that the Jacobians of an audit take at most.
const PASSES: usize = 8_192;
/// Features above which no Jacobian is made.
const MOST_FEATURES: usize = 512;

impl Effort {
    /// How many rows get an exact Jacobian where a sample has `n` numbers: fewer for wide samples, none above 512.
    pub fn jacobian_rows(&self, n: usize) -> usize {
        if n > MOST_FEATURES { 0 } else { self.jacobians.min((PASSES / n.max(1)).max(8)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_threshold_has_its_name() {
        let mut changed = Thresholds::default();
        let json = serde_json::to_value(&changed).unwrap();
        let names: Vec<&str> = changed.list().iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), json.as_object().unwrap().len());
        for name in names {
            *changed.get_mut(name).unwrap() = 77.0;
            assert_eq!(serde_json::to_value(&changed).unwrap()[name], 77.0, "{name}");
            assert!(changed.list().contains(&(name, 77.0)), "{name}");
        }
        assert_eq!(changed.get_mut("tails"), None);
    }
}
