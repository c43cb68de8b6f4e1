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
use pulp::{Simd, WithSimd};

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

/// The forward pass over the elements of some rows, compiled for each kind of processor.
struct Forward<'a, T> {
    block: AnyBlock<T>,
    direction: Direction,
    at: &'a [T],
    params: &'a [T],
    values: &'a mut [T],
    slopes: &'a mut [T],
}

impl<T: Real> WithSimd for Forward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { mut block, direction, at, params, values, slopes } = self;
        let p = block.params().len();
        let outputs = values.chunks_mut(LANES).zip(slopes.chunks_mut(LANES));
        for ((at, params), (values, slopes)) in at.chunks(LANES).zip(params.chunks(LANES * p)).zip(outputs) {
            let n = values.len();
            load(&params[..n * p], block.params());
            block.apply(direction, &at[..n], values, slopes);
        }
    }
}

/// The backward pass over the elements of some rows, compiled for each kind of processor.
struct Backward<'a, T> {
    block: AnyBlock<T>,
    direction: Direction,
    elements: usize,
    at: &'a [T],
    params: &'a [T],
    value_gradients: &'a [T],
    log_det_gradients: &'a [T],
    at_gradients: &'a mut [T],
    params_gradients: &'a mut [T],
}

impl<T: Real> WithSimd for Backward<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let mut block = self.block;
        let p = block.params().len();
        let mut log_gradient = [T::ZERO; LANES];
        let (mut row, mut column) = (0, 0);
        let inputs =
            self.at.chunks(LANES).zip(self.params.chunks(LANES * p)).zip(self.value_gradients.chunks(LANES));
        let outputs = self.at_gradients.chunks_mut(LANES).zip(self.params_gradients.chunks_mut(LANES * p));
        for (((at, params), values), (at_gradient, params_gradient)) in inputs.zip(outputs) {
            let n = at_gradient.len();
            for g in &mut log_gradient[..n] {
                *g = self.log_det_gradients[row];
                column += 1;
                if column == self.elements {
                    (row, column) = (row + 1, 0);
                }
            }
            load(&params[..n * p], block.params());
            block.pull_back(self.direction, &at[..n], &values[..n], &log_gradient, at_gradient);
            store(block.params(), params_gradient);
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
        let (block, mut slopes) = (AnyBlock::new(univariate), vec![T::ZERO; values.len()]);
        let (at, params) = (&at[start..], &params[start * p..]);
        dispatch(Forward { block, direction, at, params, values, slopes: &mut slopes });
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
        dispatch(Backward {
            block: AnyBlock::new(univariate),
            direction,
            elements,
            at: &at[start..],
            params: &params[start * p..],
            value_gradients: &values[start..],
            log_det_gradients: &log_dets[i * chunk..],
            at_gradients: at_gradient,
            params_gradients: params_gradient,
        });
    });
    (tensor(at_gradient, &[rows, elements], dtype), tensor(params_gradient, &[rows, elements, p], dtype))
}
