//! What a network sees: values and context features, side by side.

use super::Inputs;
use crate::bijection::{Context, expanded};
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

/// `x`, the context features as constant channels, and the context maps, one behind the other along axis 1.
///
/// # Panics
/// Where one of them has another width than the network was made for.
pub(crate) fn join_maps(x: Tensor<4>, context: Context<'_>, inputs: Inputs) -> Tensor<4> {
    let [batch, found, height, width] = x.dims();
    assert_eq!(found, inputs.values, "this network was made for {} channels; found {found}", inputs.values);
    let mut all = Vec::new();
    if inputs.values > 0 {
        all.push(x);
    }
    if inputs.context > 0 {
        let c = features(context, inputs.context);
        let c = c.reshape([batch, inputs.context, 1, 1]);
        all.push(expanded(c, [batch, inputs.context, height, width]));
    }
    if inputs.maps > 0 {
        let Some(maps) = context.maps else {
            panic!("this network was made for context maps of {} channels; found none", inputs.maps);
        };
        let (found, expected) = (maps.dims(), [batch, inputs.maps, height, width]);
        assert_eq!(
            found, expected,
            "this network was made for context maps of shape {expected:?}; found {found:?}"
        );
        all.push(maps.clone());
    }
    if all.len() == 1 { all.remove(0) } else { Tensor::cat(all, 1) }
}
