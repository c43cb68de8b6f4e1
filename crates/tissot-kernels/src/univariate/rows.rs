//! Univariates of whole rows on the CPU.

use super::block::{AnyBlock, Block};
use super::op::UnivariateOps;
use super::{Direction, Setting, Univariate};
use crate::LANES;
use crate::flex::{contiguous, for_chunks, numbers, rows_per_task, tensor};
use crate::real::{Lanes, Real, sum};
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
    block: &'a mut AnyBlock<T>,
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
        let Self { block, direction, at, params, values, slopes } = self;
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
    fn univariate(at: FlexTensor, params: FlexTensor, setting: Setting) -> (FlexTensor, FlexTensor) {
        match at.dtype() {
            DType::F64 => forward::<f64>(at, params, &setting),
            _ => forward::<f32>(at, params, &setting),
        }
    }

    fn univariate_backward(
        at: FlexTensor,
        params: FlexTensor,
        values: FlexTensor,
        log_dets: FlexTensor,
        setting: Setting,
    ) -> (FlexTensor, FlexTensor) {
        match at.dtype() {
            DType::F64 => backward::<f64>(at, params, [values, log_dets], &setting),
            _ => backward::<f32>(at, params, [values, log_dets], &setting),
        }
    }
}

/// The moved columns of rows, next to one another.
fn gather<T: Real>(rows: &[T], features: usize, columns: &[usize]) -> Vec<T> {
    let mut moved = Vec::with_capacity(rows.len() / features * columns.len());
    for row in rows.chunks_exact(features) {
        moved.extend(columns.iter().map(|&column| row[column]));
    }
    moved
}

/// Puts what moved into its columns.
fn scatter<T: Real>(moved: &[T], rows: &mut [T], features: usize, columns: &[usize]) {
    for (moved, row) in moved.chunks_exact(columns.len()).zip(rows.chunks_exact_mut(features)) {
        for (&column, &value) in columns.iter().zip(moved) {
            row[column] = value;
        }
    }
}

fn forward<T: Real>(at: FlexTensor, params: FlexTensor, setting: &Setting) -> (FlexTensor, FlexTensor) {
    let (at, params) = (contiguous(at), contiguous(params));
    let (rows, features) = (at.layout().shape()[0], at.layout().shape()[1]);
    let (at, params): (&[T], &[T]) = (numbers(&at), numbers(&params));
    let &Setting { univariate, direction, .. } = setting;
    let mut log_dets = vec![T::ZERO; rows];
    let values = match &setting.columns {
        None => {
            let mut values = vec![T::ZERO; rows * features];
            values_of(at, params, univariate, direction, &mut values, &mut log_dets);
            values
        }
        Some(columns) => {
            let mut moved = vec![T::ZERO; rows * columns.len()];
            let moving = gather(at, features, columns);
            values_of(&moving, params, univariate, direction, &mut moved, &mut log_dets);
            let mut values = at.to_vec();
            scatter(&moved, &mut values, features, columns);
            values
        }
    };
    (tensor(values, &[rows, features]), tensor(log_dets, &[rows]))
}

/// The values of some rows' elements, and the sums of the log-derivatives of each row.
fn values_of<T: Real>(
    at: &[T],
    params: &[T],
    univariate: Univariate,
    direction: Direction,
    values: &mut [T],
    log_dets: &mut [T],
) {
    let (rows, p) = (log_dets.len(), univariate.num_params());
    let elements = at.len() / rows.max(1);
    let chunk = rows_per_task(rows, elements * p);
    for_chunks(true, (values, chunk * elements), (log_dets, chunk), |i, values, log_dets| {
        let start = i * chunk * elements;
        let (mut block, mut slopes) = (AnyBlock::new(univariate), vec![T::ZERO; values.len()]);
        elements_of(&mut block, direction, &at[start..], &params[start * p..], values, &mut slopes);
        for (log_det, slopes) in log_dets.iter_mut().zip(slopes.chunks(elements.max(1))) {
            *log_det = T::of(sum(slopes, |s| s));
        }
    });
}

/// The values and the log-derivatives of as many elements as `values` has, by a block that may have served others before.
pub(crate) fn elements_of<T: Real>(
    block: &mut AnyBlock<T>,
    direction: Direction,
    at: &[T],
    params: &[T],
    values: &mut [T],
    slopes: &mut [T],
) {
    dispatch(Forward { block, direction, at, params, values, slopes });
}

fn backward<T: Real>(
    at: FlexTensor,
    params: FlexTensor,
    grads: [FlexTensor; 2],
    setting: &Setting,
) -> (FlexTensor, FlexTensor) {
    let (at, params, grads) = (contiguous(at), contiguous(params), grads.map(contiguous));
    let (rows, features) = (at.layout().shape()[0], at.layout().shape()[1]);
    let shape = [rows, params.layout().shape()[1], params.layout().shape()[2]];
    let (at, params): (&[T], &[T]) = (numbers(&at), numbers(&params));
    let (values, log_dets): (&[T], &[T]) = (numbers(&grads[0]), numbers(&grads[1]));
    let (of_at, of_params) = match &setting.columns {
        None => gradients_of(at, params, values, log_dets, setting),
        Some(columns) => {
            let (moved, pulled) = (gather(at, features, columns), gather(values, features, columns));
            let (moved, of_params) = gradients_of(&moved, params, &pulled, log_dets, setting);
            let mut of_at = values.to_vec();
            scatter(&moved, &mut of_at, features, columns);
            (of_at, of_params)
        }
    };
    (tensor(of_at, &[rows, features]), tensor(of_params, &shape))
}

fn gradients_of<T: Real>(
    at: &[T],
    params: &[T],
    values: &[T],
    log_dets: &[T],
    setting: &Setting,
) -> (Vec<T>, Vec<T>) {
    let &Setting { univariate, direction, .. } = setting;
    let (rows, p) = (log_dets.len(), univariate.num_params());
    let elements = at.len() / rows.max(1);
    let mut of_at = vec![T::ZERO; at.len()];
    let mut of_params = vec![T::ZERO; params.len()];
    let chunk = rows_per_task(rows, 2 * elements * p);
    let at_chunks = (&mut of_at[..], chunk * elements);
    for_chunks(
        true,
        at_chunks,
        (&mut of_params, chunk * elements * p),
        |i, at_gradients, params_gradients| {
            let start = i * chunk * elements;
            dispatch(Backward {
                block: AnyBlock::new(univariate),
                direction,
                elements,
                at: &at[start..],
                params: &params[start * p..],
                value_gradients: &values[start..],
                log_det_gradients: &log_dets[i * chunk..],
                at_gradients,
                params_gradients,
            });
        },
    );
    (of_at, of_params)
}
