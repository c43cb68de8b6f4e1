//! Activations as operations of burn's backends, with their place in the autodiff graph.

use super::Activation;
use super::loops::keeps_slope;
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

/// See [`super::apply`].
pub(super) fn activate<const D: usize>(u: Tensor<D>, activation: Activation) -> Tensor<D> {
    Tensor::from_dispatch(<Dispatch as ActivationOps>::activate(u.into_dispatch(), activation))
}

#[backend_extension(Flex, Autodiff)]
pub(super) trait ActivationOps: Backend {
    /// `act(u)`.
    fn activate(u: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self>;

    /// `act(u)`, and `act'(u)` where that has to be kept.
    fn activate_and_keep(
        u: FloatTensor<Self>,
        activation: Activation,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// `grad act'(u)`, where `kept` is `act(u)` or `act'(u)`, as the activation needs.
    fn activate_backward(
        grad: FloatTensor<Self>,
        kept: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

#[derive(Debug)]
struct ActivationBackward;

impl<B: ActivationOps> Backward<B, 1> for ActivationBackward {
    type State = (FloatTensor<B>, Activation);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let (kept, activation) = ops.state;
        if let [Some(parent)] = ops.parents {
            grads.register::<B>(parent.id, B::activate_backward(grad, kept, activation));
        }
    }
}

impl<B: ActivationOps, C: CheckpointStrategy> ActivationOps for Autodiff<B, C> {
    fn activate(u: FloatTensor<Self>, activation: Activation) -> FloatTensor<Self> {
        let prep = ActivationBackward.prepare::<C>([u.node()]).compute_bound().stateful();
        let u = u.into_primitive();
        match prep {
            OpsKind::UnTracked(prep) => prep.finish(B::activate(u, activation)),
            OpsKind::Tracked(prep) if keeps_slope(Some(activation)) => {
                let (y, slope) = B::activate_and_keep(u, activation);
                prep.finish((slope, activation), y)
            }
            OpsKind::Tracked(prep) => {
                let y = B::activate(u, activation);
                prep.finish((y.clone(), activation), y)
            }
        }
    }

    fn activate_and_keep(_: FloatTensor<Self>, _: Activation) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unimplemented!("burn's autodiff is of first order")
    }

    fn activate_backward(_: FloatTensor<Self>, _: FloatTensor<Self>, _: Activation) -> FloatTensor<Self> {
        unimplemented!("burn's autodiff is of first order")
    }
}
