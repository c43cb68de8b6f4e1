//! Unfold and fold on Flex: each is the gradient of the other.

use super::grid::Grid;
use super::weights::Order;
use super::{flex, weights};
use crate::threads;
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{DType, Tensor};
use std::ops::Range;

/// See [`unfold`](super::unfold).
pub(super) fn unfold(image: Tensor<4>) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as FoldOps>::unfolded(image.into_dispatch(), 1))
}

/// See [`fold`](super::fold).
pub(super) fn fold(rows: Tensor<2>, [batch, height, width]: [usize; 3]) -> Tensor<4> {
    let frame = Frame { batch, height, width, size: 1 };
    Tensor::from_dispatch(<Dispatch as FoldOps>::folded(rows.into_dispatch(), frame))
}

/// Images of which rows are the patches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame {
    pub(super) batch: usize,
    pub(super) height: usize,
    pub(super) width: usize,
    /// The side of a patch.
    pub(super) size: usize,
}

impl Frame {
    /// Images of this shape for a weight of that.
    pub(super) fn of(image: &[usize], weight: &[usize]) -> Self {
        Self { batch: image[0], height: image[2], width: image[3], size: weight[2] }
    }

    /// The images in blocks of at least one, and of at most `rows` positions where an image has no more; one block where they
    /// would be fewer than `least`. The number of threads is not asked, so that no bit of a sum over blocks depends on it.
    pub(super) fn blocks(&self, rows: usize, least: usize) -> Vec<Range<usize>> {
        let images = (rows / (self.height * self.width).max(1)).max(1);
        let images = if self.batch < images * least { self.batch.max(1) } else { images };
        threads::split(self.batch, self.batch.div_ceil(images), images)
    }

    /// One of the images, with so many channels.
    pub(super) fn grid(&self, channels: usize) -> Grid {
        Grid { height: self.height, width: self.width, channels, size: self.size }
    }
}

#[backend_extension(Flex, Autodiff)]
pub(super) trait FoldOps: Backend {
    /// The patch around each position, images `[batch, channels, height, width]` to rows `[batch * height * width, size^2 channels]`:
    /// `rows[(b, y, x), (ky, kx, c)] = image[b, c, y + ky - p, x + kx - p]`, `p = size / 2`, 0 outside.
    fn unfolded(image: FloatTensor<Self>, size: usize) -> FloatTensor<Self>;

    /// The adjoint, rows to images: each patch is added to where it would have been taken from.
    fn folded(rows: FloatTensor<Self>, frame: Frame) -> FloatTensor<Self>;
}

/// A backend that has what a gradient needs besides.
pub(super) trait FoldKernels: FoldOps {
    /// As `folded`, `bias` added to each channel.
    fn folded_onto(rows: FloatTensor<Self>, bias: FloatTensor<Self>, frame: Frame) -> FloatTensor<Self>;

    /// The sum of each channel of images.
    fn channel_sums(images: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The matrix of a weight, each output times its factor where there are factors.
    fn laid(weight: FloatTensor<Self>, factors: Option<FloatTensor<Self>>, order: Order)
    -> FloatTensor<Self>;

    /// The gradient of the weight, and of the factors where there are some, from that of the matrix.
    fn unlaid(
        gradient: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        factors: Option<FloatTensor<Self>>,
        order: Order,
    ) -> (FloatTensor<Self>, Option<FloatTensor<Self>>);
}

impl FoldOps for Flex {
    fn unfolded(image: FlexTensor, size: usize) -> FlexTensor {
        match image.dtype() {
            DType::F64 => flex::unfold::<f64>(image, size),
            _ => flex::unfold::<f32>(image, size),
        }
    }

    fn folded(rows: FlexTensor, frame: Frame) -> FlexTensor {
        match rows.dtype() {
            DType::F64 => flex::fold::<f64>(rows, None, frame),
            _ => flex::fold::<f32>(rows, None, frame),
        }
    }
}

impl FoldKernels for Flex {
    fn folded_onto(rows: FlexTensor, bias: FlexTensor, frame: Frame) -> FlexTensor {
        match rows.dtype() {
            DType::F64 => flex::fold::<f64>(rows, Some(bias), frame),
            _ => flex::fold::<f32>(rows, Some(bias), frame),
        }
    }

    fn channel_sums(images: FlexTensor) -> FlexTensor {
        match images.dtype() {
            DType::F64 => flex::channel_sums::<f64>(images),
            _ => flex::channel_sums::<f32>(images),
        }
    }

    fn laid(weight: FlexTensor, factors: Option<FlexTensor>, order: Order) -> FlexTensor {
        match weight.dtype() {
            DType::F64 => weights::laid::<f64>(weight, factors, order),
            _ => weights::laid::<f32>(weight, factors, order),
        }
    }

    fn unlaid(
        gradient: FlexTensor,
        weight: FlexTensor,
        factors: Option<FlexTensor>,
        order: Order,
    ) -> (FlexTensor, Option<FlexTensor>) {
        match weight.dtype() {
            DType::F64 => weights::unlaid::<f64>(gradient, weight, factors, order),
            _ => weights::unlaid::<f32>(gradient, weight, factors, order),
        }
    }
}

/// The gradient of `unfolded`: `folded`.
#[derive(Debug)]
struct UnfoldBackward;

impl<B: FoldOps> Backward<B, 1> for UnfoldBackward {
    type State = Frame;

    fn backward(self, ops: Ops<Frame, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::folded(grad, ops.state));
        }
    }
}

/// The gradient of `folded`: `unfolded`.
#[derive(Debug)]
struct FoldBackward;

impl<B: FoldOps> Backward<B, 1> for FoldBackward {
    type State = usize;

    fn backward(self, ops: Ops<usize, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::unfolded(grad, ops.state));
        }
    }
}

impl<B: FoldOps, C: CheckpointStrategy> FoldOps for Autodiff<B, C> {
    fn unfolded(image: FloatTensor<Self>, size: usize) -> FloatTensor<Self> {
        let prep = UnfoldBackward.prepare::<C>([image.node()]).compute_bound().stateful();
        let shape = image.shape();
        let frame = Frame { batch: shape[0], height: shape[2], width: shape[3], size };
        let out = B::unfolded(image.into_primitive(), size);
        match prep {
            OpsKind::Tracked(prep) => prep.finish(frame, out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }

    fn folded(rows: FloatTensor<Self>, frame: Frame) -> FloatTensor<Self> {
        let prep = FoldBackward.prepare::<C>([rows.node()]).compute_bound().stateful();
        let out = B::folded(rows.into_primitive(), frame);
        match prep {
            OpsKind::Tracked(prep) => prep.finish(frame.size, out),
            OpsKind::UnTracked(prep) => prep.finish(out),
        }
    }
}
