//! One image and its patches.
//!
//! Between the two layouts stands the image with its channels last, `[height, width, channels]`: of it a patch's row of pixels is one
//! run of numbers.

use crate::real::Real;
use crate::simd::dispatch;
use pulp::NullaryFnOnce;
use std::ops::Range;

/// The positions of an image and its patches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grid {
    pub(super) height: usize,
    pub(super) width: usize,
    pub(super) channels: usize,
    /// The side of a patch.
    pub(super) size: usize,
}

impl Grid {
    pub(super) fn positions(&self) -> usize {
        self.height * self.width
    }

    /// Numbers of an image.
    pub(super) fn image(&self) -> usize {
        self.channels * self.positions()
    }

    /// Numbers of an image's patches.
    pub(super) fn patches(&self) -> usize {
        self.columns() * self.positions()
    }

    /// Numbers of a patch.
    pub(super) fn columns(&self) -> usize {
        self.size * self.size * self.channels
    }

    /// The patches of an image, `rows` overwritten with them; `last` is for the image with its channels last.
    pub(super) fn unfold<T: Real>(&self, image: &[T], last: &mut [T], rows: &mut [T]) {
        if self.size == 1 {
            return dispatch(Transpose { from: image, rows: self.channels, to: rows });
        }
        rows.fill(T::ZERO);
        dispatch(Transpose { from: image, rows: self.channels, to: last });
        self.each(|row, seen, place| {
            let start = row * self.columns() + place;
            rows[start..start + seen.len()].copy_from_slice(&last[seen]);
        });
    }

    /// The adjoint: `image` is overwritten with the sum of its patches, and `bias` added to each channel where there is one.
    pub(super) fn fold<T: Real>(&self, rows: &[T], bias: Option<&[T]>, last: &mut [T], image: &mut [T]) {
        if self.size == 1 && bias.is_none() {
            return dispatch(Transpose { from: rows, rows: self.positions(), to: image });
        }
        match bias {
            None => last.fill(T::ZERO),
            Some(bias) => last.chunks_exact_mut(self.channels).for_each(|pixel| pixel.copy_from_slice(bias)),
        }
        dispatch(Add { grid: self, rows, last });
        dispatch(Transpose { from: last, rows: self.positions(), to: image });
    }

    /// Calls `visit(row, seen, place)` for each row of pixels of each patch inside the image: `seen` are the numbers of the
    /// image with its channels last, `place` is where they begin in the patch of `row`.
    #[inline(always)]
    fn each(&self, mut visit: impl FnMut(usize, Range<usize>, usize)) {
        let Self { height, width, channels, size } = *self;
        let pad = size / 2;
        for y in 0..height {
            for ky in pad.saturating_sub(y)..size.min(height + pad - y) {
                let above = (y + ky - pad) * width;
                for x in 0..width {
                    let kx = pad.saturating_sub(x)..size.min(width + pad - x);
                    let first = above + x + kx.start - pad;
                    let seen = first * channels..(first + kx.len()) * channels;
                    visit(y * width + x, seen, (ky * size + kx.start) * channels);
                }
            }
        }
    }
}

/// `from`, `[rows, columns]`, to `[columns, rows]`.
struct Transpose<'a, T> {
    from: &'a [T],
    rows: usize,
    to: &'a mut [T],
}

impl<T: Real> NullaryFnOnce for Transpose<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { from, rows, to } = self;
        let columns = from.len() / rows;
        if rows == 2 {
            // Two parameters of each element.
            let (first, second) = from.split_at(columns);
            for ((to, a), b) in to.chunks_exact_mut(2).zip(first).zip(second) {
                (to[0], to[1]) = (*a, *b);
            }
            return;
        }
        for (row, from) in from.chunks_exact(columns).enumerate() {
            to[row..].iter_mut().step_by(rows).zip(from).for_each(|(to, from)| *to = *from);
        }
    }
}

/// Adds the patches of `rows` to the image `last`, its channels last.
struct Add<'a, T> {
    grid: &'a Grid,
    rows: &'a [T],
    last: &'a mut [T],
}

impl<T: Real> NullaryFnOnce for Add<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        let Self { grid, rows, last } = self;
        grid.each(|row, seen, place| {
            let start = row * grid.columns() + place;
            let from = &rows[start..start + seen.len()];
            last[seen].iter_mut().zip(from).for_each(|(to, from)| *to += *from);
        });
    }
}
