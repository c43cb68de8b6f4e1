//! The inverse of a few rows, one after another: nothing is prepared, each weight is read once, where it lies.

use super::host::{Host, HostLayer};
use super::number::Number;
use super::tile::push;
use super::univariate::{Column, ColumnInverse, Columns, Invert};
use crate::simd::dispatch;
use pulp::{Simd, WithSimd};
use std::ops::Range;

/// Fills `x`, `[rows, features]`, and `log_det`, `[rows]`.
pub(super) fn inverse<T: Invert>(
    host: &Host<'_, T>,
    univariate: &dyn ColumnInverse,
    x: &mut [T],
    log_det: &mut [T],
) {
    let zeros = |units: usize| vec![T::default(); units];
    let layers = host.layers.iter().map(|layer| zeros(layer.units()));
    let mut units: Vec<Vec<T>> = std::iter::once(zeros(host.features())).chain(layers).collect();
    let mut stream = zeros(if host.blocks { host.layers[0].units() } else { 0 });
    let live = live_parameters(host);
    let mut columns = T::columns(univariate);
    for (row, (x, log_det)) in x.chunks_mut(host.features()).zip(log_det).enumerate() {
        let (units, stream, live, columns) = (&mut *units, &mut *stream, &*live, &mut *columns);
        dispatch(Row { host, columns, live, units, stream, row, x, log_det });
    }
}

/// The columns of the last layer that are still needed at each step: those of the features from there on, and what lies
/// between them.
fn live_parameters<T: Number>(host: &Host<'_, T>) -> Vec<Range<usize>> {
    let p = host.num_params();
    let mut live = Vec::with_capacity(host.features());
    let (mut start, mut end) = (usize::MAX, 0);
    for &feature in host.order.iter().rev() {
        (start, end) = (start.min(feature * p), end.max((feature + 1) * p));
        live.push(start..end);
    }
    live.reverse();
    live
}

/// The work on one row.
struct Row<'a, T> {
    host: &'a Host<'a, T>,
    columns: &'a mut (dyn Columns<T> + 'a),
    live: &'a [Range<usize>],
    /// The features in their order, then the units of each layer in the order of their columns.
    units: &'a mut [Vec<T>],
    stream: &'a mut [T],
    row: usize,
    x: &'a mut [T],
    log_det: &'a mut T,
}

impl<T: Invert> WithSimd for Row<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { host, columns, live, units, stream, row, x, log_det } = self;
        let (features, p, last) = (host.features(), host.num_params(), host.layers.len() - 1);
        units[1..].iter_mut().for_each(|units| units.fill(T::ZERO));
        *log_det = T::default();
        for (step, &feature) in host.order.iter().enumerate() {
            for (i, layer) in host.layers.iter().enumerate() {
                let (inputs, units) = units.split_at_mut(i + 1);
                let (inputs, units) = (&inputs[i], &mut units[0]);
                let (known, ready) = (layer.map.known, layer.map.ready);
                let new = if step == 0 { 0 } else { known[step - 1] }..known[step];
                let needed = if i == last { live[step].clone() } else { ready[step]..layer.units() };
                push_all(simd, layer, inputs, new, needed, units);
                if i < last {
                    let complete = ready[step]..ready[step + 1];
                    complete.clone().for_each(|unit| layer.complete(unit, row, 1, &mut units[unit..=unit]));
                    let stream = if host.blocks { &mut stream[complete.clone()] } else { &mut [][..] };
                    host.finish_units(i, &mut units[complete], stream, &mut []);
                }
            }
            let z = &host.z[row * features + feature..][..1];
            let (first, rest) = units.split_at_mut(1);
            let own = feature * p..(feature + 1) * p;
            own.clone().for_each(|column| {
                host.layers[last].complete(column, row, 1, &mut rest[last][column..=column])
            });
            let params = &rest[last][own];
            let (found, mut log_slope) = (&mut first[0][step..=step], T::default());
            let slope = std::slice::from_mut(&mut log_slope);
            columns.inverse(Column { feature, z, params, x: found, log_slope: slope });
            *log_det += log_slope;
            x[feature] = found[0];
        }
    }
}

/// Adds what the inputs `new` give to the units of `columns`, four inputs at a time; those that are 0 give nothing.
#[inline(always)]
fn push_all<T: Number, S: Simd>(
    simd: S,
    layer: &HostLayer<'_, T>,
    inputs: &[T],
    new: Range<usize>,
    columns: Range<usize>,
    units: &mut [T],
) {
    let units = &mut units[columns.clone()];
    let weights =
        |input: usize| &layer.map.weight[layer.map.row(input) * layer.map.columns..][columns.clone()];
    let mut four = [(T::default(), &[][..]); 4];
    let mut count = 0;
    for input in new {
        if inputs[input] == T::default() {
            continue;
        }
        four[count] = (inputs[input], weights(input));
        count += 1;
        if count == 4 {
            push(simd, four.map(|(value, _)| value), four.map(|(_, row)| row), units);
            count = 0;
        }
    }
    for &(value, row) in &four[..count] {
        push(simd, [value], [row], units);
    }
}
