//! How the vectors lie that a matrix is multiplied with.

use crate::matrix::{Matrix, Target, product};
use crate::real::Real;
use std::ops::Range;

/// The most vectors that are worked on together, so that they stay in the cache.
const BLOCK: usize = 256;

/// How vectors of `n` features lie in memory.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layout {
    /// One after the other, `[vectors, n]`: tables.
    Rows { n: usize },
    /// Feature by feature, `[n, positions]`, one such map after the other: images.
    Maps { n: usize, positions: usize },
}

impl Layout {
    /// That of `[batch, n, positions]`.
    pub(super) fn new([_, n, positions]: [usize; 3]) -> Self {
        if positions == 1 { Self::Rows { n } } else { Self::Maps { n, positions } }
    }

    /// How many features there are.
    pub(super) fn features(self) -> usize {
        match self {
            Self::Rows { n } | Self::Maps { n, .. } => n,
        }
    }

    /// How many numbers are at most one matrix.
    pub(super) fn part(self) -> usize {
        match self {
            Self::Rows { n } => BLOCK * n,
            Self::Maps { n, positions } => n * positions,
        }
    }

    /// One part as a matrix, `[n, vectors]`.
    pub(super) fn matrix<T>(self, part: &[T]) -> Matrix<'_, T> {
        match self {
            Self::Rows { n } => Matrix::new(part, 0, [part.len() / n, n], [n as isize, 1]).t(),
            Self::Maps { n, positions } => Matrix::new(part, 0, [n, positions], [positions as isize, 1]),
        }
    }

    /// The features `outputs` of `to` become `m` times the features `inputs` of `from`, or have that added.
    pub(super) fn multiply<T: Real>(
        self,
        m: Matrix<'_, T>,
        (from, inputs): (&[T], Range<usize>),
        (to, outputs): (&mut [T], Range<usize>),
        add: bool,
    ) {
        let from = self.matrix(from).rows(inputs);
        match self {
            Self::Rows { n } => product(Target::new(to, n, outputs), from.t(), m.t(), add),
            Self::Maps { positions, .. } => {
                let to = &mut to[outputs.start * positions..outputs.end * positions];
                product(Target::new(to, positions, 0..positions), m, from, add);
            }
        }
    }

    /// Feature `order[i]` of `to` becomes feature `i` of `from`, less `bias[i]`.
    pub(super) fn scatter<T: Real>(
        self,
        from: &[T],
        bias: Option<&[T]>,
        order: Option<&[usize]>,
        to: &mut [T],
    ) {
        let n = self.features();
        match self {
            Self::Rows { .. } => {
                for (from, to) in from.chunks_exact(n).zip(to.chunks_exact_mut(n)) {
                    match (order, bias) {
                        (None, None) => to.copy_from_slice(from),
                        (None, Some(bias)) => {
                            to.iter_mut().zip(from).zip(bias).for_each(|((to, from), b)| *to = *from - *b);
                        }
                        (Some(order), None) => order.iter().zip(from).for_each(|(&i, from)| to[i] = *from),
                        (Some(order), Some(bias)) => {
                            order.iter().zip(from).zip(bias).for_each(|((&i, from), b)| to[i] = *from - *b);
                        }
                    }
                }
            }
            Self::Maps { positions, .. } => {
                for (i, from) in from.chunks_exact(positions).enumerate() {
                    let (place, b) =
                        (order.map_or(i, |order| order[i]), bias.map_or(T::ZERO, |bias| bias[i]));
                    let to = &mut to[place * positions..(place + 1) * positions];
                    to.iter_mut().zip(from).for_each(|(to, from)| *to = *from - b);
                }
            }
        }
    }

    /// Feature `i` of `to` becomes feature `order[i]` of `from`.
    pub(super) fn gather<T: Real>(self, from: &[T], order: &[usize], to: &mut [T]) {
        let n = self.features();
        match self {
            Self::Rows { .. } => {
                for (from, to) in from.chunks_exact(n).zip(to.chunks_exact_mut(n)) {
                    to.iter_mut().zip(order).for_each(|(to, &i)| *to = from[i]);
                }
            }
            Self::Maps { positions, .. } => {
                for (to, &i) in to.chunks_exact_mut(positions).zip(order) {
                    to.copy_from_slice(&from[i * positions..(i + 1) * positions]);
                }
            }
        }
    }

    /// Adds `bias[i]` to feature `i`.
    #[inline(always)]
    pub(super) fn add_bias<T: Real>(self, part: &mut [T], bias: &[T]) {
        match self {
            Self::Rows { n } => {
                for row in part.chunks_exact_mut(n) {
                    row.iter_mut().zip(bias).for_each(|(z, b)| *z += *b);
                }
            }
            Self::Maps { positions, .. } => {
                for (row, b) in part.chunks_exact_mut(positions).zip(bias) {
                    row.iter_mut().for_each(|z| *z += *b);
                }
            }
        }
    }

    /// Adds the sum of each feature to `sums`.
    #[inline(always)]
    pub(super) fn add_sums<T: Real>(self, part: &[T], sums: &mut [T]) {
        match self {
            Self::Rows { n } => {
                for row in part.chunks_exact(n) {
                    row.iter().zip(&mut *sums).for_each(|(v, sum)| *sum += *v);
                }
            }
            Self::Maps { positions, .. } => {
                for (row, sum) in part.chunks_exact(positions).zip(sums) {
                    *sum += total(row);
                }
            }
        }
    }
}

/// The sum, in 32 parts, which vectors take.
#[inline(always)]
fn total<T: Real>(values: &[T]) -> T {
    let mut sums = [T::ZERO; 32];
    for values in values.chunks(sums.len()) {
        sums.iter_mut().zip(values).for_each(|(sum, v)| *sum += *v);
    }
    sums.into_iter().fold(T::ZERO, |total, sum| total + sum)
}
