//! The forward pass on the CPU.

use super::flex::{chunks, masked, matrix, share};
use super::mask::Panel;
use super::matrix::{Target, product};
use super::{Activation, Mask, passes, thin};
use crate::flex::tensor;
use crate::real::Real;
use burn::backend::flex::FlexTensor;

/// The most rows that are computed before their activation, so that they are still in the cache.
const BLOCK: usize = 512;

/// `act(x W + b)`: the product of a block of rows, then bias and activation in one pass.
pub(super) fn forward<T: Real>(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    activation: Activation,
    mask: Option<&Mask>,
) -> FlexTensor {
    let (rows, [inputs, outputs]) = (x.layout().shape()[0], [0, 1].map(|axis| weight.layout().shape()[axis]));
    let whole = [Panel::whole(outputs, inputs)];
    let panels = mask.map_or(&whole[..], Mask::by_outputs);
    let (x, bias) = (matrix::<T>(x), bias.to_contiguous());
    let bias = T::storage(&bias);
    let mut out = vec![T::ZERO; rows * outputs];
    if out.is_empty() {
        return tensor(out, &[rows, outputs]);
    }
    if let (Some(mask), 1) = (mask, rows) {
        thin::masked_row(&mut out, x, T::storage(&weight.to_contiguous()), mask.runs());
        passes::finish(&mut out, bias, activation);
        return tensor(out, &[rows, outputs]);
    }
    let weight = if mask.is_some() { masked::<T>(weight, panels) } else { weight.clone() };
    let w = matrix::<T>(&weight);
    let block = share(rows, rows * mask.map_or(inputs * outputs, Mask::multiplied)).min(BLOCK);
    chunks(&mut out, block * outputs, |i, out| {
        let x = x.rows(i * block..i * block + out.len() / outputs);
        for panel in panels {
            for (n, range) in panel.across.iter().enumerate() {
                let target = Target::new(out, outputs, panel.along.clone());
                let w = w.rows(range.clone()).cols(panel.along.clone());
                product(target, x.cols(range.clone()), w, n > 0);
            }
        }
        passes::finish(out, bias, activation);
    });
    tensor(out, &[rows, outputs])
}
