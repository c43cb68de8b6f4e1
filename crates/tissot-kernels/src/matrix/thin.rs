//! Products too thin for `gemm`: of a depth of 1 or 2.

use super::{Matrix, Target};
use crate::real::Real;
use crate::simd::dispatch;
use pulp::NullaryFnOnce;
use std::mem::MaybeUninit;

/// Whether a product is better made by [`product`]: for depths of 1 and 2 `gemm` leaves its fast kernels.
pub(super) fn is_thin(rows: usize, depth: usize) -> bool {
    depth <= DEPTH && rows >= 8
}

const DEPTH: usize = 2;

/// `target = left right`, or `target += left right`, for a depth of 1 or 2.
pub(super) fn product<T: Real>(target: Target<'_, T>, left: Matrix<'_, T>, right: Matrix<'_, T>, add: bool) {
    let [depth, cols] = right.shape();
    let mut copy = Vec::with_capacity(depth * cols);
    for d in 0..depth {
        copy.extend((0..cols).map(|col| right.get(d, col)));
    }
    match depth {
        1 => dispatch(Thin::<T, 1> { target, left, right: &copy, add }),
        2 => dispatch(Thin::<T, 2> { target, left, right: &copy, add }),
        _ => unreachable!("a depth of {depth}"),
    }
}

struct Thin<'a, T, const D: usize> {
    target: Target<'a, T>,
    left: Matrix<'a, T>,
    right: &'a [T],
    add: bool,
}

impl<T: Real, const D: usize> NullaryFnOnce for Thin<'_, T, D> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        if self.add {
            // SAFETY: a target to add to holds numbers, see `Target::fresh`.
            self.rows(|y| unsafe { y.assume_init() })
        } else {
            self.rows(|_| T::ZERO)
        }
    }
}

impl<T: Real, const D: usize> Thin<'_, T, D> {
    #[inline(always)]
    fn rows(mut self, start: impl Fn(&MaybeUninit<T>) -> T) {
        let cols = self.right.len() / D;
        let right: [&[T]; D] = std::array::from_fn(|d| &self.right[d * cols..(d + 1) * cols]);
        for (i, row) in self.target.rows_mut().enumerate() {
            let row = &mut row[..cols];
            let left: [T; D] = std::array::from_fn(|d| self.left.get(i, d));
            for (j, y) in row.iter_mut().enumerate() {
                let mut sum = start(y);
                for d in 0..D {
                    sum += left[d] * right[d][j];
                }
                y.write(sum);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thin_products_replace_or_add() {
        let left: Vec<f64> = (0..20).map(f64::from).collect();
        let right: Vec<f64> = (0..6).map(|v| f64::from(v) - 2.0).collect();
        for depth in [1, 2] {
            for add in [false, true] {
                let mut out = vec![1.0; 10 * 5];
                let (l, r) =
                    (Matrix::new(&left, 0, [10, depth], [2, 1]), Matrix::new(&right, 0, [depth, 3], [1, 2]));
                product(Target::new(&mut out, 5, 1..4), l, r, add);
                for (i, j) in (0..10).flat_map(|i| (0..5).map(move |j| (i, j))) {
                    let sum: f64 =
                        (0..depth).map(|d| left[2 * i + d] * right[d + 2 * (j.max(1) - 1) % 6]).sum();
                    let inside = (1..4).contains(&j);
                    let expected = if inside { sum + f64::from(u8::from(add)) } else { 1.0 };
                    assert_eq!(out[i * 5 + j], expected, "{i}, {j}, depth {depth}, add: {add}");
                }
            }
        }
    }

    #[test]
    fn thin_is_what_gemm_is_slow_at() {
        assert!(is_thin(256, 2) && !is_thin(256, 3) && !is_thin(1, 1));
    }
}
