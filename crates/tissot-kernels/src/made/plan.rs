//! Which units become known when, and a masked map's weights in the order in which that needs them.

use super::number::Number;
use std::ops::Range;

/// The most units that one call of [`multiply_add`](super::tile::multiply_add) computes.
pub(crate) const WIDEST: usize = 6;

/// So many units at least are computed together from all that was known before them.
const PANEL: usize = 2 * WIDEST;

/// A masked map on the host: where its weights are, and what its masks are made of.
///
/// Step `k = 0, 1, ..` finds the feature at place `k`. At its start `known[k]` inputs are known (by then those of
/// degree `k` are too) and the units `ready[k] .. ready[k + 1]`, of degree `k`, are to be computed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Map<'a, T> {
    /// `[rows, columns]`.
    pub weight: &'a [T],
    /// How many columns `weight` has.
    pub columns: usize,
    /// The row of each input, the inputs in the order in which they become known; none where that is their own.
    pub row_of: Option<&'a [usize]>,
    /// The column of the first of each `group` units, in the order in which they are computed; none where that is the
    /// unit's own.
    pub column_of: Option<(&'a [usize], usize)>,
    /// How many inputs are known at each step.
    pub known: &'a [usize],
    /// How many units are known at the start of each step, and at the end.
    pub ready: &'a [usize],
}

/// Weights between inputs and units, and when these are known.
pub(crate) trait Source<T> {
    /// How many inputs are known at each step.
    fn known(&self) -> &[usize];
    /// How many units are known at the start of each step, and at the end.
    fn ready(&self) -> &[usize];
    /// How many weights there are at most.
    fn weights(&self) -> usize;
    /// Writes those from `inputs` to the `U` units from `unit` on, `[inputs, U]`.
    fn gather<const U: usize>(&self, unit: usize, inputs: Range<usize>, weights: &mut [[T; U]]);
}

impl<T> Map<'_, T> {
    /// The row of input `i`.
    #[inline(always)]
    pub fn row(&self, i: usize) -> usize {
        self.row_of.map_or(i, |rows| rows[i])
    }

    /// The column of unit `j`.
    #[inline(always)]
    pub fn column(&self, j: usize) -> usize {
        self.column_of.map_or(j, |(first, group)| first[j / group] * group + j % group)
    }
}

/// A product that adds to `units` what `inputs` give to them.
#[derive(Clone, Debug)]
pub(crate) struct Tile {
    /// At most [`WIDEST`] of them.
    pub units: Range<usize>,
    /// Which inputs.
    pub inputs: Range<usize>,
    /// Where its weights are, `[inputs, units]`.
    pub weights: Range<usize>,
}

/// The products of a masked map in the order of the steps, with their weights one after another.
#[derive(Debug)]
pub(crate) struct Plan<T> {
    tiles: Vec<Tile>,
    /// Where the tiles of each step start, and the end.
    starts: Vec<usize>,
    weights: Vec<T>,
}

impl<T: Number> Plan<T> {
    /// The products that compute the units of `map`.
    ///
    /// Steps with few units are joined into panels: what all of a panel's units need of the inputs that were known
    /// before is multiplied in one go, in wide tiles, at the panel's first step.
    pub fn new(map: &impl Source<T>) -> Self {
        let (known, ready) = (map.known(), map.ready());
        let steps = known.len();
        let weights = Vec::with_capacity(map.weights());
        let mut plan = Self { tiles: Vec::new(), starts: Vec::with_capacity(steps + 1), weights };
        let mut first = 0;
        while first < steps {
            let mut end = first + 1;
            while end < steps && ready[end] - ready[first] < PANEL {
                end += 1;
            }
            plan.starts.push(plan.tiles.len());
            plan.push(map, ready[first]..ready[end], 0..known[first]);
            for step in first + 1..end {
                plan.starts.push(plan.tiles.len());
                plan.push(map, ready[step]..ready[step + 1], known[first]..known[step]);
            }
            first = end;
        }
        plan.starts.push(plan.tiles.len());
        plan
    }

