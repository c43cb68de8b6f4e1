//! Unfold and fold on the CPU, image by image.
//!
//! Between the two layouts stands the image with its channels last, `[height, width, channels]`, of one image at a time: of it a
//! patch's row of pixels is one run of numbers.

use super::op::Frame;
use crate::flex::{chunks, contiguous, numbers, tensor, written};
use crate::real::{Real, sum};
use crate::simd::dispatch;
use crate::threads;
use burn::backend::flex::FlexTensor;
use pulp::NullaryFnOnce;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Numbers below which all images stay on one thread.
const SERIAL: usize = 1 << 16;

pub(super) fn unfold<T: Real>(image: FlexTensor, size: usize) -> FlexTensor {
    let image = contiguous(image);
    let [batch, channels, height, width] = [0, 1, 2, 3].map(|axis| image.layout().shape()[axis]);
    let grid = Grid { height, width, channels, size };
    let (per_image, per_rows) = (channels * height * width, grid.columns() * height * width);
    if per_rows == 0 {
        return tensor(Vec::<T>::new(), &[batch * height * width, grid.columns()]);
    }
    let images: &[T] = numbers(&image);
    let at_once = at_once(batch, per_rows);
    let write = |fresh: &mut [_]| {
        chunks(true, fresh, at_once * per_rows, |task, fresh| {
            let mut last = vec![T::ZERO; per_image];
            let images = images[task * at_once * per_image..].chunks_exact(per_image);
            for (image, fresh) in images.zip(fresh.chunks_exact_mut(per_rows)) {
                // An image at a time, which is then in the cache.
                fresh.fill(MaybeUninit::new(T::ZERO));
                // SAFETY: just filled.
                let rows = unsafe { fresh.assume_init_mut() };
                if size == 1 {
                    dispatch(Transpose { from: image, rows: channels, to: rows });
                } else {
                    dispatch(Transpose { from: image, rows: channels, to: &mut last });
                    grid.each(|row, seen, place| {
                        let start = row * grid.columns() + place;
                        rows[start..start + seen.len()].copy_from_slice(&last[seen]);
                    });
                }
            }
        });
    };
    // SAFETY: each chunk has some images, and each image's numbers are written.
    let rows = unsafe { written(batch * per_rows, write) };
    tensor(rows, &[batch * height * width, grid.columns()])
}

/// With `bias` added to each channel, where there is one.
pub(super) fn fold<T: Real>(rows: FlexTensor, bias: Option<FlexTensor>, frame: Frame) -> FlexTensor {
    let (rows, bias) = (contiguous(rows), bias.map(contiguous));
    let bias: Option<&[T]> = bias.as_ref().map(numbers);
    let Frame { batch, height, width, size } = frame;
    let channels = rows.layout().shape()[1] / (size * size);
    let grid = Grid { height, width, channels, size };
    let (per_image, per_rows) = (channels * height * width, grid.columns() * height * width);
    let mut images = vec![T::ZERO; batch * per_image];
    if per_image > 0 {
        let all: &[T] = numbers(&rows);
        let at_once = at_once(batch, per_rows);
        chunks(true, &mut images, at_once * per_image, |task, images| {
            let mut last = vec![T::ZERO; per_image];
            let rows = all[task * at_once * per_rows..].chunks_exact(per_rows);
            for (image, rows) in images.chunks_exact_mut(per_image).zip(rows) {
                if size == 1 && bias.is_none() {
                    dispatch(Transpose { from: rows, rows: height * width, to: image });
                    continue;
                }
                match bias {
                    None => last.fill(T::ZERO),
                    Some(bias) => {
                        last.chunks_exact_mut(channels).for_each(|pixel| pixel.copy_from_slice(bias))
                    }
                }
                dispatch(Add { grid: &grid, rows, last: &mut last });
                dispatch(Transpose { from: &last, rows: height * width, to: image });
            }
        });
    }
    tensor(images, &[batch, channels, height, width])
}

/// The sum of each channel of images `[batch, channels, height, width]`, in f64.
pub(super) fn channel_sums<T: Real>(images: FlexTensor) -> FlexTensor {
    let images = contiguous(images);
    let [channels, height, width] = [1, 2, 3].map(|axis| images.layout().shape()[axis]);
    let mut sums = vec![0.0; channels];
    for (k, map) in numbers::<T>(&images).chunks_exact((height * width).max(1)).enumerate() {
        sums[k % channels] += sum(map, |v| v);
    }
    tensor(sums.into_iter().map(T::of).collect(), &[channels])
}

/// How many images a task takes.
fn at_once(batch: usize, per_image: usize) -> usize {
    let threads = threads::count();
    if batch * per_image < SERIAL { batch.max(1) } else { batch.div_ceil(threads).max(1) }
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

/// The positions of an image and its patches.
struct Grid {
    height: usize,
    width: usize,
    channels: usize,
    size: usize,
}

impl Grid {
    /// Numbers of a patch.
    fn columns(&self) -> usize {
        self.size * self.size * self.channels
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
