//! The kernels for burn's Flex backend: which number type, and what both passes share.

use super::mask::Panel;
use super::matrix::Matrix;
use super::op::{InputGradients, Saved};
use super::{Activation, Mask, backward, forward};
use crate::real::Real;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::DType;
use rayon::prelude::*;
use std::ops::Range;

/// `act(x W + b)`.
pub(super) fn forward(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    activation: Activation,
    mask: Option<&Mask>,
) -> FlexTensor {
    match x.dtype() {
        DType::F32 => forward::forward::<f32>(x, weight, bias, activation, mask),
        DType::F64 => forward::forward::<f64>(x, weight, bias, activation, mask),
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

/// A tensor of rank 2 as a matrix, wherever it lies.
pub(super) fn matrix<T: Real>(tensor: &FlexTensor) -> Matrix<'_, T> {
    let layout = tensor.layout();
    let (shape, strides) = (layout.shape(), layout.strides());
    Matrix::new(T::storage(tensor), layout.start_offset(), [shape[0], shape[1]], [strides[0], strides[1]])
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

/// Fewer multiplications than this stay on one thread.
const PARALLEL: usize = 160 * 160 * 160;

/// Whether so many multiplications are worth the call of other threads.
pub(super) fn parallel(work: usize) -> bool {
    work >= PARALLEL && rayon::current_num_threads() > 1
}

/// How many of `rows` to compute at once, where all together cost `work` multiplications: a share for each thread where
/// they are worth it.
pub(super) fn share(rows: usize, work: usize) -> usize {
    let shares = if parallel(work) { rayon::current_num_threads() } else { 1 };
    rows.div_ceil(shares).next_multiple_of(8)
}

/// `f(index, chunk)` for the chunks of `data`, in parallel where there are several chunks and threads.
pub(super) fn chunks<T: Real>(data: &mut [T], size: usize, f: impl Fn(usize, &mut [T]) + Send + Sync) {
    if data.len() > size && rayon::current_num_threads() > 1 {
        data.par_chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
    } else {
        data.chunks_mut(size).enumerate().for_each(|(i, chunk)| f(i, chunk));
    }
}
