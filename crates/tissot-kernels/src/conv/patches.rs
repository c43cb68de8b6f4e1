//! Patches and the product with them as one operation, which keeps image and weight for the gradient, and neither the patches nor
//! another layout of the weight.

use super::op::{FoldKernels, FoldOps, Frame};
use super::weights::Order;
use crate::activation::Activation;
use crate::dense::op::{DenseKernels, DenseOps, Saved};
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, TensorMetadata, backend_extension};
use burn::tensor::Tensor;

/// `act(U(image) W + b)`, `U` the patches of the weight's side.
///
/// The patches hold each number of the image `size^2` times: they are made again on the way back, which costs little beside
/// the products.
///
/// # Shapes
/// `image`: `[batch, inputs, height, width]`, `weight`: `[outputs, inputs, size, size]`, `bias`:
/// `[outputs]` -> `[batch * height * width, outputs]`.
pub(super) fn patches_dense(
    image: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    activation: Option<Activation>,
) -> Tensor<2> {
    let (image, weight, bias) = (image.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as PatchOps>::patches_dense(image, weight, bias, activation))
}

#[backend_extension(Flex, Autodiff)]
pub(super) trait PatchOps: Backend {
    /// See [`patches_dense`].
    fn patches_dense(
        image: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
    ) -> FloatTensor<Self>;
}

impl PatchOps for Flex {
    fn patches_dense(
        image: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
    ) -> FloatTensor<Self> {
        let rows = Self::unfolded(image, weight.shape()[2]);
        Self::dense(rows, Self::laid(weight, None, Order::Patches), bias, activation, None)
    }
}

#[derive(Debug)]
struct PatchesBackward;

/// What it needs on the way back; the patches are not among it.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    image: FloatTensor<B>,
    weight: FloatTensor<B>,
    /// The output or the slopes, where there is an activation.
    kept: Option<FloatTensor<B>>,
    activation: Option<Activation>,
    frame: Frame,
}

impl<B: FoldKernels + DenseKernels> Backward<B, 3> for PatchesBackward {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let State { image, weight, kept, activation, frame } = ops.state;
        let [of_image, of_weight, of_bias] = ops.parents;
        let saved = Saved {
            x: of_weight.is_some().then(|| B::unfolded(image, frame.size)),
            weight: of_image.is_some().then(|| B::laid(weight.clone(), None, Order::Patches)),
            kept,
            activation,
            mask: None,
        };
        let [rows, matrix, bias] = B::dense_backward(saved, grad, of_bias.is_some());
        if let (Some(node), Some(rows)) = (of_image, rows) {
            grads.register::<B>(node.id, B::folded(rows, frame));
        }
        let weight = matrix.map(|matrix| B::unlaid(matrix, weight, None, Order::Patches).0);
        for (node, gradient) in [(of_weight, weight), (of_bias, bias)] {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: PatchOps + FoldKernels + DenseKernels, C: CheckpointStrategy> PatchOps for Autodiff<B, C> {
    fn patches_dense(
        image: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
    ) -> FloatTensor<Self> {
        let prep = PatchesBackward
            .prepare::<C>([image.node(), weight.node(), bias.node()])
            .compute_bound()
            .stateful();
        let (image, weight, bias) = (image.into_primitive(), weight.into_primitive(), bias.into_primitive());
        match prep {
            OpsKind::UnTracked(prep) => prep.finish(B::patches_dense(image, weight, bias, activation)),
            OpsKind::Tracked(prep) => {
                let frame = Frame::of(&image.shape(), &weight.shape());
                let rows = B::unfolded(image.clone(), frame.size);
                let laid = B::laid(weight.clone(), None, Order::Patches);
                let (output, slopes) = B::dense_and_keep(rows, laid, bias, activation, None);
                let kept = slopes.or_else(|| activation.map(|_| output.clone()));
                prep.finish(State { image, weight, kept, activation, frame }, output)
            }
        }
    }
}
