//! The inner products, vectorised over rows, and their counterpart for a single row.

use super::number::Number;
use super::plan::WIDEST;
use pulp::Simd;

/// `units += weights^T inputs` for a strip of `N` vectors of rows.
///
/// # Shapes
/// `weights`: `[inputs, units]`, `inputs`: `[inputs, N]` and `units`: `[units, N]`, in vectors.
#[inline(always)]
pub(crate) fn multiply_add<T: Number, S: Simd, const N: usize>(
    simd: S,
    weights: &[T],
    inputs: &[T::Vector<S>],
    units: &mut [T::Vector<S>],
) {
    const { assert!(WIDEST == 6) };
    match units.len() / N {
        1 => tile::<T, S, N, 1, 4>(simd, weights, inputs, units),
        2 => tile::<T, S, N, 2, 2>(simd, weights, inputs, units),
        3 => tile::<T, S, N, 3, 2>(simd, weights, inputs, units),
        4 => tile::<T, S, N, 4, 1>(simd, weights, inputs, units),
        5 => tile::<T, S, N, 5, 1>(simd, weights, inputs, units),
        _ => tile::<T, S, N, 6, 1>(simd, weights, inputs, units),
    }
}

/// A tile of `U` units, with `P` sums for each, so that there are enough of them to hide the latency of one.
#[inline(always)]
fn tile<T: Number, S: Simd, const N: usize, const U: usize, const P: usize>(
    simd: S,
    weights: &[T],
    inputs: &[T::Vector<S>],
    units: &mut [T::Vector<S>],
) {
    let (weights, _) = weights.as_chunks::<U>();
    let (inputs, _) = inputs.as_chunks::<N>();
    let (units, _) = units.as_chunks_mut::<N>();
    let units: &mut [_; U] = units.try_into().expect("as many units as the tile has");
    let step = |sums: &mut [[T::Vector<S>; N]; U], weights: &[T; U], inputs: &[T::Vector<S>; N]| {
        for u in 0..U {
            let weight = T::splat(simd, weights[u]);
            for n in 0..N {
                sums[u][n] = T::mul_add(simd, weight, inputs[n], sums[u][n]);
            }
        }
    };
    let mut sums = [[[T::splat(simd, T::default()); N]; U]; P];
    sums[0] = *units;
    let (many_weights, last_weights) = weights.as_chunks::<P>();
    let (many_inputs, last_inputs) = inputs.as_chunks::<P>();
    for (weights, inputs) in many_weights.iter().zip(many_inputs) {
        for p in 0..P {
            step(&mut sums[p], &weights[p], &inputs[p]);
        }
    }
    for (weights, inputs) in last_weights.iter().zip(last_inputs) {
        step(&mut sums[0], weights, inputs);
    }
    for p in 1..P {
        for u in 0..U {
            for n in 0..N {
                sums[0][u][n] = T::plus(simd, sums[0][u][n], sums[p][u][n]);
            }
        }
    }
    *units = sums[0];
}

/// `units += sum_i values_i rows_i`: what inputs that have become known give to all units after them, in one row.
///
/// `rows` has, for each of the `values`, the weights of that input to these units.
#[inline(always)]
pub(crate) fn push<T: Number, S: Simd, const I: usize>(
    simd: S,
    values: [T; I],
    rows: [&[T]; I],
    units: &mut [T],
) {
    let rows = rows.map(|row| &row[..units.len()]);
    let vectors = rows.map(|row| T::vectors::<S>(row).0);
    let (units, tail) = T::vectors_mut::<S>(units);
    let vectors = vectors.map(|row| &row[..units.len()]);
    let splat = values.map(|value| T::splat(simd, value));
    for (j, unit) in units.iter_mut().enumerate() {
        let mut sum = *unit;
        for i in 0..I {
            sum = T::mul_add(simd, splat[i], vectors[i][j], sum);
        }
        *unit = sum;
    }
    for (j, unit) in tail.iter_mut().enumerate() {
        let j = rows[0].len() - (rows[0].len() % T::lanes::<S>()) + j;
        for i in 0..I {
            *unit += values[i] * rows[i][j];
        }
    }
}
