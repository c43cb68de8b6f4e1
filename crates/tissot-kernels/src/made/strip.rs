//! The inverse of many rows: strips of rows, a vector lane each.

use super::host::Host;
use super::number::Number;
use super::plan::Plan;
use super::tile::multiply_add;
use super::univariate::{Column, ColumnInverse, Columns, Invert};
use crate::simd::dispatch;
use pulp::{Simd, WithSimd};
use rayon::prelude::*;

/// Below so many multiplications a second thread does not pay.
const PARALLEL: usize = 1 << 18;

/// How many vectors of rows a strip has.
const VECTORS: usize = 2;

/// How many rows a vector has.
struct Lanes<T>(std::marker::PhantomData<T>);

impl<T: Number> WithSimd for Lanes<T> {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        T::lanes::<S>()
    }
}

/// How many rows a vector has.
pub(super) fn lanes<T: Number>() -> usize {
    dispatch(Lanes::<T>(std::marker::PhantomData))
}

/// Fills `x`, `[rows, features]`, and `log_det`, `[rows]`.
pub(super) fn inverse<T: Invert>(
    host: &Host<'_, T>,
    univariate: &dyn ColumnInverse,
    x: &mut [T],
    log_det: &mut [T],
) {
    let lanes = lanes::<T>();
    let vectors = if log_det.len() <= lanes { 1 } else { VECTORS };
    let rows = lanes * vectors;
    let plans: Vec<Plan<T>> = host.layers.iter().map(|layer| Plan::new(&layer.map)).collect();
    let features = host.features();
    let scratch = || (T::columns(univariate), Scratch::new(host, rows));
    let run = |(columns, scratch): &mut (Box<dyn Columns<T> + '_>, Scratch<T>),
               (i, (x, log_det)): (usize, (&mut [T], &mut [T]))| {
        dispatch(Strip {
            host,
            plans: &plans,
            columns: &mut **columns,
            scratch,
            row: i * rows,
            x,
            log_det,
            vectors,
        });
    };
    if log_det.len() > rows && log_det.len() * host.work() >= PARALLEL {
        x.par_chunks_mut(rows * features)
            .zip(log_det.par_chunks_mut(rows))
            .enumerate()
            .for_each_init(scratch, run);
    } else {
        let mut scratch = scratch();
        let strips = x.chunks_mut(rows * features).zip(log_det.chunks_mut(rows)).enumerate();
        strips.for_each(|strip| run(&mut scratch, strip));
    }
}

/// What a thread writes to while it works on a strip; each unit has one entry a row, one unit after the other.
#[derive(Debug)]
struct Scratch<T> {
    /// The features in their order, the hidden units, the parameters in the order of their features.
    units: Vec<Vec<T>>,
    /// The residual stream.
    stream: Vec<T>,
    /// The latent values of one feature, and the log-derivatives.
    z: Vec<T>,
    log_slope: Vec<T>,
}

impl<T: Number> Scratch<T> {
    fn new(host: &Host<'_, T>, rows: usize) -> Self {
        let zeros = |units: usize| vec![T::default(); units * rows];
        let units = [host.features()].into_iter().chain(host.layers.iter().map(|layer| layer.units()));
        let stream = if host.blocks { host.layers[0].units() } else { 0 };
        Self { units: units.map(zeros).collect(), stream: zeros(stream), z: zeros(1), log_slope: zeros(1) }
    }
}

/// The work on one strip of rows.
struct Strip<'a, T> {
    host: &'a Host<'a, T>,
    plans: &'a [Plan<T>],
    columns: &'a mut (dyn Columns<T> + 'a),
    scratch: &'a mut Scratch<T>,
    /// The strip's first row.
    row: usize,
    x: &'a mut [T],
    log_det: &'a mut [T],
    vectors: usize,
}

impl<T: Invert> WithSimd for Strip<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        match self.vectors {
            1 => self.run::<S, 1>(simd),
            _ => self.run::<S, VECTORS>(simd),
        }
    }
}

impl<T: Invert> Strip<'_, T> {
    #[inline(always)]
    fn run<S: Simd, const N: usize>(self, simd: S) {
        let Self { host, plans, columns, scratch, row, x, log_det, .. } = self;
        let Scratch { units, stream, z, log_slope } = scratch;
        let (features, p) = (host.features(), host.num_params());
        let lanes = N * T::lanes::<S>();
        let rows = log_det.len();
        start(host, units, row, rows, lanes);
        log_det.fill(T::default());
        for (step, &feature) in host.order.iter().enumerate() {
            for (i, (layer, plan)) in host.layers.iter().zip(plans).enumerate() {
                let (inputs, units) = units.split_at_mut(i + 1);
                let (inputs, units) = (&inputs[i], &mut units[0]);
                for (tile, weights) in plan.step(step) {
                    let (inputs, _) =
                        T::vectors::<S>(&inputs[tile.inputs.start * lanes..tile.inputs.end * lanes]);
                    let (units, _) =
                        T::vectors_mut::<S>(&mut units[tile.units.start * lanes..tile.units.end * lanes]);
                    multiply_add::<T, S, N>(simd, weights, inputs, units);
                }
                if i + 1 < plans.len() {
                    let known = layer.map.ready[step] * lanes..layer.map.ready[step + 1] * lanes;
                    let stream = if host.blocks { &mut stream[known.clone()] } else { &mut [][..] };
                    host.finish_units(i, &mut units[known], stream);
                }
            }
            for (lane, z) in z[..rows].iter_mut().enumerate() {
                *z = host.z[(row + lane) * features + feature];
            }
            let (first, last) = units.split_at_mut(1);
            let params = &last[plans.len() - 1][step * p * lanes..(step + 1) * p * lanes];
            let found = &mut first[0][step * lanes..(step + 1) * lanes];
            columns.inverse(Column { feature, z, params, x: found, log_slope });
            for (lane, (log_det, &log_slope)) in log_det.iter_mut().zip(&*log_slope).enumerate() {
                *log_det += log_slope;
                x[lane * features + feature] = found[lane];
            }
        }
    }
}

/// Gives every unit what it has before any input.
#[inline(always)]
fn start<T: Number>(host: &Host<'_, T>, units: &mut [Vec<T>], row: usize, rows: usize, lanes: usize) {
    for (layer, units) in host.layers.iter().zip(&mut units[1..]) {
        for (j, unit) in units.chunks_exact_mut(lanes).enumerate() {
            let column = layer.map.column(j);
            if layer.added.is_none() {
                unit.fill(layer.start(row, column));
                continue;
            }
            let (unit, rest) = unit.split_at_mut(rows);
            rest.fill(T::default());
            for (lane, unit) in unit.iter_mut().enumerate() {
                *unit = layer.start(row + lane, column);
            }
        }
    }
}
