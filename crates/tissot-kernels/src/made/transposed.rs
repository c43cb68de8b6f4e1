//! A masked map the other way, for gradients.

use super::number::Number;
use super::plan::{Map, Source};
use std::ops::Range;

/// A [`Map`] from the gradients of its units to those of its inputs, the last ones first.
///
/// Step `t` is the one of the feature at place `k = features - 1 - t`. By then the gradients of all units of degree `k`
/// and above are known, and those of the inputs of degree `k` are to be computed. Units and inputs are counted from their
/// ends.
#[derive(Debug)]
pub(super) struct Transposed<'a, T> {
    map: &'a Map<'a, T>,
    inputs: usize,
    known: Vec<usize>,
    ready: Vec<usize>,
}

impl<'a, T> Transposed<'a, T> {
    /// `map` turned round; `inputs` is what [`Map::ready`] is of the layer before, none where that is the features.
    pub fn new(map: &'a Map<'a, T>, inputs: Option<&[usize]>) -> Self {
        let features = map.known.len();
        let known = (0..features).rev().map(|k| map.columns - map.ready[k]).collect();
        let rows = map.weight.len() / map.columns;
        let ready = match inputs {
            Some(ready) => (0..=features).rev().map(|k| rows - ready[k]).collect(),
            // a feature has the degree of its place and 1: that of the last place needs nothing
            None => (0..=features).map(|step| (step + 1).min(features)).collect(),
        };
        Self { map, inputs: rows, known, ready }
    }
}

impl<T: Number> Source<T> for Transposed<'_, T> {
    fn known(&self) -> &[usize] {
        &self.known
    }

    fn ready(&self) -> &[usize] {
        &self.ready
    }

    fn weights(&self) -> usize {
        self.map.weight.len()
    }

    fn gather<const U: usize>(&self, unit: usize, inputs: Range<usize>, weights: &mut [[T; U]]) {
        let columns = self.map.columns;
        let rows: [&[T]; U] = std::array::from_fn(|u| {
            &self.map.weight[self.map.row(self.inputs - 1 - unit - u) * columns..][..columns]
        });
        for (weights, input) in weights.iter_mut().zip(inputs) {
            let column = self.map.column(columns - 1 - input);
            *weights = rows.map(|row| row[column]);
        }
    }
}
