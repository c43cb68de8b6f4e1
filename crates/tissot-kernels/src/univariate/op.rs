//! A univariate as an operation of burn's backends, with its place in the autodiff graph.

use super::Setting;
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::Tensor;

/// The operation on tensors, packed as in [`UnivariateOps`].
pub(super) fn univariate(at: &Tensor<2>, params: Tensor<3>, setting: Setting) -> Tensor<1> {
    let (at, params) = (at.clone().into_dispatch(), params.into_dispatch());
    Tensor::from_dispatch(<Dispatch as UnivariateOps>::univariate(at, params, setting))
}

/// `at`: `[batch, features]`, `params`: `[batch, moved, p]`; the result is packed, `[batch * features + batch]`: first the
/// values, then the sums of the log-derivatives.
#[backend_extension(Flex, Autodiff)]
pub(super) trait UnivariateOps: Backend {
    /// The univariate at `at`.
    fn univariate(at: FloatTensor<Self>, params: FloatTensor<Self>, setting: Setting) -> FloatTensor<Self>;

    /// The gradients of `at` and `params` for the packed gradient `grad`.
    fn univariate_backward(
        at: FloatTensor<Self>,
        params: FloatTensor<Self>,
        grad: FloatTensor<Self>,
        setting: Setting,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

#[derive(Debug)]
struct UnivariateBackward;

impl<B: UnivariateOps> Backward<B, 2> for UnivariateBackward {
    type State = (FloatTensor<B>, FloatTensor<B>, Setting);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [at_node, params_node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        let (at, params, setting) = ops.state;
        let (at_grad, params_grad) = B::univariate_backward(at, params, grad, setting);
        if let Some(node) = at_node {
            grads.register::<B>(node.id, at_grad);
        }
        if let Some(node) = params_node {
            grads.register::<B>(node.id, params_grad);
        }
    }
}

impl<B: UnivariateOps, C: CheckpointStrategy> UnivariateOps for Autodiff<B, C> {
    fn univariate(at: FloatTensor<Self>, params: FloatTensor<Self>, setting: Setting) -> FloatTensor<Self> {
        let prep = UnivariateBackward.prepare::<C>([at.node(), params.node()]).compute_bound().stateful();
        let (at, params) = (at.into_primitive(), params.into_primitive());
        match prep {
            OpsKind::Tracked(prep) => {
                let out = B::univariate(at.clone(), params.clone(), setting.clone());
                prep.finish((at, params, setting), out)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::univariate(at, params, setting)),
        }
    }

    fn univariate_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Setting,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unimplemented!("burn's autodiff is of first order")
    }
}
