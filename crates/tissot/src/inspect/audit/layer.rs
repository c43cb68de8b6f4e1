//! One layer on the inputs that it sees.

use super::finding::{Finding, Kind};
use super::spread::Spread;
use super::thresholds::Thresholds;
use crate::inspect::{BadWeights, Sign};
use serde::Serialize;

/// One layer alone, on the inputs that it sees: what is wrong here is its own fault.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct LayerAudit {
    /// Its name, as `walk` has it.
    pub name: String,
    /// Parameters with values that are not finite.
    pub bad_weights: Vec<BadWeights>,
    /// What it says of itself.
    pub signs: Vec<Sign>,
    /// Rows that reached it finite.
    pub rows: usize,
    /// Of these, rows that did not leave it so.
    pub not_finite: usize,
    /// Errors of `inverse(forward(x))`, relative to `max(1, |x|)`.
    pub round_trip: Spread,
    /// Errors of `forward(inverse(z))` at its outputs `z`, relative to `max(1, |z|)`.
    pub from_latent: Spread,
    /// The sum of its log-dets of forward and inverse, relative to `max(1, |log-det|)`.
    pub log_dets_cancel: Spread,
    /// The difference of its log-det from its exact Jacobian's, likewise; in f64 where the device has it.
    pub log_det: Option<Spread>,
    /// Whether all of these differences are those of a log-det with the wrong sign.
    pub wrong_sign: bool,
    /// The difference of its log-det in f32 from that in f64 at the same input, likewise.
    pub precision: Option<Spread>,
}

impl LayerAudit {
    /// What is beyond the thresholds.
    pub(super) fn findings(&self, limits: &Thresholds) -> Vec<Finding> {
        let mut found = self.static_findings(limits);
        let mut add = |kind, number: f64, limit: f64, message: String| {
            if number > limit {
                found.push(Finding::at(kind, &self.name, number, limit, message));
            }
        };
        add(
            Kind::NotFinite,
            self.not_finite as f64,
            0.0,
            format!("{} of {} finite rows become NaN or infinite, expected none", self.not_finite, self.rows),
        );
        if let Some(error) = self.log_det {
            let sign = if self.wrong_sign { "; its sign is the wrong one" } else { "" };
            let (found, limit) = (error.max, limits.log_det);
            add(
                Kind::LogDet,
                found,
                limit,
                format!(
                    "its log-det is off the exact Jacobian's by {found:.3e} (relative), expected at most {limit:.0e} ({} rows){sign}",
                    error.rows
                ),
            );
        }
        let cancel = self.log_dets_cancel.max;
        add(
            Kind::LogDetsCancel,
            cancel,
            limits.log_det.max(limits.precision),
            format!(
                "the log-dets of forward and inverse sum to {cancel:.3e}, expected at most {:.0e}",
                limits.log_det.max(limits.precision)
            ),
        );
        for (way, error) in
            [("forward and inverse", self.round_trip), ("inverse and forward", self.from_latent)]
        {
            add(
                Kind::RoundTrip,
                error.max,
                limits.round_trip,
                format!(
                    "a value comes back {:.3e} off after {way} (99 % within {:.1e}), expected at most {:.0e}",
                    error.max, error.q99, limits.round_trip
                ),
            );
        }
        if let Some(error) = self.precision {
            let (found, limit) = (error.max, limits.precision);
            add(
                Kind::Precision,
                found,
                limit,
                format!("its log-det in f32 is {found:.3e} off f64, expected at most {limit:.0e}"),
            );
        }
        found
    }

    /// What its weights and its own word say.
    pub(super) fn static_findings(&self, limits: &Thresholds) -> Vec<Finding> {
        let mut found = weights(&self.name, &self.bad_weights);
        found.extend(self.signs.iter().filter_map(|sign| self.judged(sign, limits)));
        found
    }

