//! The inverse of many rows: strips of rows, a vector lane each.

use super::host::{Host, HostLayer};
use super::number::Number;
use super::plan::Plan;
use super::sweep;
use super::tile::multiply_add;
use super::univariate::{Column, ColumnInverse, Columns, Invert};
use crate::simd::dispatch;
use crate::threads;
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
///
/// With a `gradient` of `x`, `[rows, features]`, `x` is filled with that of the latent values instead.
pub(super) fn inverse<T: Invert>(
    host: &Host<'_, T>,
    univariate: &dyn ColumnInverse,
    gradient: Option<&[T]>,
    x: &mut [T],
    log_det: &mut [T],
) {
    let lanes = lanes::<T>();
    let vectors = if log_det.len() <= lanes { 1 } else { VECTORS };
    let rows = lanes * vectors;
    let plans: Vec<Plan<T>> = host.layers.iter().map(|layer| Plan::new(&layer.map)).collect();
    let back = if gradient.is_some() { sweep::plans(host) } else { Vec::new() };
    let gradient = gradient.map(|gradient| (gradient, &*back));
    let features = host.features();
    let scratch = || (T::columns(univariate), Scratch::new(host, rows, gradient.is_some()));
    let run = |(columns, scratch): &mut (Box<dyn Columns<T> + '_>, Scratch<T>),
               (i, (x, log_det)): (usize, (&mut [T], &mut [T]))| {
        let (plans, columns, row) = (&*plans, &mut **columns, i * rows);
        dispatch(Strip { host, plans, gradient, columns, scratch, row, x, log_det, vectors });
    };
    if log_det.len() > rows && log_det.len() * host.work() >= PARALLEL && threads::count() > 1 {
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
pub(super) struct Scratch<T> {
    /// The features in their order, the hidden units, the parameters in the order of their features.
    pub units: Vec<Vec<T>>,
    /// The residual stream, or its gradient.
    pub stream: Vec<T>,
    /// The latent values of one feature, or their gradient.
    pub z: Vec<T>,
    /// The log-derivatives of the features in their order.
    pub log_slopes: Vec<T>,
    /// The derivatives of the hidden units' activations; empty where no gradient is wanted.
    pub slopes: Vec<Vec<T>>,
    /// The gradients of `units`, last units first; empty where none is wanted.
    pub gradients: Vec<Vec<T>>,
    /// The gradients of one feature's parameters.
    pub params: Vec<T>,
}

impl<T: Number> Scratch<T> {
    fn new(host: &Host<'_, T>, rows: usize, gradient: bool) -> Self {
        let zeros = |units: usize| vec![T::ZERO; units * rows];
        let widths = std::iter::once(host.features()).chain(host.layers.iter().map(|layer| layer.units()));
        let units: Vec<Vec<T>> = widths.map(zeros).collect();
        let stream = if host.blocks { host.layers[0].units() } else { 0 };
        let hidden = &units[1..units.len() - 1];
        Self {
            stream: zeros(stream),
            z: zeros(1),
            log_slopes: zeros(host.features()),
            slopes: if gradient { hidden.to_vec() } else { vec![Vec::new(); hidden.len()] },
            gradients: if gradient { units.clone() } else { Vec::new() },
            params: zeros(host.num_params()),
            units,
        }
    }
}

/// The work on one strip of rows.
struct Strip<'a, T> {
    host: &'a Host<'a, T>,
    plans: &'a [Plan<T>],
    gradient: Option<(&'a [T], &'a [Plan<T>])>,
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
    fn run<S: Simd, const N: usize>(mut self, simd: S) {
        self.find::<S, N>(simd);
        let Self { host, columns, scratch, row, x, log_det, gradient, .. } = self;
        let (features, lanes) = (host.features(), N * T::lanes::<S>());
        if let Some((gradient, plans)) = gradient {
            let gradient = &gradient[row * features..][..x.len()];
            sweep::sweep::<T, S, N>(simd, host, plans, columns, scratch, gradient, x);
            return;
        }
        log_det.fill(T::ZERO);
        let found = scratch.units[0].chunks_exact(lanes).zip(scratch.log_slopes.chunks_exact(lanes));
        for (&feature, (found, log_slope)) in host.order.iter().zip(found) {
            for (lane, (log_det, &log_slope)) in log_det.iter_mut().zip(log_slope).enumerate() {
                *log_det += log_slope;
                x[lane * features + feature] = found[lane];
            }
        }
    }

    /// Finds the features, all other units on the way.
    #[inline(always)]
    fn find<S: Simd, const N: usize>(&mut self, simd: S) {
        let Self { host, plans, row, .. } = *self;
        let Scratch { units, stream, z, log_slopes, slopes, .. } = &mut *self.scratch;
        let (features, p) = (host.features(), host.num_params());
        let lanes = N * T::lanes::<S>();
        let rows = self.log_det.len();
        units[1..].iter_mut().for_each(|units| units.fill(T::ZERO));
        for (step, &feature) in host.order.iter().enumerate() {
            for (i, (layer, plan)) in host.layers.iter().zip(plans).enumerate() {
                let (inputs, units) = units.split_at_mut(i + 1);
                let (inputs, units) = (&inputs[i], &mut units[0]);
                multiply::<T, S, N>(simd, plan, step, inputs, units);
                if i + 1 < plans.len() {
                    let first = layer.map.ready[step];
                    let known = first * lanes..layer.map.ready[step + 1] * lanes;
                    complete(layer, first, row, rows, &mut units[known.clone()], lanes);
                    let stream = if host.blocks { &mut stream[known.clone()] } else { &mut [][..] };
                    let slopes = slopes[i].get_mut(known.clone()).unwrap_or_default();
                    host.finish_units(i, &mut units[known], stream, slopes);
                }
            }
            for (lane, z) in z[..rows].iter_mut().enumerate() {
                *z = host.z[(row + lane) * features + feature];
            }
            let (first, last) = units.split_at_mut(1);
            let params = &mut last[plans.len() - 1][step * p * lanes..(step + 1) * p * lanes];
            complete(&host.layers[plans.len() - 1], step * p, row, rows, params, lanes);
            let x = &mut first[0][step * lanes..(step + 1) * lanes];
            let log_slope = &mut log_slopes[step * lanes..(step + 1) * lanes];
            self.columns.inverse(Column { feature, z: &z[..lanes], params, x, log_slope });
        }
    }
}

/// Adds to `units` what is due at a step.
#[inline(always)]
pub(super) fn multiply<T: Number, S: Simd, const N: usize>(
    simd: S,
    plan: &Plan<T>,
    step: usize,
    inputs: &[T],
    units: &mut [T],
) {
    let lanes = N * T::lanes::<S>();
    for (tile, weights) in plan.step(step) {
        let (inputs, _) = T::vectors::<S>(&inputs[tile.inputs.start * lanes..tile.inputs.end * lanes]);
        let (units, _) = T::vectors_mut::<S>(&mut units[tile.units.start * lanes..tile.units.end * lanes]);
        multiply_add::<T, S, N>(simd, weights, inputs, units);
    }
}

/// Adds to the sums of units what does not come of the features; `first` is the first of them, `row` the first row.
#[inline(always)]
fn complete<T: Number>(
    layer: &HostLayer<'_, T>,
    first: usize,
    row: usize,
    rows: usize,
    units: &mut [T],
    lanes: usize,
) {
    for (j, sums) in units.chunks_exact_mut(lanes).enumerate() {
        layer.complete(layer.map.column(first + j), row, rows, sums);
    }
}
