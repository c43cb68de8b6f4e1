//! Whether the model puts mass where no data are.

use super::finding::{Finding, Kind};
use super::spread::{quantile, sorted};
use super::subject::spaced;
use super::thresholds::Thresholds;
use serde::Serialize;

/// Rows and samples that are compared, at most.
const MOST: usize = 1_500;
/// How many times as far as the data's own neighbours a sample must be from all data.
const FACTOR: f64 = 1.5;
/// Standard errors that a share may be off by chance.
const ERRORS: f64 = 3.3;

/// The mass of the model's samples with no data near.
///
/// A continuous invertible map cannot tear: modes that are apart in the data stay connected in the model, by bridges that
/// hold mass (Cornish et al. 2020, "Relaxing Bijectivity Constraints with Continuously Indexed Normalising Flows";
/// Stimper et al. 2022, "Resampling Base Distributions of Normalizing Flows").
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bridges {
    /// The share of samples that have no row within `reach`.
    pub share: f64,
    /// 1.5 times the distance within which 99 % of the rows have another row, in the flow's units.
    pub reach: f64,
    /// How many samples.
    pub samples: usize,
}

/// The square of the distance of each of `from` to the nearest of `to`; with `own` they are the same rows, and each has
/// another one as its nearest.
fn nearest(from: &[&[f64]], to: &[&[f64]], own: bool) -> Vec<f64> {
    let one = |(i, a): (usize, &&[f64])| {
        to.iter().enumerate().filter(|(j, _)| !own || *j != i).fold(f64::INFINITY, |best, (_, b)| {
            let mut sum = 0.0;
            for (a, b) in a.iter().zip(*b) {
                sum += (a - b) * (a - b);
            }
            if sum < best { sum } else { best }
        })
    };
    from.iter().enumerate().map(one).collect()
}

/// Some of the rows, evenly spaced.
fn pick(values: &[f64], width: usize) -> Vec<&[f64]> {
    let rows = spaced(values.len() / width, MOST);
    rows.into_iter().map(|i| &values[i * width..(i + 1) * width]).collect()
}

impl Bridges {
    /// Of rows and samples of `width` numbers; `None` for few rows, and where most rows have a copy.
    pub(super) fn of(rows: &[f64], samples: &[f64], width: usize) -> Option<Self> {
        let (rows, samples) = (pick(rows, width), pick(samples, width));
        if rows.len() < 100 || samples.is_empty() {
            return None;
        }
        let reach = FACTOR * quantile(&sorted(nearest(&rows, &rows, true)), 0.99).sqrt();
        if !(reach > 0.0 && reach.is_finite()) {
            return None;
        }
        // A sample that is not finite has nothing near either.
        let lost = nearest(&samples, &rows, false).iter().filter(|d| d.sqrt() > reach).count();
        Some(Self { share: lost as f64 / samples.len() as f64, reach, samples: samples.len() })
    }

    /// Whether too much of the mass is there.
    pub(super) fn findings(&self, limits: &Thresholds) -> Vec<Finding> {
        let error = (limits.bridges * (1.0 - limits.bridges).max(0.0) / self.samples as f64).sqrt();
        if self.share - ERRORS * error <= limits.bridges {
            return Vec::new();
        }
        let message = format!(
            "{:.1} % of the model's samples have no row near (within {:.3} in the flow's units), expected at most {:.0} %: bridges between modes, or a density that is too wide",
            100.0 * self.share,
            self.reach,
            100.0 * limits.bridges
        );
        vec![Finding::whole(Kind::Bridge, self.share, limits.bridges, message)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Points of two squares of side 1 around -3 and 3, a share of them on the line between.
    fn points(n: usize, bridge: f64, seed: usize) -> Vec<f64> {
        let unit = |k: usize| ((k * 7919 + seed) % 10_007) as f64 / 10_007.0;
        (0..n)
            .flat_map(|k| {
                let (u, v, w) = (unit(3 * k), unit(3 * k + 1), unit(3 * k + 2));
                if w < bridge {
                    [4.0 * u - 2.0, 0.0]
                } else {
                    [u + if w > 0.6 { 2.5 } else { -3.5 }, v - 0.5]
                }
            })
            .collect()
    }

    #[test]
    fn the_mass_between_two_modes_is_what_it_is() {
        let rows = points(1_500, 0.0, 1);
        for (bridge, findings) in [(0.0, 0), (0.3, 1)] {
            let found = Bridges::of(&rows, &points(1_500, bridge, 5), 2).unwrap();
            assert!((found.share - bridge).abs() < 0.04, "{bridge}: {found:?}");
            assert_eq!(found.findings(&Thresholds::default()).len(), findings, "{found:?}");
        }
        assert_eq!(Bridges::of(&[1.0; 400], &rows, 2), None, "copies have no neighbourhood");
    }
}
