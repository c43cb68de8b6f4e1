//! The forward pass on the CPU.

use super::flex::{chunks, masked, matrix, share};
use super::mask::Panel;
use super::matrix::{Target, product};
use super::real::Real;
use super::{Activation, Mask, passes};
use burn::backend::flex::FlexTensor;

/// The most rows that are computed before their activation, so that they are still in the cache.
const BLOCK: usize = 512;

/// `act(x W + b)`: each block of rows starts as the bias, the product is added, the activation follows.
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
    let weight = if mask.is_some() { masked::<T>(weight, panels) } else { weight.clone() };
    let (x, w, bias) = (matrix::<T>(x), matrix::<T>(&weight), bias.to_contiguous());
    let mut out = Vec::with_capacity(rows * outputs);
    (0..rows).for_each(|_| out.extend_from_slice(T::storage(&bias)));
    if out.is_empty() {
        return T::tensor(out, &[rows, outputs]);
    }
    let block = share(rows, rows * mask.map_or(inputs * outputs, Mask::multiplied)).min(BLOCK);
    chunks(&mut out, block * outputs, |i, out| {
        let x = x.rows(i * block..i * block + out.len() / outputs);
        for panel in panels {
            for range in &panel.across {
                let target = Target::new(out, outputs, panel.along.clone());
                let w = w.rows(range.clone()).cols(panel.along.clone());
                product(target, x.cols(range.clone()), w, true);
            }
        }
        passes::activate(out, activation);
    });
    T::tensor(out, &[rows, outputs])
}
