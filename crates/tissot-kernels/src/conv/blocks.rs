//! Convolutions of many images by blocks of some: what stands between two products is made for a block and used while it is in the
//! cache, and memory never holds all of it.
//!
//! The blocks do not depend on the number of threads, so that no bit of the numbers does.

use super::op::Frame;
use super::pair::{Activations, Product};
use crate::activation::keeps_slope;
use crate::dense::{finish, fresh};
use crate::flex::{chunks, contiguous, for_chunks, numbers, tensor, written};
use crate::matrix::Matrix;
use crate::real::Real;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;

/// So many rows of a product are in the second cache with what they give.
const ROWS: usize = 512;

/// Fewer images leave some threads without a block, and fewer rows are in the cache as they are.
const LEAST: (usize, usize) = (16, 2048);

/// How many images a block has, where blocks pay.
pub(super) fn images(frame: Frame) -> Option<usize> {
    let positions = frame.height * frame.width;
    let pays = frame.batch >= LEAST.0 && frame.batch * positions >= LEAST.1;
    pays.then(|| (ROWS / positions).clamp(1, frame.batch))
}

/// [`patches_pair`](super::pair::patches_pair) by blocks of so many images, and what the gradient of its activation needs, where
/// `keep` says so and it is not the output. The first weight is laid out for patches.
pub(super) fn pair<T: Real>(
    image: FlexTensor,
    [first, second]: [Product<Flex>; 2],
    [inner, outer]: Activations,
    frame: Frame,
    images: usize,
    keep: bool,
) -> (FlexTensor, Option<FlexTensor>) {
    let (image, first_bias, second_bias) = (contiguous(image), contiguous(first.1), contiguous(second.1));
    let grid = frame.grid(image.layout().shape()[1]);
    let [w1, w2] = [&first.0, &second.0].map(Matrix::<T>::of);
    let ([_, hidden], [_, outputs]) = (w1.shape(), w2.shape());
    let (all, b1, b2): (&[T], &[T], &[T]) = (numbers(&image), numbers(&first_bias), numbers(&second_bias));
    let count = frame.batch * grid.positions();
    let keep = keep && keeps_slope(outer);
    let mut kept = vec![T::ZERO; if keep { count * outputs } else { 0 }];
    let size = images * grid.positions() * outputs;
    let write = |out: &mut [_]| {
        for_chunks(true, (out, size), (&mut kept, size), |block, out, kept| {
            let rows = out.len() / outputs;
            let mut last = vec![T::ZERO; grid.image()];
            let mut patches = vec![T::ZERO; rows * grid.columns()];
            let images = all[block * images * grid.image()..].chunks_exact(grid.image());
            for (image, patches) in images.zip(patches.chunks_exact_mut(grid.patches())) {
                grid.unfold(image, &mut last, patches);
            }
            let patches = Matrix::contiguous(&patches, rows, grid.columns());
            let inside = |h: &mut [_]| finish(fresh::whole(h, patches, w1), &mut [], b1, inner);
            // SAFETY: `whole` writes all numbers or panics.
            let h = unsafe { written(rows * hidden, inside) };
            finish(fresh::whole(out, Matrix::contiguous(&h, rows, hidden), w2), kept, b2, outer);
        });
    };
    // SAFETY: the chunks are all numbers, and `whole` writes each of a chunk or panics.
    let out = unsafe { written(count * outputs, write) };
    (tensor(out, &[count, outputs]), keep.then(|| tensor(kept, &[count, outputs])))
}

/// [`dense_fold`](super::turned::dense_fold) by blocks of so many images. The weight is laid out turned.
pub(super) fn fold<T: Real>(
    rows: FlexTensor,
    weight: FlexTensor,
    bias: FlexTensor,
    frame: Frame,
    images: usize,
) -> FlexTensor {
    let bias = contiguous(bias);
    let grid = frame.grid(bias.layout().shape()[0]);
    let (x, w, bias) = (Matrix::<T>::of(&rows), Matrix::<T>::of(&weight), numbers::<T>(&bias));
    let mut out = vec![T::ZERO; frame.batch * grid.image()];
    chunks(true, &mut out, images * grid.image(), |block, out| {
        let rows = out.len() / grid.image() * grid.positions();
        let start = block * images * grid.positions();
        let inside = |patches: &mut [_]| {
            fresh::whole(patches, x.rows(start..start + rows), w);
        };
        // SAFETY: `whole` writes all numbers or panics.
        let patches = unsafe { written(rows * grid.columns(), inside) };
        let mut last = vec![T::ZERO; grid.image()];
        for (image, patches) in out.chunks_exact_mut(grid.image()).zip(patches.chunks_exact(grid.patches())) {
            grid.fold(patches, Some(bias), &mut last, image);
        }
    });
    tensor(out, &[frame.batch, grid.channels, grid.height, grid.width])
}
