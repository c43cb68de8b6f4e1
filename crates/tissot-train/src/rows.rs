//! The rows of a table, apart in training, validation and test rows.

use crate::error::FitError;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use serde::{Deserialize, Serialize};

/// Rows in the user's units, row-major, with the row of context of each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rows {
    /// `n * columns`.
    pub values: Vec<f64>,
    /// `n * context columns`.
    pub context: Vec<f64>,
    /// How many rows.
    pub n: usize,
}

impl Rows {
    /// The rows at `indices`, in that order.
    #[must_use]
    pub fn select(&self, indices: &[usize]) -> Self {
        let pick = |values: &[f64]| {
            let width = values.len() / self.n.max(1);
            // No more memory than they take: tables can be large.
            let mut picked = Vec::with_capacity(indices.len() * width);
            indices.iter().for_each(|&i| picked.extend_from_slice(&values[i * width..(i + 1) * width]));
            picked
        };
        Self { values: pick(&self.values), context: pick(&self.context), n: indices.len() }
    }
}

/// How the rows are divided.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum SplitBy {
    /// At random, by the seed.
    #[default]
    Random,
    /// In the table's order: the last rows test, those before them validate. For time series.
    Order,
    /// Rows of one group stay together. The numbers are the groups of the rows, as [`groups`](crate::groups) gives them.
    Group(Vec<u64>),
    /// In the order of time: the last rows test, those before them validate; rows of one time stay together. The numbers
    /// are the places of the rows in time, as [`times`](crate::times) gives them.
    Time(Vec<u64>),
}

/// A table apart: rows that train, rows that choose the best weights, rows that nothing is chosen by.
#[derive(Clone, Debug, PartialEq)]
pub struct Splits {
    /// They train.
    pub train: Rows,
    /// They choose the best weights and when to stop.
    pub validation: Rows,
    /// They are read once, at the end.
    pub test: Rows,
}

impl Splits {
    /// Divides `rows`: `test` and `validation` are shares of all rows, both at least one row where they are above 0.
    ///
    /// # Errors
    /// [`FitError::Data`] where too few rows remain to train.
    pub fn new(rows: &Rows, validation: f64, test: f64, by: &SplitBy, seed: u64) -> Result<Self, FitError> {
        let order = order(rows.n, by, seed);
        let share = |part: f64| if part > 0.0 { ((rows.n as f64 * part).round() as usize).max(1) } else { 0 };
        let (validation, test) = (share(validation), share(test));
        let train = rows.n.saturating_sub(validation + test);
        if train < 2 {
            return Err(FitError::Data(format!(
                "{} rows are too few: {validation} would validate and {test} test, and at least 2 must train",
                rows.n
            )));
        }
        let groups = |i: usize| match by {
            SplitBy::Group(groups) | SplitBy::Time(groups) => groups[i],
            _ => i as u64,
        };
        // A cut never divides a group: it moves on to the group's end, or back so far that each part has a group.
        let ends: Vec<usize> =
            (1..=rows.n).filter(|&at| at == rows.n || groups(order[at - 1]) != groups(order[at])).collect();
        let last = |parts: usize| ends.len().checked_sub(parts + 1);
        let (validates, tests) = (usize::from(validation > 0), usize::from(test > 0));
        let Some((most_a, most_b)) = last(validates + tests).zip(last(tests)) else {
            let what = if matches!(by, SplitBy::Time(_)) { "different times" } else { "groups" };
            return Err(FitError::Data(format!(
                "too few {what} ({}) to keep training, validation and test rows apart",
                ends.len()
            )));
        };
        let a = ends.partition_point(|&end| end < train).min(most_a);
        let b = ends.partition_point(|&end| end < train + validation).clamp(a + validates, most_b);
        let part = |range: std::ops::Range<usize>| rows.select(&order[range]);
        let (a, b) = (ends[a], ends[b]);
        let splits = Self { train: part(0..a), validation: part(a..b), test: part(b..rows.n) };
        Ok(splits)
    }
}

