//! Glow's network as one operation: patches, a product with them, a product of positions, and one whose patches are added.

use super::net_passes::{Activations, Kept, Net};
use super::op::FoldKernels;
use crate::dense::op::DenseKernels;
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;

/// `U^T(h2 W3') + b3`, `h2 = act2(h1 W2 + b2)`, `h1 = act1(U(image) W1 + b1)`, `U` the patches, `W3'` the third weight, each
/// output's times its factor, turned by 180 degrees.
///
/// # Shapes
/// `image`: `[batch, inputs, height, width]`; `W1`: `[h1, inputs, size, size]`, `W2`: `[h1, h2]`, `W3`: `[outputs, h2, size, size]`;
/// biases and factors: as many as outputs -> `[batch, outputs, height, width]`.
pub(super) fn conv_net(
    image: Tensor<4>,
    (w1, b1): (Tensor<4>, Tensor<1>),
    (w2, b2): (Tensor<2>, Tensor<1>),
    (w3, factors, b3): (Tensor<4>, Tensor<1>, Tensor<1>),
    activations: Activations,
) -> Tensor<4> {
    Tensor::from_dispatch(<Dispatch as NetOps>::conv_net(
        image.into_dispatch(),
        w1.into_dispatch(),
        b1.into_dispatch(),
        w2.into_dispatch(),
        b2.into_dispatch(),
        w3.into_dispatch(),
        factors.into_dispatch(),
        b3.into_dispatch(),
        activations,
    ))
}

#[backend_extension(Flex, Autodiff)]
pub(super) trait NetOps: Backend {
    /// See [`conv_net`].
    #[allow(clippy::too_many_arguments)] // Extension operations take tensors one by one.
    fn conv_net(
        image: FloatTensor<Self>,
        w1: FloatTensor<Self>,
        b1: FloatTensor<Self>,
        w2: FloatTensor<Self>,
        b2: FloatTensor<Self>,
        w3: FloatTensor<Self>,
        factors: FloatTensor<Self>,
        b3: FloatTensor<Self>,
        activations: Activations,
    ) -> FloatTensor<Self>;
}

impl NetOps for Flex {
    fn conv_net(
        image: FloatTensor<Self>,
        w1: FloatTensor<Self>,
        b1: FloatTensor<Self>,
        w2: FloatTensor<Self>,
        b2: FloatTensor<Self>,
        w3: FloatTensor<Self>,
        factors: FloatTensor<Self>,
        b3: FloatTensor<Self>,
        activations: Activations,
    ) -> FloatTensor<Self> {
        Net::<Self> { w1, b1, w2, b2, w3, factors, b3, activations }.forward(image, false).0
    }
}

#[derive(Debug)]
struct NetBackward;

/// What it needs on the way back.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    image: FloatTensor<B>,
    net: Net<B>,
    kept: Vec<Kept<B>>,
}

impl<B: FoldKernels + DenseKernels> Backward<B, 8> for NetBackward {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 8>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let State { image, net, kept } = ops.state;
        let wanted = ops.parents.each_ref().map(Option::is_some);
        for (node, gradient) in ops.parents.into_iter().zip(net.backward(image, kept, grad, wanted)) {
            if let (Some(node), Some(gradient)) = (node, gradient) {
                grads.register::<B>(node.id, gradient);
            }
        }
    }
}

impl<B: NetOps + FoldKernels + DenseKernels, C: CheckpointStrategy> NetOps for Autodiff<B, C> {
    fn conv_net(
        image: FloatTensor<Self>,
        w1: FloatTensor<Self>,
        b1: FloatTensor<Self>,
        w2: FloatTensor<Self>,
        b2: FloatTensor<Self>,
        w3: FloatTensor<Self>,
        factors: FloatTensor<Self>,
        b3: FloatTensor<Self>,
        activations: Activations,
    ) -> FloatTensor<Self> {
        let nodes = [&image, &w1, &b1, &w2, &b2, &w3, &factors, &b3].map(|tensor| tensor.node());
        let prep = NetBackward.prepare::<C>(nodes).compute_bound().stateful();
        let [image, w1, b1, w2, b2, w3, factors, b3] =
            [image, w1, b1, w2, b2, w3, factors, b3].map(|tensor| tensor.into_primitive());
        let net = Net { w1, b1, w2, b2, w3, factors, b3, activations };
        match prep {
            OpsKind::UnTracked(prep) => prep.finish(net.forward(image, false).0),
            OpsKind::Tracked(prep) => {
                let (out, kept) = net.forward(image.clone(), true);
                prep.finish(State { image, net, kept }, out)
            }
        }
    }
}
