//! The inner products, vectorised over rows, and their counterpart for a single row.
//!
//! A sum takes its inputs one after another in their order and with fused multiplications, as burn's matrix product does,
//! and gets its bias last. So both directions of a layer round alike, and their log-dets cancel further than either is
//! exact.

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
        1 => tile::<T, S, N, 1>(simd, weights, inputs, units),
        2 => tile::<T, S, N, 2>(simd, weights, inputs, units),
        3 => tile::<T, S, N, 3>(simd, weights, inputs, units),
        4 => tile::<T, S, N, 4>(simd, weights, inputs, units),
        5 => tile::<T, S, N, 5>(simd, weights, inputs, units),
        _ => tile::<T, S, N, WIDEST>(simd, weights, inputs, units),
    }
}

/// A tile of `U` units.
#[inline(always)]
fn tile<T: Number, S: Simd, const N: usize, const U: usize>(
    simd: S,
    weights: &[T],
    inputs: &[T::Vector<S>],
    units: &mut [T::Vector<S>],
) {
    let (weights, _) = weights.as_chunks::<U>();
    let (inputs, _) = inputs.as_chunks::<N>();
    let (units, _) = units.as_chunks_mut::<N>();
    let units: &mut [_; U] = units.try_into().expect("as many units as the tile has");
    let mut sums = *units;
    for (weights, inputs) in weights.iter().zip(inputs) {
        for u in 0..U {
            let weight = T::splat(simd, weights[u]);
            for n in 0..N {
                sums[u][n] = T::mul_add(simd, weight, inputs[n], sums[u][n]);
            }
        }
    }
    *units = sums;
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
    if !tail.is_empty() {
        // as many numbers as the widest vector has
        let (mut sums, mut rest) = ([T::ZERO; 16], [T::ZERO; 16]);
        sums[..tail.len()].copy_from_slice(tail);
        for i in 0..I {
            rest[..tail.len()].copy_from_slice(&rows[i][rows[i].len() - tail.len()..]);
            let sum = &mut T::vectors_mut::<S>(&mut sums).0[0];
            *sum = T::mul_add(simd, splat[i], T::vectors::<S>(&rest).0[0], *sum);
        }
        tail.copy_from_slice(&sums[..tail.len()]);
    }
}