/// The rows' order before it is cut.
fn order(n: usize, by: &SplitBy, seed: u64) -> Vec<usize> {
    let mut order: Vec<usize> = (0..n).collect();
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    match by {
        SplitBy::Order => {}
        SplitBy::Random => order.shuffle(&mut rng),
        SplitBy::Time(places) => order.sort_by_key(|&i| places[i]),
        SplitBy::Group(groups) => {
            let mut names: Vec<u64> = groups.clone();
            names.sort_unstable();
            names.dedup();
            names.shuffle(&mut rng);
            let place: std::collections::HashMap<u64, usize> =
                names.iter().enumerate().map(|(i, &g)| (g, i)).collect();
            order.sort_by_key(|&i| place[&groups[i]]);
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(n: usize) -> Rows {
        Rows { values: (0..n).map(|i| i as f64).collect(), context: vec![], n }
    }

    #[test]
    fn every_row_is_in_exactly_one_part_and_the_seed_decides() {
        let splits = Splits::new(&rows(100), 0.1, 0.2, &SplitBy::Random, 3).unwrap();
        assert_eq!((splits.train.n, splits.validation.n, splits.test.n), (70, 10, 20));
        let mut all =
            [splits.train.values.clone(), splits.validation.values.clone(), splits.test.values.clone()]
                .concat();
        all.sort_by(f64::total_cmp);
        assert_eq!(all, rows(100).values);
        assert_eq!(splits, Splits::new(&rows(100), 0.1, 0.2, &SplitBy::Random, 3).unwrap());
        assert_ne!(splits, Splits::new(&rows(100), 0.1, 0.2, &SplitBy::Random, 4).unwrap());
    }

    #[test]
    fn order_keeps_the_last_rows_for_the_test() {
        let splits = Splits::new(&rows(10), 0.2, 0.3, &SplitBy::Order, 0).unwrap();
        assert_eq!(splits.validation.values, [5.0, 6.0]);
        assert_eq!(splits.test.values, [7.0, 8.0, 9.0]);
    }

    #[test]
    fn the_latest_rows_test_and_rows_of_one_time_stay_together() {
        let places: Vec<u64> = [4, 0, 3, 1, 2, 4, 0, 3, 1, 2].into();
        let splits = Splits::new(&rows(10), 0.2, 0.2, &SplitBy::Time(places.clone()), 0).unwrap();
        assert_eq!(splits.train.values, [1.0, 6.0, 3.0, 8.0, 4.0, 9.0]);
        assert_eq!((splits.validation.values, splits.test.values), (vec![2.0, 7.0], vec![0.0, 5.0]));
        // A cut within a time moves to its end.
        let splits = Splits::new(&rows(10), 0.3, 0.2, &SplitBy::Time(places), 0).unwrap();
        assert_eq!(splits.train.n, 6);
        let error = Splits::new(&rows(10), 0.2, 0.2, &SplitBy::Time(vec![7; 10]), 0).unwrap_err();
        assert_eq!(
            error.to_string(),
            "too few different times (1) to keep training, validation and test rows apart"
        );
    }

    #[test]
    fn three_groups_are_enough() {
        let groups = SplitBy::Group([vec![1; 90], vec![2; 5], vec![3; 5]].concat());
        for seed in 0..6 {
            let splits = Splits::new(&rows(100), 0.1, 0.1, &groups, seed).unwrap();
            let mut parts = [splits.train.n, splits.validation.n, splits.test.n];
            parts.sort_unstable();
            assert_eq!(parts, [5, 5, 90], "seed {seed}");
        }
        let groups = SplitBy::Group([vec![1; 50], vec![2; 50]].concat());
        let error = Splits::new(&rows(100), 0.1, 0.1, &groups, 0).unwrap_err();
        assert_eq!(error.to_string(), "too few groups (2) to keep training, validation and test rows apart");
        assert_eq!(Splits::new(&rows(100), 0.1, 0.0, &groups, 0).unwrap().validation.n, 50);
    }

    #[test]
    fn a_group_is_never_divided() {
        let groups: Vec<u64> = (0..60).map(|i| i % 7).collect();
        let splits = Splits::new(&rows(60), 0.2, 0.2, &SplitBy::Group(groups), 1).unwrap();
        let of =
            |rows: &Rows| rows.values.iter().map(|v| *v as u64 % 7).collect::<std::collections::HashSet<_>>();
        assert!(of(&splits.train).is_disjoint(&of(&splits.validation)));
        assert!(of(&splits.train).is_disjoint(&of(&splits.test)));
        assert!(of(&splits.validation).is_disjoint(&of(&splits.test)));
    }
}
