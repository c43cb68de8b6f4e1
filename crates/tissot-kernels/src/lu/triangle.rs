//! A triangular matrix that products and substitutions are made with.

use super::layout::Layout;
use crate::matrix::Matrix;
use crate::real::Real;
use crate::simd::dispatch;
use pulp::NullaryFnOnce;
use std::ops::Range;

/// The size of the triangles on the diagonal that are inverted; what lies beside them is left to matrix products.
const BLOCK: usize = 32;

/// The blocks of `n` features.
pub(super) fn blocks(n: usize) -> impl DoubleEndedIterator<Item = Range<usize>> + ExactSizeIterator {
    (0..n.div_ceil(BLOCK)).map(move |i| i * BLOCK..n.min((i + 1) * BLOCK))
}

/// A triangular matrix, its other half filled with 0.
pub(super) struct Triangle<T> {
    n: usize,
    upper: bool,
    values: Vec<T>,
}

impl<T: Real> Triangle<T> {
    /// `stored` below the diagonal, ones on it.
    pub(super) fn lower(stored: Matrix<'_, T>) -> Self {
        Self::new(stored, false, |_| T::ONE)
    }

    /// `stored` above the diagonal, which is `diagonal`.
    pub(super) fn upper(stored: Matrix<'_, T>, diagonal: &[T]) -> Self {
        Self::new(stored, true, |i| diagonal[i])
    }

    fn new(stored: Matrix<'_, T>, upper: bool, diagonal: impl Fn(usize) -> T) -> Self {
        let [n, _] = stored.shape();
        let mut values = vec![T::ZERO; n * n];
        for (i, row) in values.chunks_exact_mut(n.max(1)).enumerate() {
            let own = if upper { i + 1..n } else { 0..i };
            own.for_each(|j| row[j] = stored.get(i, j));
            row[i] = diagonal(i);
        }
        Self { n, upper, values }
    }

    /// All of it.
    pub(super) fn matrix(&self) -> Matrix<'_, T> {
        Matrix::new(&self.values, 0, [self.n, self.n], [self.n as isize, 1])
    }

    /// What substitution needs, for the matrix or for its transpose.
    pub(super) fn solver(&self, transposed: bool) -> Solver<'_, T> {
        let matrix = if transposed { self.matrix().t() } else { self.matrix() };
        let upper = self.upper != transposed;
        let as_lower = if upper { matrix.t() } else { matrix };
        let inverses = blocks(self.n)
            .map(|block| {
                let m = as_lower.rows(block.clone()).cols(block);
                let mut inverse = vec![T::ZERO; m.shape()[0] * m.shape()[0]];
                dispatch(Invert { m, inverse: &mut inverse });
                inverse
            })
            .collect();
        Solver { matrix, upper, inverses }
    }
}

/// A triangular matrix with the inverses of the triangles on its diagonal, their sign turned and as lower ones.
pub(super) struct Solver<'a, T> {
    matrix: Matrix<'a, T>,
    upper: bool,
    inverses: Vec<Vec<T>>,
}

impl<T: Real> Solver<'_, T> {
    /// `to` becomes `-M^-1 from`, for one part of a layout; `from` is used up.
    ///
    /// With the sign turned, all that follows is to be added, and after two triangles it is right again.
    pub(super) fn solve(&self, layout: Layout, from: &mut [T], to: &mut [T]) {
        let [n, _] = self.matrix.shape();
        let count = self.inverses.len();
        for k in 0..count {
            let k = if self.upper { count - 1 - k } else { k };
            let block = k * BLOCK..n.min((k + 1) * BLOCK);
            let size = block.len();
            let inverse = Matrix::new(&self.inverses[k], 0, [size, size], [size as isize, 1]);
            let inverse = if self.upper { inverse.t() } else { inverse };
            layout.multiply(inverse, (from, block.clone()), (to, block.clone()), false);
            let rest = if self.upper { 0..block.start } else { block.end..n };
            if !rest.is_empty() {
                let beside = self.matrix.rows(rest.clone()).cols(block.clone());
                layout.multiply(beside, (to, block), (from, rest), true);
            }
        }
    }
}

/// `inverse` becomes `-m^-1` for a lower triangular `m`, row by row.
struct Invert<'a, T> {
    m: Matrix<'a, T>,
    inverse: &'a mut [T],
}

impl<T: Real> NullaryFnOnce for Invert<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let [n, _] = self.m.shape();
        for i in 0..n {
            let (above, row) = self.inverse.split_at_mut(i * n);
            row[i] = -T::ONE;
            for k in 0..i {
                let factor = self.m.get(i, k);
                let known = &above[k * n..k * n + k + 1];
                row[..=k].iter_mut().zip(known).for_each(|(x, known)| *x -= factor * *known);
            }
            let diagonal = self.m.get(i, i);
            row[..=i].iter_mut().for_each(|x| *x = *x / diagonal);
        }
    }
}
