//! Products too thin for `gemm`, whose kernels take 16 and more lanes of the smallest side.

use super::{Matrix, Target};
use crate::real::Real;
use crate::simd::dispatch;
use pulp::NullaryFnOnce;
use std::mem::MaybeUninit;

/// The deepest product that is made here for any number of columns, and the most columns for any depth.
const THIN: usize = 2;

/// The way that a thin product is better made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// Of a depth of 1 or 2: a row is a sum of multiples of the rows of `right`.
    Shallow,
    /// Of 1 or 2 columns: a number is the sum over a row of `left`, whose numbers lie next to one another.
    Narrow,
    /// One row: the sum of multiples of the rows of `right`, whose numbers lie next to one another.
    Low,
}

/// How a product is better made here than by `gemm`, if it is.
pub(super) fn way<T>(left: &Matrix<'_, T>, right: &Matrix<'_, T>) -> Option<Way> {
    let ([rows, depth], [_, cols]) = (left.shape(), right.shape());
    if depth <= THIN && rows >= 8 {
        Some(Way::Shallow)
    } else if cols <= THIN && rows >= 8 && left.is_row_wise() {
        Some(Way::Narrow)
    } else if rows == 1 && cols >= 16 && depth >= 8 && right.is_row_wise() {
        Some(Way::Low)
    } else {
        None
    }
}

/// `target = left right`, or `target += left right`, in a way that fits.
pub(super) fn product<T: Real>(
    target: Target<'_, T>,
    left: Matrix<'_, T>,
    right: Matrix<'_, T>,
    add: bool,
    way: Way,
) {
    let [depth, cols] = right.shape();
    match (way, depth, cols) {
        (Way::Shallow, 1, _) => dispatch(Shallow::<T, 1> { target, left, right: &by_rows(right), add }),
        (Way::Shallow, 2, _) => dispatch(Shallow::<T, 2> { target, left, right: &by_rows(right), add }),
        (Way::Narrow, _, 1) => dispatch(Narrow::<T, 1> { target, left, right: &by_rows(right.t()), add }),
        (Way::Narrow, _, 2) => dispatch(Narrow::<T, 2> { target, left, right: &by_rows(right.t()), add }),
        (Way::Low, ..) => dispatch(Low { target, left, right, add }),
        _ => unreachable!("{way:?} with a depth of {depth} and {cols} columns"),
    }
}

/// The numbers row by row.
fn by_rows<T: Real>(matrix: Matrix<'_, T>) -> Vec<T> {
    let [rows, cols] = matrix.shape();
    let mut copy = Vec::with_capacity(rows * cols);
    for row in 0..rows {
        copy.extend((0..cols).map(|col| matrix.get(row, col)));
    }
    copy
}

/// `y = value`, or `y += value`.
#[inline(always)]
fn put<T: Real>(y: &mut MaybeUninit<T>, value: T, add: bool) {
    let sum = if add {
        // SAFETY: a target to add to holds numbers, see `Target::fresh`.
        unsafe { y.assume_init() + value }
    } else {
        value
    };
    y.write(sum);
}

struct Shallow<'a, T, const D: usize> {
    target: Target<'a, T>,
    left: Matrix<'a, T>,
    right: &'a [T],
    add: bool,
}

impl<T: Real, const D: usize> NullaryFnOnce for Shallow<'_, T, D> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        // With the sum known to begin at 0 or not the compiler makes two plain loops.
        if self.add { self.rows(true) } else { self.rows(false) }
    }
}

impl<T: Real, const D: usize> Shallow<'_, T, D> {
    #[inline(always)]
    fn rows(mut self, add: bool) {
        let (first, rest) = self.right.split_at(self.right.len() / D);
        for (i, row) in self.target.rows_mut().enumerate() {
            let left: [T; D] = std::array::from_fn(|d| self.left.get(i, d));
            // Zipped, not indexed: a bound that is checked in the loop leaves its end, here all of it, to be done one by one.
            if D == 1 {
                for (y, &a) in row.iter_mut().zip(first) {
                    put(y, left[0] * a, add);
                }
            } else {
                for ((y, &a), &b) in row.iter_mut().zip(first).zip(rest) {
                    put(y, left[0] * a + left[D - 1] * b, add);
                }
            }
        }
    }
}

/// How many sums are kept of a row: a vector of the widest.
const SUMS: usize = 16;

/// How many rows are multiplied before their sums are added up. With both in one loop the compiler makes vectors of two.
const ROWS: usize = 8;

struct Narrow<'a, T, const C: usize> {
    target: Target<'a, T>,
    left: Matrix<'a, T>,
    right: &'a [T],
    add: bool,
}