    fn judged(&self, sign: &Sign, limits: &Thresholds) -> Option<Finding> {
        let at = |kind, found: f64, limit: f64, message: String| {
            Some(Finding::at(kind, &self.name, found, limit, message))
        };
        let slope = limits.log_slope;
        let share = |part: usize, of: usize| part as f64 / of.max(1) as f64;
        match *sign {
            Sign::Order { ref fault } => {
                at(Kind::Order, 1.0, 0.0, format!("its order is no permutation ({fault})"))
            }
            // A NaN is an infinity here, so nothing slips through.
            Sign::Diagonal { least, greatest, entry }
                if least.is_nan() || least < limits.diagonal * greatest =>
            {
                let limit = limits.diagonal * greatest;
                at(
                    Kind::Diagonal,
                    least,
                    limit,
                    format!(
                        "entry {entry} of the LU diagonal is {least:.3e}, expected at least {limit:.1e} ({:.0e} of the largest)",
                        limits.diagonal
                    ),
                )
            }
            Sign::LogScale { least, greatest } if greatest > slope || least < -slope => {
                let worst = if greatest > -least { greatest } else { least };
                at(
                    Kind::Scale,
                    worst,
                    slope,
                    format!(
                        "a scale is e^{}, expected between e^-{slope:.1} and e^{slope:.1}",
                        exponent(worst)
                    ),
                )
            }
            Sign::Bins { least, greatest } if greatest > slope || least < -slope => {
                let worst = if greatest > -least { greatest } else { least };
                at(
                    Kind::Bin,
                    worst,
                    slope,
                    format!(
                        "a spline's slope falls or rises to e^{} in a bin, expected between e^-{slope:.1} and e^{slope:.1}",
                        exponent(worst)
                    ),
                )
            }
            Sign::Outside { outside, elements, bound } if share(outside, elements) > limits.outside => {
                let found = share(outside, elements);
                at(
                    Kind::Outside,
                    found,
                    limits.outside,
                    format!(
                        "{outside} of {elements} values are outside the spline's box of +-{bound}, where it is the identity; expected at most {:.0} %",
                        100.0 * limits.outside
                    ),
                )
            }
            Sign::Saturated { saturated, elements } if share(saturated, elements) > limits.saturated => {
                let found = share(saturated, elements);
                at(
                    Kind::Saturated,
                    found,
                    limits.saturated,
                    format!(
                        "{saturated} of {elements} scales are at the end of their law and do not learn, expected at most {:.0} %",
                        100.0 * limits.saturated
                    ),
                )
            }
            _ => None,
        }
    }
}

/// An exponent that people can read, however large it is.
fn exponent(value: f64) -> String {
    if value.abs() < 1e4 { format!("{value:.1}") } else { format!("{value:.0e}") }
}

/// Findings about weights that are not finite.
pub(super) fn weights(place: &str, bad: &[BadWeights]) -> Vec<Finding> {
    let finding = |bad: &BadWeights| {
        let (count, of, path) = (bad.count, bad.of, &bad.path);
        let message = format!("{count} of {of} values of {path} are NaN or infinite, expected none");
        Finding::at(Kind::Weight, place, count as f64, 0.0, message)
    };
    bad.iter().map(finding).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(sign: Sign) -> Vec<Kind> {
        let layer = LayerAudit { name: "0.L".into(), signs: vec![sign], ..LayerAudit::default() };
        layer.static_findings(&Thresholds::default()).into_iter().map(|finding| finding.kind).collect()
    }

    #[test]
    fn each_sign_is_judged_at_its_threshold() {
        let infinite = f64::INFINITY;
        let diagonal = |least| Sign::Diagonal { least, greatest: 2.0, entry: 1 };
        assert_eq!(kinds(diagonal(2.1e-5)), []);
        assert_eq!(kinds(diagonal(1.9e-5)), [Kind::Diagonal]);
        assert_eq!(kinds(Sign::LogScale { least: -9.0, greatest: 9.0 }), []);
        assert_eq!(kinds(Sign::LogScale { least: -10.0, greatest: 0.0 }), [Kind::Scale]);
        assert_eq!(kinds(Sign::LogScale { least: -infinite, greatest: infinite }), [Kind::Scale]);
        assert_eq!(kinds(Sign::Bins { least: 0.0, greatest: 10.0 }), [Kind::Bin]);
        assert_eq!(kinds(Sign::Outside { outside: 10, elements: 100, bound: 5.0 }), []);
        assert_eq!(kinds(Sign::Outside { outside: 11, elements: 100, bound: 5.0 }), [Kind::Outside]);
        assert_eq!(kinds(Sign::Saturated { saturated: 51, elements: 100 }), [Kind::Saturated]);
        assert_eq!(kinds(Sign::Order { fault: "x".into() }), [Kind::Order]);
    }
}
