//! The product of the factors, and its gradient.

use super::triangle::{Triangle, blocks};
use crate::matrix::{Matrix, Target, product};
use crate::real::Real;

/// `W[i, j] = (L U)[rows[i], columns[j]]` on the host.
pub(super) struct Factors<'a, T> {
    pub(super) lower: Triangle<T>,
    pub(super) upper: Triangle<T>,
    pub(super) rows: Option<&'a [usize]>,
    pub(super) columns: Option<&'a [usize]>,
}

/// The gradients of L, U and U's diagonal.
pub(super) type Gradients<T> = [Vec<T>; 3];

impl<T: Real> Factors<'_, T> {
    /// `W`, `[n, n]`.
    pub(super) fn product(&self) -> Vec<T> {
        let (l, u) = (self.lower.matrix(), self.upper.matrix());
        let [n, _] = l.shape();
        let mut w = vec![T::ZERO; n * n];
        for block in blocks(n) {
            let strip = &mut w[block.start * n..block.end * n];
            let l = l.rows(block.clone()).cols(0..block.end);
            product(Target::new(strip, n, 0..n), l, u.rows(0..block.end), false);
        }
        if self.rows.is_none() && self.columns.is_none() {
            return w;
        }
        let mut ordered = Vec::with_capacity(n * n);
        self.each(n, |place| ordered.push(w[place]));
        ordered
    }

    /// The gradients under `gradient`, that of `W`, `[n, n]`.
    pub(super) fn pull_back(&self, mut gradient: Vec<T>) -> Gradients<T> {
        let (l, u) = (self.lower.matrix(), self.upper.matrix());
        let [n, _] = l.shape();
        if self.rows.is_some() || self.columns.is_some() {
            let (ordered, mut values) = (gradient, vec![T::ZERO; n * n]);
            let mut next = ordered.iter();
            self.each(n, |place| values[place] = *next.next().expect("as many as places"));
            gradient = values;
        }
        let g = Matrix::new(&gradient, 0, [n, n], [n as isize, 1]);
        let [mut of_l, mut of_u] = [vec![T::ZERO; n * n], vec![T::ZERO; n * n]];
        for block in blocks(n) {
            let strip = &mut of_l[block.start * n..block.end * n];
            let u = u.rows(0..block.end);
            product(Target::new(strip, n, 0..block.end), g.rows(block.clone()), u.t(), false);
            let strip = &mut of_u[block.start * n..block.end * n];
            let (l, g) = (l.rows(block.start..n).cols(block.clone()), g.rows(block.start..n));
            product(Target::new(strip, n, block.start..n), l.t(), g.cols(block.start..n), false);
        }
        let mut of_diagonal = Vec::with_capacity(n);
        for (i, (of_l, of_u)) in
            of_l.chunks_exact_mut(n.max(1)).zip(of_u.chunks_exact_mut(n.max(1))).enumerate()
        {
            of_diagonal.push(of_u[i]);
            of_l[i..].fill(T::ZERO);
            of_u[..=i].fill(T::ZERO);
        }
        [of_l, of_u, of_diagonal]
    }

    /// The places in `L U` of the entries of `W`, one after the other.
    fn each(&self, n: usize, mut f: impl FnMut(usize)) {
        let place = |order: Option<&[usize]>, i: usize| order.map_or(i, |order| order[i]);
        for i in 0..n {
            let row = place(self.rows, i) * n;
            (0..n).for_each(|j| f(row + place(self.columns, j)));
        }
    }
}
