//! The product of a single row with a masked weight.

use crate::matrix::Matrix;
use crate::real::Real;
use crate::simd::dispatch;
use pulp::NullaryFnOnce;
use std::ops::Range;

/// `out += x W` for one row, where `W` is stored row by row and only the runs of columns count that `runs` names, each with
/// its row.
pub(super) fn masked_row<T: Real>(out: &mut [T], x: Matrix<'_, T>, w: &[T], runs: &[(usize, Range<usize>)]) {
    dispatch(MaskedRow { out, x, w, runs });
}

struct MaskedRow<'a, T> {
    out: &'a mut [T],
    x: Matrix<'a, T>,
    w: &'a [T],
    runs: &'a [(usize, Range<usize>)],
}

impl<T: Real> NullaryFnOnce for MaskedRow<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let cols = self.out.len();
        for (row, run) in self.runs {
            let (v, w) = (self.x.get(0, *row), &self.w[row * cols..(row + 1) * cols]);
            for (y, w) in self.out[run.clone()].iter_mut().zip(&w[run.clone()]) {
                *y += v * *w;
            }
        }
    }
}
