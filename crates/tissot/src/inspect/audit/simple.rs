//! Whether the density ranks simple inputs above the data.

use serde::Serialize;

/// Above this percentile rows with half of their contrast are denser than a density that ranks by likeness would have them;
/// that of a normal on a line is 75. (The middle of a density is its densest place in any case.)
const HIGH: f64 = 99.0;

/// Where simple inputs rank among the rows, and what is typical.
///
/// A likelihood is no score of anomaly: in many dimensions the densest places hold no mass, and simple inputs may lie
/// denser than all data (Nalisnick et al. 2019, "Do Deep Generative Models Know What They Don't Know?"; Kirichenko et al.
/// 2020, "Why Normalizing Flows Fail to Detect Out-of-Distribution Data"). Typicality asks instead how far a log-density
/// is from the usual ones, on either side.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Simple {
    /// The percentile, among the rows', of the log-density of the rows' mean.
    pub mean_percentile: f64,
    /// The median percentile of rows half-way to that mean: with half of their contrast.
    pub half_way_percentile: f64,
    /// Log-densities that are typical: 99 % of the model's own samples have such, 0.5 % less and 0.5 % more. In nats, in
    /// the flow's units.
    pub typical: [f64; 2],
    /// The share of the rows outside.
    pub untypical: f64,
    /// What a user should know; empty where simple inputs rank as they should.
    pub note: String,
}

impl Simple {
    /// Of sorted log-densities of rows and of the model's samples, and those of the simple inputs.
    pub(super) fn of(rows: &[f64], samples: &[f64], mean: f64, half_way: &[f64]) -> Self {
        let percentile =
            |v: f64| 100.0 * rows.partition_point(|row| *row < v) as f64 / rows.len().max(1) as f64;
        let halves = super::spread::sorted(half_way.iter().map(|v| percentile(*v)));
        let (mean_percentile, half_way_percentile) =
            (percentile(mean), super::spread::quantile(&halves, 0.5));
        let typical = [0.005, 0.995].map(|p| super::spread::quantile(samples, p));
        let outside = rows.iter().filter(|v| !(typical[0]..=typical[1]).contains(*v)).count();
        let note = if half_way_percentile >= HIGH {
            format!(
                "likelihood is no anomaly score here: the mean of all columns is denser than {mean_percentile:.0} % of the rows, rows half-way to it than {half_way_percentile:.0} %; judge a row by typicality, how far its log-density is from the usual {:.2} to {:.2} nats (in the flow's units) on either side",
                typical[0], typical[1]
            )
        } else {
            String::new()
        };
        let untypical = outside as f64 / rows.len().max(1) as f64;
        Self { mean_percentile, half_way_percentile, typical, untypical, note }
    }

    /// How typical a log-density is among sorted ones of the model's samples: `2 min(F, 1 - F)`, 1 in the middle, 0 at
    /// either end.
    pub fn typicality(log_density: f64, samples: &[f64]) -> f64 {
        let n = samples.len().max(1) as f64;
        let below = samples.partition_point(|v| *v < log_density) as f64;
        let not_above = samples.partition_point(|v| *v <= log_density) as f64;
        (2.0 * (not_above / n).min(1.0 - below / n)).min(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_denser_than_all_data_is_no_more_typical_than_what_is_thinner() {
        let samples: Vec<f64> = (0..1_000).map(f64::from).collect();
        assert_eq!(Simple::typicality(-5.0, &samples), 0.0);
        assert_eq!(Simple::typicality(2_000.0, &samples), 0.0);
        assert!((Simple::typicality(499.5, &samples) - 1.0).abs() < 1e-9);
        assert!((Simple::typicality(99.5, &samples) - 0.2).abs() < 1e-9);
    }

    #[test]
    fn a_normal_in_many_dimensions_gets_the_note_and_one_in_a_line_does_not() {
        // |z|^2 of 100 dimensions is 100 +- 14, that of the mean is 0.
        let many: Vec<f64> = (0..1_000).map(|k| -0.5 * (60.0 + 0.08 * f64::from(k))).rev().collect();
        let found = Simple::of(&many, &many, 0.0, &[-12.0; 9]);
        assert_eq!((found.mean_percentile, found.half_way_percentile), (100.0, 100.0));
        assert!(found.note.starts_with("likelihood is no anomaly score here"), "{}", found.note);
        assert!(found.untypical < 0.011);
        let found = Simple::of(&many, &many, many[700], &[many[650]; 9]);
        assert_eq!(found.note, "");
    }
}