    /// Appends the product of `units` and `inputs`, in tiles of about the same width.
    fn push(&mut self, map: &impl Source<T>, units: Range<usize>, inputs: Range<usize>) {
        if units.is_empty() || inputs.is_empty() {
            return;
        }
        let tiles = units.len().div_ceil(WIDEST);
        let bound = |tile: usize| units.start + tile * units.len() / tiles;
        for tile in 0..tiles {
            let units = bound(tile)..bound(tile + 1);
            let start = self.weights.len();
            self.weights.resize(start + inputs.len() * units.len(), T::default());
            let weights = &mut self.weights[start..];
            match units.len() {
                1 => map.gather::<1>(units.start, inputs.clone(), weights.as_chunks_mut().0),
                2 => map.gather::<2>(units.start, inputs.clone(), weights.as_chunks_mut().0),
                3 => map.gather::<3>(units.start, inputs.clone(), weights.as_chunks_mut().0),
                4 => map.gather::<4>(units.start, inputs.clone(), weights.as_chunks_mut().0),
                5 => map.gather::<5>(units.start, inputs.clone(), weights.as_chunks_mut().0),
                _ => map.gather::<WIDEST>(units.start, inputs.clone(), weights.as_chunks_mut().0),
            }
            let weights = start..self.weights.len();
            self.tiles.push(Tile { units, inputs: inputs.clone(), weights });
        }
    }

    /// The products of a step, each with its weights.
    #[inline(always)]
    pub fn step(&self, step: usize) -> impl Iterator<Item = (&Tile, &[T])> {
        let tiles = &self.tiles[self.starts[step]..self.starts[step + 1]];
        tiles.iter().map(|tile| (tile, &self.weights[tile.weights.clone()]))
    }
}

impl<T: Number> Source<T> for Map<'_, T> {
    fn known(&self) -> &[usize] {
        self.known
    }

    fn ready(&self) -> &[usize] {
        self.ready
    }

    fn weights(&self) -> usize {
        self.weight.len()
    }

    fn gather<const U: usize>(&self, unit: usize, inputs: Range<usize>, weights: &mut [[T; U]]) {
        let columns: [usize; U] = std::array::from_fn(|u| self.column(unit + u));
        let straight = columns.windows(2).all(|pair| pair[0] + 1 == pair[1]);
        for (weights, input) in weights.iter_mut().zip(inputs) {
            let row = &self.weight[self.row(input) * self.columns..][..self.columns];
            *weights = if straight {
                *row[columns[0]..].first_chunk().expect("a row holds all columns")
            } else {
                columns.map(|column| row[column])
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every weight that the degrees allow is used once, and only after its input is known.
    #[test]
    fn the_steps_use_each_weight_once_and_in_time() {
        for (inputs_a_step, units_a_step) in [(1, 12), (3, 1), (2, 5), (1, 23), (7, 0)] {
            let steps = 9;
            let known: Vec<usize> = (1..=steps).map(|k| k * inputs_a_step).collect();
            let ready: Vec<usize> = (0..=steps).map(|k| k * units_a_step).collect();
            let (rows, columns) = (steps * inputs_a_step, steps * units_a_step);
            let weight: Vec<f64> = (0..rows * columns).map(|i| i as f64).collect();
            let map =
                Map { weight: &weight, columns, row_of: None, column_of: None, known: &known, ready: &ready };
            let plan = Plan::new(&map);
            let mut seen = vec![0; rows * columns];
            for step in 0..steps {
                for (tile, weights) in plan.step(step) {
                    assert!(tile.inputs.end <= known[step], "step {step}: {tile:?}");
                    assert!(
                        tile.units.start >= ready[step] && tile.units.len() <= WIDEST,
                        "{step}: {tile:?}"
                    );
                    let pairs = tile.inputs.clone().flat_map(|i| tile.units.clone().map(move |j| (i, j)));
                    for ((i, j), &weight) in pairs.zip(weights) {
                        assert_eq!(weight, (i * columns + j) as f64);
                        seen[i * columns + j] += 1;
                    }
                }
            }
            for (i, j) in (0..rows).flat_map(|i| (0..columns).map(move |j| (i, j))) {
                let allowed = i / inputs_a_step <= j / units_a_step;
                assert_eq!(seen[i * columns + j], usize::from(allowed), "input {i}, unit {j}");
            }
        }
    }
}
