//! The kernels for burn's Flex backend: which number type, and what both passes share.

use super::mask::Panel;
use super::op::{InputGradients, Saved};
use super::{Mask, backward, forward};
use crate::activation::Activation;
use crate::real::Real;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::DType;
use std::ops::Range;

/// `act(x W + b)`, and where `keep` says so, what else the gradient of the activation needs, if anything.
pub(super) fn forward(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    activation: Option<Activation>,
    mask: Option<&Mask>,
    keep: bool,
) -> (FlexTensor, Option<FlexTensor>) {
    match x.dtype() {
        DType::F32 => forward::forward::<f32>(x, weight, bias, activation, mask, keep),
        DType::F64 => forward::forward::<f64>(x, weight, bias, activation, mask, keep),
        other => unreachable!("no kernel for {other:?}"),
    }
}

/// The gradients of what is wanted: of `x` where the weight was saved, of the weight where `x` was, of the bias where
/// `bias` says so.
pub(super) fn backward(saved: &Saved<Flex>, grad: FlexTensor, bias: bool) -> InputGradients<Flex> {
    match grad.dtype() {
        DType::F32 => backward::backward::<f32>(saved, grad, bias),
        DType::F64 => backward::backward::<f64>(saved, grad, bias),
        other => unreachable!("no kernel for {other:?}"),
    }
}

/// The weight with 0 in place of the masked entries within `panels`; itself where they are 0 already.
pub(super) fn masked<T: Real>(weight: &FlexTensor, panels: &[Panel]) -> FlexTensor {
    let mut weight = weight.to_contiguous();
    let cols = weight.layout().shape()[1];
    let zeros = || panels.iter().flat_map(|panel| &panel.zeros);
    let place = |(row, run): &(usize, Range<usize>)| row * cols + run.start..row * cols + run.end;
    let values = T::storage(&weight);
    if !zeros().all(|zero| values[place(zero)].iter().fold(true, |all, &w| all & (w == T::ZERO))) {
        let values = T::storage_mut(&mut weight);
        zeros().for_each(|zero| values[place(zero)].fill(T::ZERO));
    }
    weight
}
