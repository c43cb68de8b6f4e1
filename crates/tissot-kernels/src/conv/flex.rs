//! Unfold and fold on the CPU, image by image.

use super::grid::Grid;
use super::op::Frame;
use crate::flex::{chunks, contiguous, numbers, tensor, written};
use crate::real::{Real, sum};
use crate::threads;
use burn::backend::flex::FlexTensor;
use std::mem::MaybeUninit;

/// Numbers below which all images stay on one thread.
const SERIAL: usize = 1 << 16;

pub(super) fn unfold<T: Real>(image: FlexTensor, size: usize) -> FlexTensor {
    let image = contiguous(image);
    let [batch, channels, height, width] = [0, 1, 2, 3].map(|axis| image.layout().shape()[axis]);
    let grid = Grid { height, width, channels, size };
    let images: &[T] = numbers(&image);
    let mut rows = Vec::new();
    if !images.is_empty() {
        let at_once = at_once(batch, grid.patches());
        let write = |fresh: &mut [_]| {
            chunks(true, fresh, at_once * grid.patches(), |task, fresh| {
                let mut last = vec![T::ZERO; grid.image()];
                let images = images[task * at_once * grid.image()..].chunks_exact(grid.image());
                for (image, fresh) in images.zip(fresh.chunks_exact_mut(grid.patches())) {
                    grid.unfold(image, &mut last, zeros(fresh));
                }
            });
        };
        // SAFETY: each chunk has some whole images, and each image's numbers are written.
        rows = unsafe { written(batch * grid.patches(), write) };
    }
    tensor(rows, &[batch * grid.positions(), grid.columns()])
}

/// The numbers as zeros.
pub(super) fn zeros<T: Real>(fresh: &mut [MaybeUninit<T>]) -> &mut [T] {
    fresh.fill(MaybeUninit::new(T::ZERO));
    // SAFETY: just filled.
    unsafe { fresh.assume_init_mut() }
}

/// With `bias` added to each channel, where there is one.
pub(super) fn fold<T: Real>(rows: FlexTensor, bias: Option<FlexTensor>, frame: Frame) -> FlexTensor {
    let (rows, bias) = (contiguous(rows), bias.map(contiguous));
    let bias: Option<&[T]> = bias.as_ref().map(numbers);
    let grid = frame.grid(rows.layout().shape()[1] / (frame.size * frame.size));
    let mut images = vec![T::ZERO; frame.batch * grid.image()];
    if !images.is_empty() {
        let all: &[T] = numbers(&rows);
        let at_once = at_once(frame.batch, grid.patches());
        chunks(true, &mut images, at_once * grid.image(), |task, images| {
            let mut last = vec![T::ZERO; grid.image()];
            let rows = all[task * at_once * grid.patches()..].chunks_exact(grid.patches());
            for (image, rows) in images.chunks_exact_mut(grid.image()).zip(rows) {
                grid.fold(rows, bias, &mut last, image);
            }
        });
    }
    tensor(images, &[frame.batch, grid.channels, grid.height, grid.width])
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
