//! The operation on burn's backends: where there is a kernel, and its place in the graph of gradients.

use super::{Mask, flex};
use crate::activation::Activation;
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::{base::Checkpointer, strategy::CheckpointStrategy};
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{
    Backend, Dispatch, DispatchTensor, DispatchTensorKind, Flex, TensorMetadata, backend_extension,
};
use burn::tensor::{DType, Tensor};
use std::sync::Arc;

/// The fused operation, or `otherwise` of the same inputs where it has no kernel for them.
pub(super) fn fused(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Option<Activation>,
    mask: Option<&Arc<Mask>>,
    otherwise: impl FnOnce(Tensor<2>, Tensor<2>, Option<Tensor<1>>) -> Tensor<2>,
) -> Tensor<2> {
    let (dtype, [_, outputs]) = (x.dtype(), weight.dims());
    let (x, weight) = (x.into_dispatch(), weight.into_dispatch());
    let bias = bias.map(Tensor::into_dispatch);
    let fits = |tensor: &DispatchTensor| tensor.dtype() == dtype && on_flex(&tensor.kind);
    if !matches!(dtype, DType::F32 | DType::F64) || ![&x, &weight].into_iter().chain(&bias).all(fits) {
        let (x, weight) = (Tensor::from_dispatch(x), Tensor::from_dispatch(weight));
        return otherwise(x, weight, bias.map(Tensor::from_dispatch));
    }
    // Extension operations take no optional tensors; an untracked 0 costs no gradient.
    let bias = bias.unwrap_or_else(|| {
        Tensor::<1>::zeros([outputs], (&burn::tensor::Device::flex(), dtype)).into_dispatch()
    });
    Tensor::from_dispatch(<Dispatch as DenseOps>::dense(x, weight, bias, activation, mask.cloned()))
}

fn on_flex(kind: &DispatchTensorKind) -> bool {
    match kind {
        DispatchTensorKind::Flex(_) => true,
        DispatchTensorKind::Autodiff(inner) => matches!(**inner, DispatchTensorKind::Flex(_)),
        #[allow(unreachable_patterns)]
        _ => false,
    }
}

/// The operation, with a gradient where the backend keeps account of them.
#[backend_extension(Flex, Autodiff)]
pub(crate) trait DenseOps: Backend {
    /// `act(x W + b)`, the masked entries of `W` counted as 0.
    fn dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
        mask: Option<Arc<Mask>>,
    ) -> FloatTensor<Self>;
}

/// A backend that has both passes.
pub(crate) trait DenseKernels: DenseOps {
    /// The operation, and what else the gradient of the activation needs, if anything.
    fn dense_and_keep(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
        mask: Option<&Mask>,
    ) -> (FloatTensor<Self>, Option<FloatTensor<Self>>);

    /// The gradients of the inputs that are wanted.
    fn dense_backward(saved: Saved<Self>, grad: FloatTensor<Self>, bias: bool) -> InputGradients<Self>;
}

/// What the backward pass needs of the forward pass.
#[derive(Clone, Debug)]
pub(crate) struct Saved<B: Backend> {
    /// The input, where the gradient of the weight is wanted.
    pub(crate) x: Option<FloatTensor<B>>,
    /// The weight, where the gradient of the input is wanted.
    pub(crate) weight: Option<FloatTensor<B>>,
    /// The output or the slopes, where there is an activation.
    pub(crate) kept: Option<FloatTensor<B>>,
    pub(crate) activation: Option<Activation>,
    pub(crate) mask: Option<Arc<Mask>>,
}

/// The gradients of `x`, the weight and the bias, those that were wanted.
pub(crate) type InputGradients<B> = [Option<FloatTensor<B>>; 3];

impl DenseOps for Flex {
    fn dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
        mask: Option<Arc<Mask>>,
    ) -> FloatTensor<Self> {
        flex::forward(&x, &weight, &bias, activation, mask.as_deref(), false).0
    }
}

impl DenseKernels for Flex {
    fn dense_and_keep(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
        mask: Option<&Mask>,
    ) -> (FloatTensor<Self>, Option<FloatTensor<Self>>) {
        flex::forward(&x, &weight, &bias, activation, mask, true)
    }

    fn dense_backward(saved: Saved<Self>, grad: FloatTensor<Self>, bias: bool) -> InputGradients<Self> {
        flex::backward(&saved, grad, bias)
    }
}

#[derive(Debug)]
struct DenseBackward;

impl<B: DenseKernels> Backward<B, 3> for DenseBackward {
    type State = Saved<B>;

    fn backward(self, ops: Ops<Saved<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let bias = ops.parents[2].is_some();
        let gradients = B::dense_backward(ops.state, grad, bias);
        for (parent, gradient) in ops.parents.into_iter().zip(gradients) {
            if let (Some(parent), Some(gradient)) = (parent, gradient) {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: DenseKernels, C: CheckpointStrategy> DenseOps for Autodiff<B, C> {
    fn dense(
        x: FloatTensor<Self>,
        weight: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
        mask: Option<Arc<Mask>>,
    ) -> FloatTensor<Self> {
        let (x_tracked, weight_tracked) = (x.is_tracked(), weight.is_tracked());
        let prep =
            DenseBackward.prepare::<C>([x.node(), weight.node(), bias.node()]).compute_bound().stateful();
        let (x, weight, bias) = (x.into_primitive(), weight.into_primitive(), bias.into_primitive());
        match prep {
            OpsKind::UnTracked(prep) => prep.finish(B::dense(x, weight, bias, activation, mask)),
            OpsKind::Tracked(prep) => {
                let (output, slopes) =
                    B::dense_and_keep(x.clone(), weight.clone(), bias, activation, mask.as_deref());
                let saved = Saved {
                    x: weight_tracked.then_some(x),
                    weight: x_tracked.then_some(weight),
                    kept: slopes.or_else(|| activation.map(|_| output.clone())),
                    activation,
                    mask,
                };
                prep.finish(saved, output)
            }
        }
    }
}