impl<T: Real, const C: usize> NullaryFnOnce for Narrow<'_, T, C> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let depth = self.right.len() / C;
        let right: [&[T]; C] = std::array::from_fn(|c| &self.right[c * depth..(c + 1) * depth]);
        let mut sums = [[[T::ZERO; SUMS]; C]; ROWS];
        let mut rows = self.target.rows_mut();
        for first in (0..self.left.rows).step_by(ROWS) {
            let block = ROWS.min(self.left.rows - first);
            for (i, sums) in sums[..block].iter_mut().enumerate() {
                let left = self.left.row(first + i);
                for c in 0..C {
                    sums[c] = products(left, right[c]);
                }
            }
            for (sums, row) in sums[..block].iter().zip(&mut rows) {
                for (sums, y) in sums.iter().zip(row) {
                    put(y, sums.iter().fold(T::ZERO, |total, &sum| total + sum), self.add);
                }
            }
        }
    }
}

/// The sums of every sixteenth product.
#[inline(always)]
fn products<T: Real>(a: &[T], b: &[T]) -> [T; SUMS] {
    let mut sums = [T::ZERO; SUMS];
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<SUMS>(), b.as_chunks::<SUMS>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..SUMS {
            sums[i] += a[i] * b[i];
        }
    }
    for (sum, (&a, &b)) in sums.iter_mut().zip(last_a.iter().zip(last_b)) {
        *sum += a * b;
    }
    sums
}

struct Low<'a, T> {
    target: Target<'a, T>,
    left: Matrix<'a, T>,
    right: Matrix<'a, T>,
    add: bool,
}

impl<T: Real> NullaryFnOnce for Low<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let row = self.target.rows_mut().next().expect("one row");
        if !self.add {
            row.fill(MaybeUninit::new(T::ZERO));
        }
        for k in 0..self.right.shape()[0] {
            let left = self.left.get(0, k);
            for (y, &right) in row.iter_mut().zip(self.right.row(k)) {
                put(y, left * right, true);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All shapes around those that are thin, in views of larger matrices, against sums one by one.
    #[test]
    fn thin_products_replace_or_add() {
        let left: Vec<f64> = (0..4000).map(|v| f64::from(v * 7 % 11) - 5.0).collect();
        let right: Vec<f64> = (0..4000).map(|v| f64::from(v * 5 % 13) - 6.0).collect();
        let mut ways = Vec::new();
        for [rows, depth, cols] in
            [[10, 1, 3], [10, 2, 35], [10, 2, 1], [9, 50, 2], [9, 33, 1], [8, 3, 2], [1, 70, 19], [1, 8, 16]]
        {
            let l = Matrix::new(&left, 5, [rows, depth], [80, 1]);
            let r = Matrix::new(&right, 3, [depth, cols], [40, 1]);
            let way = way(&l, &r).expect("a thin product");
            ways.push(way);
            for add in [false, true] {
                let mut out = vec![1.0; rows * (cols + 2)];
                product(Target::new(&mut out, cols + 2, 1..cols + 1), l, r, add, way);
                for (i, j) in (0..rows).flat_map(|i| (0..cols + 2).map(move |j| (i, j))) {
                    let sum = |j: usize| (0..depth).map(|d| l.get(i, d) * r.get(d, j)).sum::<f64>();
                    let inside = (1..cols + 1).contains(&j);
                    let expected = if inside { sum(j - 1) + f64::from(u8::from(add)) } else { 1.0 };
                    assert_eq!(out[i * (cols + 2) + j], expected, "{i}, {j} of {rows} {depth} {cols}, {add}");
                }
            }
        }
        assert!([Way::Shallow, Way::Narrow, Way::Low].iter().all(|way| ways.contains(way)));
    }

    #[test]
    fn other_products_are_not_made_here() {
        let numbers = [0.0f32; 400];
        let of = |rows, cols| Matrix::contiguous(&numbers, rows, cols);
        for (left, right) in [
            (of(8, 3), of(3, 3)),        // Neither shallow nor narrow.
            (of(1, 1), of(1, 64)),       // No rows to speak of.
            (of(20, 8).t(), of(20, 2)),  // Narrow, but the rows of the left are scattered.
            (of(1, 20), of(16, 20).t()), // One row, but the rows of the right are scattered.
        ] {
            assert_eq!(way(&left, &right), None, "{:?} {:?}", left.shape(), right.shape());
        }
        assert_eq!(way(&of(10, 2), &of(2, 16)), Some(Way::Shallow));
    }
}
