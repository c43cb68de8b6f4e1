//! A univariate as an operation of burn's backends, with its place in the autodiff graph.
//!
//! An operation of burn's autodiff has one output. Here two come of one pass, so there is a node without a value that has
//! the inputs as parents, and a child of it for each output. The children leave their gradients with it, and one pass
//! makes those of the inputs.

use super::Setting;
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{FloatDType, Shape, Tensor};
use std::sync::{Arc, Mutex};

/// The operation on tensors, as in [`UnivariateOps`].
pub(super) fn univariate(at: &Tensor<2>, params: Tensor<3>, setting: Setting) -> (Tensor<2>, Tensor<1>) {
    let (at, params) = (at.clone().into_dispatch(), params.into_dispatch());
    let (values, log_dets) = <Dispatch as UnivariateOps>::univariate(at, params, setting);
    (Tensor::from_dispatch(values), Tensor::from_dispatch(log_dets))
}

/// `at`: `[batch, features]`, `params`: `[batch, moved, p]`.
#[backend_extension(
    Flex: cfg(feature = "flex"),
    Cube: cfg(feature = "cube"),
    Autodiff,
    Fusion: cfg(all(feature = "cube", feature = "fusion"))
)]
pub(super) trait UnivariateOps: Backend {
    /// The values of the univariate at `at`, `[batch, features]`, and the sums of the log-derivatives, `[batch]`.
    #[fusion(meta = |at, _, _| {
        let mut sums = at.clone();
        sums.shape = burn::tensor::Shape::from(vec![at.shape[0]]);
        (at.clone(), sums)
    })]
    fn univariate(
        at: FloatTensor<Self>,
        params: FloatTensor<Self>,
        setting: Setting,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);

    /// The gradients of `at` and `params` for those of the values and the sums.
    #[fusion(meta = |at, params, _, _, _| (at.clone(), params.clone()))]
    fn univariate_backward(
        at: FloatTensor<Self>,
        params: FloatTensor<Self>,
        values: FloatTensor<Self>,
        log_dets: FloatTensor<Self>,
        setting: Setting,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

/// The gradients of both outputs, as far as they have arrived.
type Arrived<B> = Arc<Mutex<[Option<FloatTensor<B>>; 2]>>;

/// The node without a value.
#[derive(Debug)]
struct Inputs;

/// What it needs on the way back.
#[derive(Clone, Debug)]
struct State<B: Backend> {
    at: FloatTensor<B>,
    params: FloatTensor<B>,
    setting: Setting,
    arrived: Arrived<B>,
}

impl<B: UnivariateOps> Backward<B, 2> for Inputs {
    type State = State<B>;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [at_node, params_node] = ops.parents;
        let State { at, params, setting, arrived } = ops.state;
        let [values, log_dets] = std::mem::take(&mut *arrived.lock().expect("no panic while it was held"));
        let zeros = |shape: Shape| B::float_zeros(shape, &at.device(), FloatDType::from(at.dtype()));
        let values = values.unwrap_or_else(|| zeros(at.shape()));
        let log_dets = log_dets.unwrap_or_else(|| zeros(Shape::from(vec![at.shape()[0]])));
        let (at_grad, params_grad) = B::univariate_backward(at, params, values, log_dets, setting);
        if let Some(node) = at_node {
            grads.register::<B>(node.id, at_grad);
        }
        if let Some(node) = params_node {
            grads.register::<B>(node.id, params_grad);
        }
    }
}

/// The node of an output, by its number.
#[derive(Debug)]
struct Output(usize);

impl<B: UnivariateOps> Backward<B, 1> for Output {
    type State = Arrived<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        ops.state.lock().expect("no panic while it was held")[self.0] = Some(grad);
    }
}

impl<B: UnivariateOps, C: CheckpointStrategy> UnivariateOps for Autodiff<B, C> {
    fn univariate(
        at: FloatTensor<Self>,
        params: FloatTensor<Self>,
        setting: Setting,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let prep = Inputs.prepare::<C>([at.node(), params.node()]).compute_bound().stateful();
        let (at, params) = (at.into_primitive(), params.into_primitive());
        match prep {
            OpsKind::Tracked(prep) => {
                let (values, log_dets) = B::univariate(at.clone(), params.clone(), setting.clone());
                let arrived = Arrived::<B>::default();
                let inputs =
                    prep.finish(State { at, params, setting, arrived: arrived.clone() }, values.clone());
                let output = |number, value| match Output(number)
                    .prepare::<C>([inputs.node()])
                    .compute_bound()
                    .stateful()
                {
                    OpsKind::Tracked(prep) => prep.finish(arrived.clone(), value),
                    OpsKind::UnTracked(prep) => prep.finish(value),
                };
                (output(0, values), output(1, log_dets))
            }
            OpsKind::UnTracked(prep) => {
                let (values, log_dets) = B::univariate(at, params, setting);
                (prep.finish(values), FloatTensor::<Self>::new(log_dets))
            }
        }
    }

    fn univariate_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Setting,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        unimplemented!("burn's autodiff is of first order")
    }
}
