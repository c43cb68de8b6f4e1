//! Whether the latents of data follow the base, and densities the rows.

use super::distance::{by_chance, distance};
use super::finding::{Finding, Kind};
use super::spread::{quantile, sorted};
use super::subject::{Subject, spaced};
use super::thresholds::Thresholds;
use crate::base::Base;
use crate::bijection::Bijection;
use crate::inspect::jacobian::host;
use rand_chacha::ChaCha8Rng;
use serde::Serialize;

/// How often chance alone may pass for a difference.
const CHANCE: f64 = 1e-3;
/// Standard errors that a coverage may be off by chance.
const ERRORS: f64 = 3.3;
/// Samples a row that a conditional density's regions are made of.
const DRAWS: usize = 100;

/// The latents of data against the base, on rows that should not have trained the flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Calibration {
    /// How many rows.
    pub rows: usize,
    /// For each number of the latent the largest difference of its distribution function from the base's.
    pub columns: Vec<f64>,
    /// The same for the base's log-density of the latents: their radius, where the base is a normal.
    pub radius: f64,
    /// What the distances may be by chance: they count beyond it.
    pub by_chance: f64,
    /// The shares of the rows inside the model's highest-density regions.
    pub coverage: Vec<Coverage>,
}

/// One highest-density region.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// The probability that the model gives it.
    pub region: f64,
    /// The share of the rows inside.
    pub found: f64,
    /// Its standard error where the model is right.
    pub error: f64,
}

/// Numbers of the data and of the model's own draws to compare.
pub(super) struct Both<'a> {
    pub data: &'a [f64],
    pub model: &'a [f64],
}

impl Calibration {
    /// Of latents `width` numbers each, their base log-densities, and the coverages.
    pub(super) fn of(latents: &Both<'_>, radii: &Both<'_>, width: usize, coverage: Vec<Coverage>) -> Self {
        let column = |values: &[f64], k: usize| -> Vec<f64> {
            values.iter().skip(k).step_by(width).copied().collect()
        };
        let columns =
            (0..width).map(|k| distance(&column(latents.data, k), &column(latents.model, k))).collect();
        let (n, m) = (radii.data.len(), radii.model.len());
        let chance = by_chance(n.max(1), m.max(1), CHANCE / (width + 1) as f64);
        Self { rows: n, columns, radius: distance(radii.data, radii.model), by_chance: chance, coverage }
    }

    /// What is beyond the thresholds for sure.
    pub(super) fn findings(&self, limits: &Thresholds) -> Vec<Finding> {
        let mut found = Vec::new();
        let mut add = |kind, number: f64, limit: f64, message: String| {
            found
                .push(Finding { place: Some("base".into()), ..Finding::whole(kind, number, limit, message) });
        };
        let limit = limits.calibration;
        let sure = |distance: f64| distance - self.by_chance > limit;
        let worst = self.columns.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1));
        if let Some((k, distance)) = worst.filter(|(_, distance)| sure(**distance)) {
            let many = self.columns.iter().filter(|distance| sure(**distance)).count();
            add(
                Kind::Calibration,
                *distance,
                limit,
                format!(
                    "the latents do not follow the base: in {many} of {} columns, most in z{}, the distribution functions are {distance:.3} apart, expected at most {limit} (+ {:.3} by chance)",
                    self.columns.len(),
                    k + 1,
                    self.by_chance
                ),
            );
        }
        if sure(self.radius) {
            add(
                Kind::Calibration,
                self.radius,
                limit,
                format!(
                    "the latents' radius does not follow the base: the distribution functions are {:.3} apart, expected at most {limit} (+ {:.3} by chance)",
                    self.radius, self.by_chance
                ),
            );
        }
        for coverage in &self.coverage {
            let unit = 2.0 * (coverage.region * (1.0 - coverage.region)).sqrt();
            let allowed = limits.coverage * unit + ERRORS * coverage.error;
            let off = coverage.found - coverage.region;
            if off.abs() > allowed {
                let word = if off < 0.0 { "over" } else { "under" };
                add(
                    Kind::Coverage,
                    off.abs() / unit,
                    limits.coverage,
                    format!(
                        "the {:.0} % highest-density region holds {:.1} % of the rows, expected {:.0} +- {:.1}: the density is {word}-confident",
                        100.0 * coverage.region,
                        100.0 * coverage.found,
                        100.0 * coverage.region,
                        100.0 * allowed
                    ),
                );
            }
        }
        found
    }
}

/// The regions that are looked at.
const REGIONS: [f64; 3] = [0.5, 0.9, 0.99];

