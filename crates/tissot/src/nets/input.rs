//! What a network sees: values and context features, side by side.

use crate::bijection::Context;
use burn::tensor::Tensor;

/// The context's features, `[batch, width]`.
///
/// # Panics
/// Where there are none or their number is not `width`.
pub(crate) fn features(context: Context<'_>, width: usize) -> Tensor<2> {
    let Some(features) = context.features else {
        panic!("this network was made for {width} context features; found no context");
    };
    let [_, found] = features.dims();
    assert_eq!(found, width, "this network was made for {width} context features; found {found}");
    features.clone()
}

/// A 1 for each sample, `[batch, 1]`: the input of a network that has no other.
pub(crate) fn constant(x: &Tensor<2>) -> Tensor<2> {
    Tensor::ones([x.dims()[0], 1], (&x.device(), x.dtype()))
}

/// `x` and the context features side by side, `[batch, inputs + width]`; [`constant`] where that would be nothing.
///
/// # Panics
/// Where `x` has not `inputs` columns or the context not `width`.
pub(crate) fn join(x: Tensor<2>, context: Context<'_>, inputs: usize, width: usize) -> Tensor<2> {
    let [_, found] = x.dims();
    assert_eq!(found, inputs, "this network was made for {inputs} inputs; found {found}");
    match (inputs, width) {
        (0, 0) => constant(&x),
        (0, _) => features(context, width),
        (_, 0) => x,
        _ => Tensor::cat(vec![x, features(context, width)], 1),
    }
}
