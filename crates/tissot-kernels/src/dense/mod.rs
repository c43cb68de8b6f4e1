//! Linear maps with their bias and activation as one operation with one gradient, whole or masked.
//!
//! ```text
//! u = x W + b        y = act(u)
//! gu = gy act'(u)    gW = x^T gu    gb = sum over rows of gu    gx = gu W^T
//! ```
//!
//! On burn's Flex backend, for f32 and f64, the products are those of the `gemm` crate (as in Flex itself). Bias and
//! activation are one vectorised pass over rows that are still in the cache, and so are the activation's derivative
//! and the bias's gradient. Gradients of inputs that need none are not computed. Large products run in parallel over
//! rows; small ones stay on one thread. On GPUs, in f32, the products are burn's, and bias and activation one kernel, as is the
//! gradient of most activations. On any other device, or in another number type, the same functions are composed of burn's operations.
//!
//! A [`Mask`] says which weights of [`masked_dense`] are always 0. Blocks that are all 0 are not multiplied.

#[cfg(feature = "flex")]
mod backward;
mod composed;
#[cfg(feature = "cube")]
mod epilogue;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "flex")]
mod forward;
#[cfg(feature = "flex")]
mod fresh;
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
mod mask;
#[cfg(feature = "flex")]
mod masked_row;
#[cfg(feature = "flex")]
pub(crate) mod op;
#[cfg(feature = "flex")]
mod passes;

pub use mask::Mask;
#[cfg(feature = "flex")]
pub(crate) use passes::finish;

use crate::activation::Activation;
use burn::tensor::{Bool, Tensor};
use std::sync::Arc;

/// `act(x W + b)`, or `x W + b` without an activation.
///
/// # Shapes
/// `x`: `[rows, inputs]`, `weight`: `[inputs, outputs]`, `bias`: `[outputs]` -> `[rows, outputs]`.
///
/// # Panics
/// Where the shapes or number types do not fit together, and for an ELU whose `alpha` or `scale` is not positive.
pub fn dense(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Option<Activation>,
) -> Tensor<2> {
    check(&x, &weight, bias.as_ref(), activation);
    let composed = |x, weight, bias| composed::dense(x, weight, bias, activation);
    #[cfg(feature = "flex")]
    return op::fused(x, weight, bias, activation, None, composed);
    #[cfg(not(feature = "flex"))]
    composed(x, weight, bias)
}

/// `act(x W + b)` where `W` counts as 0 wherever `mask` says so, whatever is stored there; its gradient is 0
/// there too.
///
/// `forbidden` is the mask as a tensor, true where the weight counts as 0, `[inputs, outputs]`; it is asked for only
/// where the operation is composed.
///
/// The cost is that of the panels of the mask that are not all 0, see [`Mask`]. A masked weight inside such a panel is
/// read in each pass and, if any is not 0, the weights are copied without them: keep 0 stored there and no copy is made.
///
/// # Shapes
/// As for [`dense`].
///
/// # Panics
/// As [`dense`], and where the mask has another shape than the weight.
pub fn masked_dense(
    x: Tensor<2>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Option<Activation>,
    mask: &Arc<Mask>,
    forbidden: impl FnOnce() -> Tensor<2, Bool>,
) -> Tensor<2> {
    check(&x, &weight, bias.as_ref(), activation);
    assert_eq!(weight.dims(), mask.shape(), "the mask must have the shape of the weight");
    let composed =
        |x, weight: Tensor<2>, bias| composed::dense(x, weight.mask_fill(forbidden(), 0.0), bias, activation);
    #[cfg(feature = "flex")]
    return op::fused(x, weight, bias, activation, Some(mask), composed);
    #[cfg(not(feature = "flex"))]
    composed(x, weight, bias)
}

fn check(x: &Tensor<2>, weight: &Tensor<2>, bias: Option<&Tensor<1>>, activation: Option<Activation>) {
    let ([_, width], [inputs, outputs]) = (x.dims(), weight.dims());
    assert_eq!(width, inputs, "x has {width} columns, but the weight has {inputs} rows");
    if let Some(bias) = bias {
        let [found] = bias.dims();
        assert_eq!(found, outputs, "the bias has {found} entries, but the weight has {outputs} columns");
    }
    if let Some(activation) = activation {
        activation.check();
    }
}