/// The coverage of the highest-density regions of one density, from log-densities of rows and of its own samples.
pub(super) fn coverage(rows: &[f64], samples: &[f64]) -> Vec<Coverage> {
    if rows.is_empty() || samples.is_empty() {
        return Vec::new();
    }
    let samples = sorted(samples.iter().copied());
    REGIONS
        .iter()
        .map(|&region| {
            let edge = quantile(&samples, 1.0 - region);
            let inside = rows.iter().filter(|v| **v >= edge).count();
            let both = 1.0 / rows.len() as f64 + 1.0 / samples.len() as f64;
            Coverage {
                region,
                found: inside as f64 / rows.len() as f64,
                error: (region * (1.0 - region) * both).sqrt(),
            }
        })
        .collect()
}

/// The coverage of conditional densities: each row has its own samples, `draws` a row one after the other.
fn conditional_coverage(rows: &[f64], samples: &[f64], draws: usize) -> Vec<Coverage> {
    // The share of a row's own samples that are denser: uniform where the model is right.
    let rank = |(row, own): (&f64, &[f64])| own.iter().filter(|v| *v > row).count() as f64 / draws as f64;
    let ranks: Vec<f64> = rows.iter().zip(samples.chunks(draws)).map(rank).collect();
    let n = ranks.len().max(1) as f64;
    REGIONS
        .iter()
        .map(|&region| Coverage {
            region,
            found: ranks.iter().filter(|rank| **rank < region).count() as f64 / n,
            // A rank among `draws` is itself only so exact.
            error: (region * (1.0 - region) / n).sqrt() + 1.0 / (draws as f64 * n).sqrt(),
        })
        .collect()
}

/// The coverage where each row has its own density.
pub(super) fn conditional<const D: usize, T: Bijection<D>, B: Base<D>>(
    subject: &Subject<'_, D, T, B>,
    log_prob: &[f64],
    rng: &mut ChaCha8Rng,
) -> Vec<Coverage> {
    let draws = DRAWS;
    let chosen = spaced(subject.rows(), (subject.effort.samples / draws).max(1) * 4);
    let each: Vec<usize> = chosen.iter().flat_map(|&row| std::iter::repeat_n(row, draws)).collect();
    let given = subject.given.select(&each);
    let latents = subject.latents(each.len(), &given, rng);
    let log_base = subject.flow.base.log_prob(latents.clone(), given.context());
    let (_, log_det) = subject.inverse(&latents, &given);
    let rows: Vec<f64> = chosen.iter().map(|&row| log_prob[row]).collect();
    conditional_coverage(&rows, &host(log_base - log_det), draws)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal_log_densities(n: usize, spread: f64) -> Vec<f64> {
        // Quantiles of a normal would need an inverse; a logistic does as well: any monotone law has its regions.
        let at = |k: usize| (k as f64 + 0.5) / n as f64;
        (0..n).map(|k| -(spread * (at(k) / (1.0 - at(k))).ln()).abs()).collect()
    }

    #[test]
    fn a_right_density_covers_what_it_says_and_a_narrow_one_less() {
        let samples = normal_log_densities(4_001, 1.0);
        for (spread, word) in [(1.0, None), (1.5, Some("over")), (0.6, Some("under"))] {
            let coverage = coverage(&normal_log_densities(2_000, spread), &samples);
            let calibration = Calibration { coverage, ..Calibration::default() };
            let found = calibration.findings(&Thresholds::default());
            match word {
                None => assert!(found.is_empty(), "{found:?}"),
                Some(word) => {
                    assert!(!found.is_empty(), "{spread}");
                    assert!(
                        found.iter().all(|finding| finding.message.contains(&format!("{word}-confident")))
                    );
                }
            }
        }
    }

    #[test]
    fn few_rows_raise_no_alarm() {
        let coverage = coverage(&normal_log_densities(12, 1.5), &normal_log_densities(4_001, 1.0));
        let calibration = Calibration { coverage, ..Calibration::default() };
        assert!(calibration.findings(&Thresholds::default()).is_empty());
    }

    #[test]
    fn ranks_among_a_rows_own_samples_are_coverages() {
        let samples: Vec<f64> = (0..1_000).flat_map(|_| (0..100).map(f64::from)).collect();
        let rows: Vec<f64> = (0..1_000).map(|k| f64::from(k % 100) + 0.5).collect();
        let found = conditional_coverage(&rows, &samples, 100);
        for coverage in found {
            assert!((coverage.found - coverage.region).abs() < 0.011, "{coverage:?}");
        }
    }
}
