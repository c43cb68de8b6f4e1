//! The gradient of an inverse by the implicit function theorem.

use super::univariate::ColumnInverse;
use super::{Net, run};
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::{
    BalancedCheckpointing, CheckpointStrategy, NoCheckpointing,
};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    BackendTensor, DispatchAutodiffContext, DispatchTensor, DispatchTensorKind, Flex,
    GradientCheckpointingStrategy,
};
use burn::tensor::Tensor;
use std::sync::Arc;

type Tracked = FloatTensor<Autodiff<Flex>>;

/// What the way back needs.
#[derive(Clone, Debug)]
struct State {
    z: Tensor<2>,
    net: Arc<Net>,
    univariate: Arc<dyn ColumnInverse>,
}

/// The gradient `J^-T g` for `z`, and its negative for `f(x)`.
#[derive(Debug)]
struct Implicit;

impl Backward<Flex, 2> for Implicit {
    type State = State;

    fn backward(self, ops: Ops<State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [z_node, f_node] = ops.parents;
        let gradient = grads.consume::<Flex>(&ops.node);
        let State { z, net, univariate } = ops.state;
        let [found, negative] = run::solve(z, &net, &*univariate, gradient);
        if let Some(node) = z_node {
            grads.register::<Flex>(node.id, found);
        }
        if let Some(node) = f_node {
            grads.register::<Flex>(node.id, negative);
        }
    }
}

/// See [`with_gradient`](super::with_gradient).
pub(super) fn with_gradient(
    x: Tensor<2>,
    z: Tensor<2>,
    f: Tensor<2>,
    net: Net,
    univariate: Box<dyn ColumnInverse>,
) -> Option<Tensor<2>> {
    let state = State { z: z.clone().inner(), net: Arc::new(net), univariate: univariate.into() };
    let (z, f) = (z.into_dispatch(), f.into_dispatch());
    let autodiff = z.autodiff.merge(f.autodiff);
    let (x, z, f) = (plain(x.into_dispatch())?, tracked(z)?, tracked(f)?);
    let x = match autodiff {
        DispatchAutodiffContext::Enabled(GradientCheckpointingStrategy::Balanced) => {
            join::<BalancedCheckpointing>(x, &z, &f, state)
        }
        _ => join::<NoCheckpointing>(x, &z, &f, state),
    };
    let kind = DispatchTensorKind::Flex(BackendTensor::Autodiff(x));
    Some(Tensor::from_dispatch(DispatchTensor {
        kind: DispatchTensorKind::Autodiff(Box::new(kind)),
        autodiff,
    }))
}

/// `x` as a child of `z` and `f`.
fn join<C: CheckpointStrategy>(x: FlexTensor, z: &Tracked, f: &Tracked, state: State) -> Tracked {
    match Implicit.prepare::<C>([z.node(), f.node()]).compute_bound().stateful() {
        OpsKind::Tracked(prep) => prep.finish(state, x),
        OpsKind::UnTracked(prep) => prep.finish(x),
    }
}

/// The Flex tensor of a device without autodiff.
fn plain(tensor: DispatchTensor) -> Option<FlexTensor> {
    match tensor.kind {
        DispatchTensorKind::Flex(BackendTensor::Float(tensor)) => Some(tensor),
        _ => None,
    }
}

/// The node of a Flex tensor; a constant where it has none.
fn tracked(tensor: DispatchTensor) -> Option<Tracked> {
    match tensor.kind {
        DispatchTensorKind::Autodiff(kind) => match *kind {
            DispatchTensorKind::Flex(BackendTensor::Autodiff(tensor)) => Some(tensor),
            _ => None,
        },
        DispatchTensorKind::Flex(BackendTensor::Float(tensor)) => Some(Tracked::new(tensor)),
        #[allow(unreachable_patterns)] // Unless other backends are there.
        _ => None,
    }
}
