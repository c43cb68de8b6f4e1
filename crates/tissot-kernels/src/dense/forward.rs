//! The forward pass on the CPU.

use super::flex::masked;
use super::fresh::by_panels;
use super::mask::Panel;
use super::masked_row::masked_row;
use super::{Mask, passes};
use crate::activation::{Activation, keeps_slope};
use crate::flex::{for_chunks, parallel, share, tensor, written};
use crate::matrix::Matrix;
use crate::real::Real;
use burn::backend::flex::FlexTensor;

/// The most rows that are computed before their activation, so that they are still in the cache.
const BLOCK: usize = 512;

/// `act(x W + b)`: the product of a block of rows, then bias and activation in one pass.
///
/// Where `keep` says so, what else the gradient of the activation needs is given, too.
pub(super) fn forward<T: Real>(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    activation: Option<Activation>,
    mask: Option<&Mask>,
    keep: bool,
) -> (FlexTensor, Option<FlexTensor>) {
    let (rows, [inputs, outputs]) = (x.layout().shape()[0], [0, 1].map(|axis| weight.layout().shape()[axis]));
    let (numbers, mut out) = (rows * outputs, Vec::new());
    let keep = keep && keeps_slope(activation);
    let mut kept = vec![T::ZERO; if keep { numbers } else { 0 }];
    if numbers > 0 {
        let bias = bias.to_contiguous();
        let bias = T::storage(&bias);
        let finish = |out: &mut [T], kept: &mut [T]| passes::finish(out, kept, bias, activation);
        let x = Matrix::<T>::of(x);
        if let (Some(mask), 1) = (mask, rows) {
            out.resize(numbers, T::ZERO);
            masked_row(&mut out, x, T::storage(&weight.to_contiguous()), mask.runs());
            finish(&mut out, &mut kept);
        } else {
            let whole = [Panel::whole(outputs, inputs)];
            let panels = mask.map_or(&whole[..], Mask::by_outputs);
            let weight = if mask.is_some() { masked::<T>(weight, panels) } else { weight.clone() };
            let w = Matrix::<T>::of(&weight);
            let work = rows * mask.map_or(inputs * outputs, Mask::multiplied);
            let block = share(rows, work).min(BLOCK);
            let size = block * outputs;
            let write = |fresh: &mut [_]| {
                for_chunks(parallel(work), (fresh, size), (&mut kept, size), |i, fresh, kept| {
                    let x = x.rows(i * block..i * block + fresh.len() / outputs);
                    finish(by_panels(fresh, x, w, panels), kept);
                });
            };
            // SAFETY: the chunks are all numbers, and `by_panels` writes each of a chunk or panics.
            out = unsafe { written(numbers, write) };
        }
    }
    (tensor(out, &[rows, outputs]), keep.then(|| tensor(kept, &[rows, outputs])))
}
