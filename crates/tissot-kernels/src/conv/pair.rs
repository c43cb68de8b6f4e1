//! Patches and two products with them as one operation, which keeps neither the patches nor what stands between the products.

use super::blocks;
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
use burn::tensor::{DType, Tensor};

/// What follows the first and the second product.
pub(super) type Activations = [Option<Activation>; 2];

/// A product's weight and bias.
pub(super) type Product<B> = (FloatTensor<B>, FloatTensor<B>);

/// `act2(act1(U(image) W1 + b1) W2 + b2)`, `U` the patches of `W1`'s side.
///
/// `act1(..)` is made again on the way back: with few inputs and many channels its product is the cheapest of a network, and it
/// would be half of what the network keeps.
///
/// # Shapes
/// `image`: `[batch, inputs, height, width]`, `W1`: `[hidden, inputs, size, size]`, `W2`: `[hidden, outputs]` ->
/// `[batch * height * width, outputs]`.
pub(super) fn patches_pair(
    image: Tensor<4>,
    first: (Tensor<4>, Tensor<1>),
    second: (Tensor<2>, Tensor<1>),
    activations: Activations,
) -> Tensor<2> {
    Tensor::from_dispatch(<Dispatch as PairOps>::patches_pair(
        image.into_dispatch(),
        first.0.into_dispatch(),
        first.1.into_dispatch(),
        second.0.into_dispatch(),
        second.1.into_dispatch(),
        activations,
    ))
}

#[backend_extension(Flex, Autodiff)]
pub(super) trait PairOps: Backend {
    /// See [`patches_pair`].
    fn patches_pair(
        image: FloatTensor<Self>,
        first: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
        activations: Activations,
    ) -> FloatTensor<Self>;
}

/// A backend that gives what the gradient needs, too.
pub(super) trait PairKernels: PairOps {
    /// The operation, and what else the gradient of the second activation needs, where `keep` says so and it is not the output.
    fn pair_and_keep(
        image: FloatTensor<Self>,
        layers: [Product<Self>; 2],
        activations: Activations,
        keep: bool,
    ) -> (FloatTensor<Self>, Option<FloatTensor<Self>>);
}

impl PairOps for Flex {
    fn patches_pair(
        image: FloatTensor<Self>,
        first: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
        activations: Activations,
    ) -> FloatTensor<Self> {
        Self::pair_and_keep(image, [(first, first_bias), (second, second_bias)], activations, false).0
    }
}

impl PairKernels for Flex {
    fn pair_and_keep(
        image: FloatTensor<Self>,
        [first, second]: [Product<Self>; 2],
        activations: Activations,
        keep: bool,
    ) -> (FloatTensor<Self>, Option<FloatTensor<Self>>) {
        let frame = Frame::of(&image.shape(), &first.0.shape());
        let first = (Self::laid(first.0, None, Order::Patches), first.1);
        if let Some(images) = blocks::images(frame) {
            let run = if image.dtype() == DType::F64 { blocks::pair::<f64> } else { blocks::pair::<f32> };
            return run(image, [first, second], activations, frame, images, keep);
        }
        let [inner, outer] = activations;
        let hidden = Self::dense(Self::unfolded(image, frame.size), first.0, first.1, inner, None);
        if keep {
            Self::dense_and_keep(hidden, second.0, second.1, outer, None)
        } else {
            (Self::dense(hidden, second.0, second.1, outer, None), None)
        }
    }
}

#[derive(Debug)]
struct PairBackward;

/// What it needs on the way back.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    image: FloatTensor<B>,
    /// The first product's weight, bias and activation.
    first: (FloatTensor<B>, FloatTensor<B>, Option<Activation>),
    /// The second product's, without its input.
    second: Saved<B>,
    frame: Frame,
}

impl<B: FoldKernels + DenseKernels> Backward<B, 5> for PairBackward {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 5>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let State { image, first: (weight, bias, activation), second, frame } = ops.state;
        let [of_image, of_first, of_first_bias, of_second, of_second_bias] = ops.parents;
        let (rows, matrix) = (B::unfolded(image, frame.size), B::laid(weight.clone(), None, Order::Patches));
        let (hidden, slopes) = B::dense_and_keep(rows.clone(), matrix.clone(), bias, activation, None);
        let kept = slopes.or_else(|| activation.map(|_| hidden.clone()));
        let second = Saved { x: of_second.is_some().then_some(hidden), ..second };
        let [grad, second, second_bias] = B::dense_backward(second, grad, of_second_bias.is_some());
        let mut gradients = vec![(of_second, second), (of_second_bias, second_bias)];
        if let Some(grad) = grad {
            let first = Saved {
                x: of_first.is_some().then_some(rows),
                weight: of_image.is_some().then_some(matrix),
                kept,
                activation,
                mask: None,
            };
            let [rows, first, first_bias] = B::dense_backward(first, grad, of_first_bias.is_some());
            let image = rows.map(|rows| B::folded(rows, frame));
            let first = first.map(|first| B::unlaid(first, weight, None, Order::Patches).0);
            gradients.extend([(of_image, image), (of_first, first), (of_first_bias, first_bias)]);
        }
        for (node, gradient) in gradients {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: PairKernels + FoldKernels + DenseKernels, C: CheckpointStrategy> PairOps for Autodiff<B, C> {
    fn patches_pair(
        image: FloatTensor<Self>,
        first: FloatTensor<Self>,
        first_bias: FloatTensor<Self>,
        second: FloatTensor<Self>,
        second_bias: FloatTensor<Self>,
        activations: Activations,
    ) -> FloatTensor<Self> {
        let parents = [&image, &first, &first_bias, &second, &second_bias];
        let below = parents[..3].iter().any(|tensor| tensor.is_tracked());
        let prep = PairBackward.prepare::<C>(parents.map(|tensor| tensor.node())).compute_bound().stateful();
        let [image, first, first_bias, second, second_bias] =
            [image, first, first_bias, second, second_bias].map(|tensor| tensor.into_primitive());
        let prep = match prep {
            OpsKind::UnTracked(prep) => {
                let out = B::patches_pair(image, first, first_bias, second, second_bias, activations);
                return prep.finish(out);
            }
            OpsKind::Tracked(prep) => prep,
        };
        let frame = Frame::of(&image.shape(), &first.shape());
        let [inner, activation] = activations;
        let layers = [(first.clone(), first_bias.clone()), (second.clone(), second_bias)];
        let (output, slopes) = B::pair_and_keep(image.clone(), layers, activations, true);
        let second = Saved {
            x: None,
            weight: below.then_some(second),
            kept: slopes.or_else(|| activation.map(|_| output.clone())),
            activation,
            mask: None,
        };
        prep.finish(State { image, first: (first, first_bias, inner), second, frame }, output)
    }
}
