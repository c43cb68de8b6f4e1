//! A product and the sum of its patches as one operation, which keeps the rows and the weight for the gradient, and no other layout of
//! the weight.

use super::op::{FoldKernels, Frame};
use super::weights::Order;
use crate::dense::op::{DenseKernels, DenseOps, Saved};
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::ops::FloatTensorOps;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::{FloatDType, Shape, Tensor};

/// `U^T(x W') + b`, `W'` the weight, each output's times its factor, turned by 180 degrees.
///
/// # Shapes
/// `rows`: `[batch * height * width, inputs]`, `weight`: `[outputs, inputs, size, size]`, `factors` and `bias`: `[outputs]`; `shape`: batch,
/// height, width -> `[batch, outputs, height, width]`.
pub(super) fn dense_fold(
    rows: Tensor<2>,
    weight: Tensor<4>,
    factors: Tensor<1>,
    bias: Tensor<1>,
    [batch, height, width]: [usize; 3],
) -> Tensor<4> {
    let frame = Frame { batch, height, width, size: weight.dims()[2] };
    Tensor::from_dispatch(<Dispatch as TurnedOps>::dense_fold(
        rows.into_dispatch(),
        weight.into_dispatch(),
        factors.into_dispatch(),
        bias.into_dispatch(),
        frame,
    ))
}

#[backend_extension(Flex, Autodiff)]
pub(super) trait TurnedOps: Backend {
    /// See [`dense_fold`].
    fn dense_fold(
        rows: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        factors: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        frame: Frame,
    ) -> FloatTensor<Self>;
}

impl TurnedOps for Flex {
    fn dense_fold(
        rows: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        factors: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        frame: Frame,
    ) -> FloatTensor<Self> {
        let weight = Self::laid(weight, Some(factors), Order::Turned);
        let (device, dtype) = (weight.device(), FloatDType::from(weight.dtype()));
        let none =
            <Self as FloatTensorOps<Self>>::float_zeros(Shape::from([weight.shape()[1]]), &device, dtype);
        Self::folded_onto(Self::dense(rows, weight, none, None, None), bias, frame)
    }
}

#[derive(Debug)]
struct TurnedBackward;

/// What it needs on the way back.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    /// Where the gradient of the weight or the factors is wanted.
    rows: Option<FloatTensor<B>>,
    weight: FloatTensor<B>,
    factors: FloatTensor<B>,
    size: usize,
}

impl<B: FoldKernels + DenseKernels> Backward<B, 4> for TurnedBackward {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 4>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let State { rows, weight, factors, size } = ops.state;
        let [of_rows, of_weight, of_factors, of_bias] = ops.parents;
        if let Some(node) = of_bias {
            grads.register::<B>(node.id, B::channel_sums(grad.clone()));
        }
        let laid = || B::laid(weight.clone(), Some(factors.clone()), Order::Turned);
        let saved =
            Saved { x: rows, weight: of_rows.is_some().then(laid), kept: None, activation: None, mask: None };
        let [rows, turned, _] = B::dense_backward(saved, B::unfolded(grad, size), false);
        if let (Some(node), Some(rows)) = (of_rows, rows) {
            grads.register::<B>(node.id, rows);
        }
        let Some(turned) = turned else { return };
        let (weight, factors) = B::unlaid(turned, weight, Some(factors), Order::Turned);
        for (node, gradient) in [(of_weight, Some(weight)), (of_factors, factors)] {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: TurnedOps + FoldKernels + DenseKernels, C: CheckpointStrategy> TurnedOps for Autodiff<B, C> {
    fn dense_fold(
        rows: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        factors: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        frame: Frame,
    ) -> FloatTensor<Self> {
        let of_weight = weight.is_tracked() || factors.is_tracked();
        let nodes = [&rows, &weight, &factors, &bias].map(|tensor| tensor.node());
        let prep = TurnedBackward.prepare::<C>(nodes).compute_bound().stateful();
        let [rows, weight, factors, bias] =
            [rows, weight, factors, bias].map(|tensor| tensor.into_primitive());
        let out = B::dense_fold(rows.clone(), weight.clone(), factors.clone(), bias, frame);
        match prep {
            OpsKind::UnTracked(prep) => prep.finish(out),
            OpsKind::Tracked(prep) => {
                let rows = of_weight.then_some(rows);
                prep.finish(State { rows, weight, factors, size: frame.size }, out)
            }
        }
    }
}
