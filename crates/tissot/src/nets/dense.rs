//! Linear maps with what follows them, as one operation.

use super::Activation;
use burn::nn::Linear;
use burn::tensor::{Bool, Tensor};
use std::sync::Arc;
use tissot_kernels::dense::{Mask, dense, masked_dense};
use tissot_kernels::few::Pass;

/// `activation(x W + b)`, or `x W + b` where there is none.
///
/// # Shapes
/// `[batch, inputs]` -> `[batch, outputs]`.
pub(crate) fn map(layer: &Linear, x: Tensor<2>, activation: Option<Activation>) -> Tensor<2> {
    let bias = layer.bias.as_ref().map(|bias| bias.val());
    dense(x, layer.weight.val(), bias, activation.map(|a| a.kernel()))
}

/// The same, where the weights that `mask` (and `forbidden`, its tensor) names count as 0.
pub(crate) fn masked_map(
    layer: &Linear,
    x: Tensor<2>,
    activation: Option<Activation>,
    mask: &Arc<Mask>,
    forbidden: impl FnOnce() -> Tensor<2, Bool>,
) -> Tensor<2> {
    let bias = layer.bias.as_ref().map(|bias| bias.val());
    masked_dense(x, layer.weight.val(), bias, activation.map(|a| a.kernel()), mask, forbidden)
}

/// Takes a few rows through the same map; `None` where [`Pass::map`] gives it.
pub(crate) fn pass(
    rows: &mut Pass,
    layer: &Linear,
    activation: Option<Activation>,
    mask: Option<&Mask>,
) -> Option<()> {
    let bias = layer.bias.as_ref().map(|bias| bias.val());
    rows.map(layer.weight.val(), bias, activation.map(|a| a.kernel()), mask)
}

/// `x W` alone.
pub(crate) fn weight_map(layer: &Linear, x: Tensor<2>) -> Tensor<2> {
    dense(x, layer.weight.val(), None, None)
}

/// `x W` alone, where the weights that `mask` names count as 0.
pub(crate) fn masked_weight_map(
    layer: &Linear,
    x: Tensor<2>,
    mask: &Arc<Mask>,
    forbidden: impl FnOnce() -> Tensor<2, Bool>,
) -> Tensor<2> {
    masked_dense(x, layer.weight.val(), None, None, mask, forbidden)
}
