//! Linear maps with what follows them, as one operation where there is one.

use super::Activation;
use burn::nn::Linear;
use burn::tensor::{Bool, Tensor};
use std::sync::Arc;
use tissot_kernels::dense::{Activation as Fused, MIN_SLOPE, Mask, dense, masked_dense};

/// `activation(x W + b)`, or `x W + b` where there is none.
///
/// # Shapes
/// `[batch, inputs]` -> `[batch, outputs]`.
pub(crate) fn map(layer: &Linear, x: Tensor<2>, activation: Option<Activation>) -> Tensor<2> {
    let (fused, after) = split(activation);
    let bias = layer.bias.as_ref().map(|bias| bias.val());
    finish(dense(x, layer.weight.val(), bias, fused), after)
}

/// The same, where the weights that `mask` (and `forbidden`, its tensor) names count as 0.
pub(crate) fn masked_map(
    layer: &Linear,
    x: Tensor<2>,
    activation: Option<Activation>,
    mask: &Arc<Mask>,
    forbidden: impl FnOnce() -> Tensor<2, Bool>,
) -> Tensor<2> {
    let (fused, after) = split(activation);
    let bias = layer.bias.as_ref().map(|bias| bias.val());
    finish(masked_dense(x, layer.weight.val(), bias, fused, mask, forbidden), after)
}

/// `x W` alone.
pub(crate) fn weight_map(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    dense(x, layer.weight.val(), None, Fused::None)
}

/// `x W` alone, where the weights that `mask` names count as 0.
pub(crate) fn masked_weight_map(
    layer: &Linear,
    x: Tensor<2>,
    mask: &Arc<Mask>,
    forbidden: impl FnOnce() -> Tensor<2, Bool>,
) -> Tensor<2> {
    masked_dense(x, layer.weight.val(), None, Fused::None, mask, forbidden)
}

/// What the operation does itself, and what is left to do.
fn split(activation: Option<Activation>) -> (Fused, Option<Activation>) {
    match activation {
        Some(Activation::Relu) => (Fused::Relu, None),
        Some(Activation::LeakyRelu { slope }) if slope >= MIN_SLOPE => (Fused::LeakyRelu { slope }, None),
        other => (Fused::None, other),
    }
}

fn finish(u: Tensor<2>, after: Option<Activation>) -> Tensor<2> {
    match after {
        Some(activation) => activation.apply(u),
        None => u,
    }
}
