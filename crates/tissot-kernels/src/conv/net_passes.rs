//! Both passes of Glow's network.
//!
//! Images go through it by blocks, so that what stands between two products is used while it is in the cache and memory never holds
//! all of it. Of the inside only the second product's output is kept for the gradient: with few inputs and many channels the
//! first product is the cheapest, and would be half of what is kept; it is made again.

use super::op::{FoldKernels, Frame};
use super::weights::Order;
use crate::activation::Activation;
use crate::dense::op::{DenseKernels, Saved};
use crate::threads;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{FloatDType, Shape};
use std::ops::Range;

/// So many rows of a product are in the second cache with what they give.
const ROWS: usize = 512;

/// Fewer blocks leave threads without one, and few rows are in the cache as they are.
const BLOCKS: usize = 4;

/// What follows the first and the second product.
pub(super) type Activations = [Option<Activation>; 2];

/// All weights.
#[derive(Clone, Debug)]
pub(super) struct Net<B: Backend> {
    pub(super) w1: FloatTensor<B>,
    pub(super) b1: FloatTensor<B>,
    pub(super) w2: FloatTensor<B>,
    pub(super) b2: FloatTensor<B>,
    pub(super) w3: FloatTensor<B>,
    pub(super) factors: FloatTensor<B>,
    pub(super) b3: FloatTensor<B>,
    pub(super) activations: Activations,
}

/// The second product's output of a block and, where its activation's gradient needs others, the slopes.
pub(super) type Kept<B> = (FloatTensor<B>, Option<FloatTensor<B>>);

/// Whether each of the image, `W1`, `b1`, `W2`, `b2`, `W3`, the factors and `b3` wants its gradient.
pub(super) type Wanted = [bool; 8];

impl<B: FoldKernels + DenseKernels> Net<B> {
    fn frame(&self, image: &FloatTensor<B>) -> Frame {
        Frame::of(&image.shape(), &self.w1.shape())
    }

    /// The first and the last weight as matrices.
    fn laid(&self) -> [FloatTensor<B>; 2] {
        let last = B::laid(self.w3.clone(), Some(self.factors.clone()), Order::Turned);
        [B::laid(self.w1.clone(), None, Order::Patches), last]
    }

    /// The output and, where `keep` says so, what the gradient needs of each block.
    pub(super) fn forward(&self, image: FloatTensor<B>, keep: bool) -> (FloatTensor<B>, Vec<Kept<B>>) {
        let frame = self.frame(&image);
        let [first, last] = &self.laid();
        let columns = Shape::from([last.shape()[1]]);
        let zeros = &B::float_zeros(columns, &last.device(), FloatDType::from(last.dtype()));
        let [inner, outer] = self.activations;
        let blocks = threads::parts(frame.blocks(ROWS, BLOCKS), |images| {
            let frame = Frame { batch: images.len(), ..frame };
            let rows = B::unfolded(part::<B>(&image, images), frame.size);
            let h = B::dense(rows, first.clone(), self.b1.clone(), inner, None);
            let (h, kept) = if keep {
                let (h, slopes) = B::dense_and_keep(h, self.w2.clone(), self.b2.clone(), outer, None);
                (h.clone(), Some((h, slopes)))
            } else {
                (B::dense(h, self.w2.clone(), self.b2.clone(), outer, None), None)
            };
            let patches = B::dense(h, last.clone(), zeros.clone(), None, None);
            (B::folded_onto(patches, self.b3.clone(), frame), kept)
        });
        let (images, kept): (Vec<_>, Vec<_>) = blocks.into_iter().unzip();
        (joined::<B>(images), kept.into_iter().flatten().collect())
    }

    /// The gradients that are wanted, in the order of [`Wanted`].
    pub(super) fn backward(
        self,
        image: FloatTensor<B>,
        kept: Vec<Kept<B>>,
        grad: FloatTensor<B>,
        wanted: Wanted,
    ) -> [Option<FloatTensor<B>>; 8] {
        let [of_image, of_w1, of_b1, of_w2, of_b2, of_w3, of_factors, of_b3] = wanted;
        let first_too = of_image || of_w1 || of_b1;
        let second_too = first_too || of_w2 || of_b2;
        let frame = self.frame(&image);
        let [first, last] = &self.laid();
        let [inner, outer] = self.activations;
        let blocks = frame.blocks(ROWS, BLOCKS).into_iter().zip(kept).collect();
        let parts = threads::parts(blocks, |(images, (h2, slopes))| {
            let frame = Frame { batch: images.len(), ..frame };
            let saved = Saved {
                x: (of_w3 || of_factors).then(|| h2.clone()),
                weight: second_too.then(|| last.clone()),
                kept: None,
                activation: None,
                mask: None,
            };
            let grad = B::unfolded(part::<B>(&grad, images.clone()), frame.size);
            let [grad, g3, _] = B::dense_backward(saved, grad, false);
            let Some(grad) = grad else { return [None, None, None, None, None, g3] };

            let rows = B::unfolded(part::<B>(&image, images), frame.size);
            let (h1, slopes1) = B::dense_and_keep(rows.clone(), first.clone(), self.b1.clone(), inner, None);
            let saved = Saved {
                x: of_w2.then(|| h1.clone()),
                weight: first_too.then(|| self.w2.clone()),
                kept: slopes.or(outer.map(|_| h2)),
                activation: outer,
                mask: None,
            };
            let [grad, g2, gb2] = B::dense_backward(saved, grad, of_b2);
            let Some(grad) = grad else { return [None, None, None, g2, gb2, g3] };

            let saved = Saved {
                x: of_w1.then_some(rows),
                weight: of_image.then(|| first.clone()),
                kept: slopes1.or(inner.map(|_| h1)),
                activation: inner,
                mask: None,
            };
            let [rows, g1, gb1] = B::dense_backward(saved, grad, of_b1);
            [rows.map(|rows| B::folded(rows, frame)), g1, gb1, g2, gb2, g3]
        });
        let [images, g1, gb1, g2, gb2, g3] = by_place(parts);
        let sum = |parts: Option<Vec<_>>| parts.and_then(|parts| parts.into_iter().reduce(B::float_add));
        let w1 = sum(g1).map(|g| B::unlaid(g, self.w1, None, Order::Patches).0);
        let (w3, factors) = match sum(g3) {
            None => (None, None),
            Some(g) => {
                let (w3, factors) = B::unlaid(g, self.w3, Some(self.factors), Order::Turned);
                (Some(w3), factors)
            }
        };
        let b3 = of_b3.then(|| B::channel_sums(grad));
        [images.map(joined::<B>), w1, sum(gb1), sum(g2), sum(gb2), w3, factors, b3]
    }
}

/// Each place's values of all parts, where all have it.
fn by_place<T, const N: usize>(parts: Vec<[Option<T>; N]>) -> [Option<Vec<T>>; N] {
    let mut places = [(); N].map(|()| Some(Vec::with_capacity(parts.len())));
    for part in parts {
        for (place, value) in places.iter_mut().zip(part) {
            match (&mut *place, value) {
                (Some(values), Some(value)) => values.push(value),
                (place, _) => *place = None,
            }
        }
    }
    places
}

/// Some images of a batch, without a copy.
fn part<B: Backend>(image: &FloatTensor<B>, images: Range<usize>) -> FloatTensor<B> {
    B::float_slice(image.clone(), &[images.into()])
}

fn joined<B: Backend>(mut parts: Vec<FloatTensor<B>>) -> FloatTensor<B> {
    if parts.len() == 1 { parts.remove(0) } else { B::float_cat(parts, 0) }
}
