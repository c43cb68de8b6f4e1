//! Univariates of whole rows on the CPU.

use super::block::{AnyBlock, Block};
use super::op::UnivariateOps;
use super::{Direction, Univariate};
use crate::LANES;
use crate::flex::{contiguous, for_chunks, rows_per_task, tensor};
use crate::real::{Lanes, Real};
use crate::simd::dispatch;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::DType;

/// `[elements, p]` as lists of lanes.
#[inline(always)]
fn load<T: Real>(rows: &[T], lanes: &mut [Lanes<T>]) {
    let p = lanes.len();
    for (l, row) in rows.chunks_exact(p).enumerate() {
        for (k, &value) in row.iter().enumerate() {
            lanes[k][l] = value;
        }
    }
}

/// Lists of lanes as `[elements, p]`.
#[inline(always)]
fn store<T: Real>(lanes: &[Lanes<T>], rows: &mut [T]) {
    let p = lanes.len();
    for (l, row) in rows.chunks_exact_mut(p).enumerate() {
        for (k, value) in row.iter_mut().enumerate() {
            *value = lanes[k][l];
        }
    }
}

impl UnivariateOps for Flex {
    fn univariate(
        at: FlexTensor,
        params: FlexTensor,
        univariate: Univariate,
        direction: Direction,
    ) -> FlexTensor {
        match at.dtype() {
            DType::F64 => forward::<f64>(at, params, univariate, direction),
            _ => forward::<f32>(at, params, univariate, direction),
        }
    }

    fn univariate_backward(
        at: FlexTensor,
        params: FlexTensor,
        grad: FlexTensor,
        univariate: Univariate,
        direction: Direction,
    ) -> (FlexTensor, FlexTensor) {
        match at.dtype() {
            DType::F64 => backward::<f64>(at, params, grad, univariate, direction),
            _ => backward::<f32>(at, params, grad, univariate, direction),
        }
    }
}

/// The numbers of a contiguous tensor.
fn numbers<T: Real>(tensor: &FlexTensor) -> &[T] {
    T::slice(tensor).expect("input, parameters and gradients of one number type")
}

fn forward<T: Real>(
    at: FlexTensor,
    params: FlexTensor,
    univariate: Univariate,
    direction: Direction,
) -> FlexTensor {
    let dtype = at.dtype();
    let (at, params) = (contiguous(at), contiguous(params));
    let (rows, elements) = (at.layout().shape()[0], at.layout().shape()[1]);
    let (at, params): (&[T], &[T]) = (numbers(&at), numbers(&params));
    let p = univariate.num_params();
    let mut out = vec![T::ZERO; rows * elements + rows];
    let (values, log_dets) = out.split_at_mut(rows * elements);
    let chunk = rows_per_task(rows, elements * p);
    for_chunks([(values, chunk * elements), (log_dets, chunk)], |i, values, log_dets| {
        let start = i * chunk * elements;
        let mut block = AnyBlock::<T>::new(univariate);
        let mut slopes = vec![T::ZERO; values.len()];
        dispatch(
            #[inline(always)]
            || {
                for (b, (value, slope)) in values.chunks_mut(LANES).zip(slopes.chunks_mut(LANES)).enumerate()
                {
                    let (from, n) = (start + b * LANES, value.len());
                    load(&params[from * p..(from + n) * p], block.params());
                    block.apply(direction, &at[from..from + n], value, slope);
                }
            },
        );
        for (log_det, slopes) in log_dets.iter_mut().zip(slopes.chunks(elements.max(1))) {
            *log_det = T::of(slopes.iter().map(|s| s.to_f64()).sum());
        }
    });
    tensor(out, &[rows * elements + rows], dtype)
}

fn backward<T: Real>(
    at: FlexTensor,
    params: FlexTensor,
    grad: FlexTensor,
    univariate: Univariate,
    direction: Direction,
) -> (FlexTensor, FlexTensor) {
    let dtype = at.dtype();
    let (at, params, grad) = (contiguous(at), contiguous(params), contiguous(grad));
    let (rows, elements) = (at.layout().shape()[0], at.layout().shape()[1]);
    let (at, params, grad): (&[T], &[T], &[T]) = (numbers(&at), numbers(&params), numbers(&grad));
    let (values, log_dets) = grad.split_at(rows * elements);
    let p = univariate.num_params();
    let mut at_gradient = vec![T::ZERO; rows * elements];
    let mut params_gradient = vec![T::ZERO; rows * elements * p];
    let chunk = rows_per_task(rows, 2 * elements * p);
    let outputs =
        [(&mut at_gradient[..], chunk * elements), (&mut params_gradient[..], chunk * elements * p)];
    for_chunks(outputs, |i, at_gradient, params_gradient| {
        let start = i * chunk * elements;
        let mut block = AnyBlock::<T>::new(univariate);
        let mut log_gradient = [T::ZERO; LANES];
        let (mut row, mut column) = (i * chunk, 0);
        dispatch(
            #[inline(always)]
            || {
                let blocks = at_gradient.chunks_mut(LANES).zip(params_gradient.chunks_mut(LANES * p));
                for (b, (at_gradient, params_gradient)) in blocks.enumerate() {
                    let (from, n) = (start + b * LANES, at_gradient.len());
                    for g in &mut log_gradient[..n] {
                        *g = log_dets[row];
                        column += 1;
                        if column == elements {
                            (row, column) = (row + 1, 0);
                        }
                    }
                    load(&params[from * p..(from + n) * p], block.params());
                    let (at, values) = (&at[from..from + n], &values[from..from + n]);
                    block.pull_back(direction, at, values, &log_gradient, at_gradient);
                    store(block.params(), params_gradient);
                }
            },
        );
    });
    (tensor(at_gradient, &[rows, elements], dtype), tensor(params_gradient, &[rows, elements, p], dtype))
}
