//! Patches and the product with them as one operation, which keeps the image for the gradient and not its patches.

use super::op::{FoldOps, Frame};
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

/// `act(U(image) W + b)`, `U` the patches of side `size`.
///
/// The patches hold each number of the image `size^2` times: they are made again on the way back, which costs little beside
/// the products.
///
/// # Shapes
/// `image`: `[batch, inputs, height, width]`, `weight`: `[size^2 inputs, outputs]`, `bias`: `[outputs]` ->
/// `[batch * height * width, outputs]`.
pub(super) fn patches_dense(
    image: Tensor<4>,
    weight: Tensor<2>,
    bias: Tensor<1>,
    activation: Option<Activation>,
    size: usize,
) -> Tensor<2> {
    let (image, weight, bias) = (image.into_dispatch(), weight.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as PatchOps>::patches_dense(image, weight, bias, activation, size))
}

#[backend_extension(Flex, Autodiff)]
pub(super) trait PatchOps: Backend {
    /// See [`patches_dense`].
    fn patches_dense(
        image: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
        size: usize,
    ) -> FloatTensor<Self>;
}

impl PatchOps for Flex {
    fn patches_dense(
        image: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
        size: usize,
    ) -> FloatTensor<Self> {
        Self::dense(Self::unfolded(image, size), weight, bias, activation, None)
    }
}

#[derive(Debug)]
struct PatchesBackward;

/// What it needs on the way back; the patches are not among it.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    /// The image, where the gradient of the weight is wanted.
    image: Option<FloatTensor<B>>,
    saved: Saved<B>,
    frame: Frame,
}

impl<B: FoldOps + DenseKernels> Backward<B, 3> for PatchesBackward {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let State { image, saved, frame } = ops.state;
        let [of_image, of_weight, of_bias] = ops.parents;
        let saved = Saved { x: image.map(|image| B::unfolded(image, frame.size)), ..saved };
        let [rows, weight, bias] = B::dense_backward(saved, grad, of_bias.is_some());
        if let (Some(node), Some(rows)) = (of_image, rows) {
            grads.register::<B>(node.id, B::folded(rows, frame));
        }
        for (node, gradient) in [(of_weight, weight), (of_bias, bias)] {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: PatchOps + FoldOps + DenseKernels, C: CheckpointStrategy> PatchOps for Autodiff<B, C> {
    fn patches_dense(
        image: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
        size: usize,
    ) -> FloatTensor<Self> {
        let (image_tracked, weight_tracked) = (image.is_tracked(), weight.is_tracked());
        let prep = PatchesBackward
            .prepare::<C>([image.node(), weight.node(), bias.node()])
            .compute_bound()
            .stateful();
        let (image, weight, bias) = (image.into_primitive(), weight.into_primitive(), bias.into_primitive());
        match prep {
            OpsKind::UnTracked(prep) => prep.finish(B::patches_dense(image, weight, bias, activation, size)),
            OpsKind::Tracked(prep) => {
                let shape = image.shape();
                let frame = Frame { batch: shape[0], height: shape[2], width: shape[3], size };
                let rows = B::unfolded(image.clone(), size);
                let (output, slopes) = B::dense_and_keep(rows, weight.clone(), bias, activation, None);
                let saved = Saved {
                    x: None,
                    weight: image_tracked.then_some(weight),
                    kept: slopes.or_else(|| activation.map(|_| output.clone())),
                    activation,
                    mask: None,
                };
                prep.finish(State { image: weight_tracked.then_some(image), saved, frame }, output)
            }
        }
    }
}
