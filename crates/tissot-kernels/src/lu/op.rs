//! The operations on burn's backends, with their place in the autodiff graph.

use super::{Direction, Lu};
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Int, Tensor};
use std::sync::Arc;

/// What is done, beside the numbers.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) direction: Direction,
    pub(super) rows: Option<Arc<[usize]>>,
    pub(super) columns: Option<Arc<[usize]>>,
}

/// Of a tensor on a device whose memory is the host's.
fn order(of: Tensor<1, Int>) -> Arc<[usize]> {
    let n = of.dims()[0];
    let order: Arc<[usize]> = of.into_data().iter::<i64>().map(|i| i as usize).collect();
    assert!(order.iter().all(|&i| i < n), "an order of {n} features with an entry beyond them: {order:?}");
    order
}

/// See [`super::multiply`] and [`super::solve`].
pub(super) fn lu<const D: usize>(
    x: Tensor<D>,
    weight: Lu,
    bias: Option<Tensor<1>>,
    direction: Direction,
) -> Tensor<D> {
    let setting = Setting { direction, rows: weight.rows.map(order), columns: weight.columns.map(order) };
    // Extension operations take no optional tensors; an untracked 0 costs no gradient.
    let n = x.dims()[1];
    let bias = bias.unwrap_or_else(|| Tensor::zeros([n], (&burn::tensor::Device::flex(), x.dtype())));
    let matrices = [weight.lower, weight.upper].map(Tensor::into_dispatch);
    let [lower, upper] = matrices;
    let (diagonal, bias) = (weight.diagonal.into_dispatch(), bias.into_dispatch());
    Tensor::from_dispatch(<Dispatch as LuOps>::lu(x.into_dispatch(), lower, upper, diagonal, bias, setting))
}

#[backend_extension(Flex, Autodiff)]
pub(super) trait LuOps: Backend {
    /// `W x + b`, or `W^-1 (x - b)`.
    fn lu(
        x: FloatTensor<Self>,
        lower: FloatTensor<Self>,
        upper: FloatTensor<Self>,
        diagonal: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        setting: Setting,
    ) -> FloatTensor<Self>;
}

/// A backend that has both passes.
pub(super) trait LuKernels: LuOps {
    /// The gradients of the inputs that are wanted.
    fn lu_backward(saved: Saved<Self>, grad: FloatTensor<Self>, wanted: Wanted) -> InputGradients<Self>;
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug)]
pub(super) struct Saved<B: Backend> {
    /// What `W` is multiplied with: the input of a product, the output of a solution.
    pub(super) x: FloatTensor<B>,
    pub(super) lower: FloatTensor<B>,
    pub(super) upper: FloatTensor<B>,
    pub(super) diagonal: FloatTensor<B>,
    pub(super) setting: Setting,
}

/// Whose gradients are wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    pub(super) x: bool,
    pub(super) factors: bool,
    pub(super) bias: bool,
}

/// The gradients of `x`, L, U, the diagonal and the bias, those that were wanted.
pub(super) type InputGradients<B> = [Option<FloatTensor<B>>; 5];

#[derive(Debug)]
struct LuBackward;

impl<B: LuKernels> Backward<B, 5> for LuBackward {
    type State = Saved<B>;

    fn backward(self, ops: Ops<Saved<B>, 5>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let [x, factors @ .., bias] = ops.parents.each_ref().map(Option::is_some);
        let wanted = Wanted { x, factors: factors.contains(&true), bias };
        let gradients = B::lu_backward(ops.state, grad, wanted);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: LuKernels, C: CheckpointStrategy> LuOps for Autodiff<B, C> {
    fn lu(
        x: FloatTensor<Self>,
        lower: FloatTensor<Self>,
        upper: FloatTensor<Self>,
        diagonal: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        setting: Setting,
    ) -> FloatTensor<Self> {
        let nodes = [x.node(), lower.node(), upper.node(), diagonal.node(), bias.node()];
        let prep = LuBackward.prepare::<C>(nodes).compute_bound().stateful();
        let (x, bias) = (x.into_primitive(), bias.into_primitive());
        let (lower, upper) = (lower.into_primitive(), upper.into_primitive());
        let diagonal = diagonal.into_primitive();
        match prep {
            OpsKind::UnTracked(prep) => prep.finish(B::lu(x, lower, upper, diagonal, bias, setting)),
            OpsKind::Tracked(prep) => {
                let out =
                    B::lu(x.clone(), lower.clone(), upper.clone(), diagonal.clone(), bias, setting.clone());
                let x = if setting.direction == Direction::Multiply { x } else { out.clone() };
                prep.finish(Saved { x, lower, upper, diagonal, setting }, out)
            }
        }
    }
}
