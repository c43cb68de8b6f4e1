//! The backward pass on the CPU.

use super::flex::masked;
use super::fresh::by_panels;
use super::mask::Panel;
use super::op::{InputGradients, Saved};
use super::{Mask, passes};
use crate::flex::{chunks, parallel, parallel_pass, share, tensor, written};
use crate::matrix::{Matrix, Target, product};
use crate::real::Real;
use crate::threads;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Rows whose column sums are taken together; a constant, so that the sum does not depend on the number of threads.
const BLOCK: usize = 256;

/// See [`super::flex::backward`].
pub(super) fn backward<T: Real>(saved: &Saved<Flex>, grad: FlexTensor, bias: bool) -> InputGradients<Flex> {
    let mut grad = unshared(grad);
    let sums = pull_back::<T>(saved, &mut grad, bias);
    let g = Matrix::<T>::of(&grad);
    let mask = saved.mask.as_deref();
    let of_x = |spread| Some(grad_input(g, saved.weight.as_ref()?, mask, spread));
    let of_weight = |spread| Some(grad_weight(Matrix::<T>::of(saved.x.as_ref()?), g, mask, spread));
    let inputs = saved.weight.as_ref().zip(saved.x.as_ref()).map_or(0, |(_, x)| x.layout().shape()[1]);
    let (mut x, mut weight) = (None, None);
    if parallel(g.shape()[0] * inputs * g.shape()[1]) && threads::count() == 2 {
        // Each is half of the work.
        let tasks: [Box<dyn FnOnce() + Send>; 2] =
            [Box::new(|| x = of_x(false)), Box::new(|| weight = of_weight(false))];
        threads::for_each(tasks.into(), |task| task());
    } else {
        (x, weight) = (of_x(true), of_weight(true));
    }
    [x, weight, bias.then(|| tensor(sums, &[g.shape()[1]]))]
}

/// The tensor stored without gaps; the only handle on it where `tensor` was.
fn unshared(tensor: FlexTensor) -> FlexTensor {
    let result = tensor.to_contiguous();
    drop(tensor);
    result
}

/// Multiplies `grad` by the derivative of the activation, in place; the sums of its columns where `bias` wants them.
fn pull_back<T: Real>(saved: &Saved<Flex>, grad: &mut FlexTensor, bias: bool) -> Vec<T> {
    let [rows, outputs] = [0, 1].map(|axis| grad.layout().shape()[axis]);
    if rows * outputs == 0 || (saved.kept.is_none() && !bias) {
        return vec![T::ZERO; outputs];
    }
    let size = BLOCK * outputs;
    let mut sums = vec![T::ZERO; rows.div_ceil(BLOCK) * outputs];
    if let Some(kept) = &saved.kept {
        let kept = kept.to_contiguous();
        let kept = T::storage(&kept);
        let one = |((grad, kept), sums): ((&mut [T], &[T]), &mut [T])| {
            passes::pull_back(grad, kept, saved.activation, sums);
        };
        let grad = T::storage_mut(grad);
        if parallel_pass(grad.len()) {
            let blocks = grad.chunks_mut(size).zip(kept.chunks(size)).zip(sums.chunks_mut(outputs));
            threads::for_each(blocks.collect(), one);
        } else {
            grad.chunks_mut(size).zip(kept.chunks(size)).zip(sums.chunks_mut(outputs)).for_each(one);
        }
    } else {
        let grad = T::storage(grad);
        chunks(parallel_pass(grad.len()), &mut sums, outputs, |i, sums| {
            passes::add_columns(&grad[i * size..grad.len().min((i + 1) * size)], sums);
        });
    }
    let (total, rest) = sums.split_at_mut(outputs);
    rest.chunks(outputs).for_each(|part| passes::add_columns(part, total));
    sums.truncate(outputs);
    sums
}

/// `g W^T`, by several threads where `spread` says so and that pays.
fn grad_input<T: Real>(
    g: Matrix<'_, T>,
    weight: &FlexTensor,
    mask: Option<&Mask>,
    spread: bool,
) -> FlexTensor {
    let ([rows, outputs], inputs) = (g.shape(), weight.layout().shape()[0]);
    let whole = [Panel::whole(inputs, outputs)];
    let panels = mask.map_or(&whole[..], Mask::by_inputs);
    let weight = if mask.is_some() { masked::<T>(weight, panels) } else { weight.clone() };
    let w = Matrix::<T>::of(&weight);
    let mut out = Vec::new();
    if rows * inputs > 0 {
        let work = rows * mask.map_or(inputs * outputs, Mask::multiplied);
        let spread = spread && parallel(work);
        let block = if spread { share(rows, work) } else { rows };
        let write = |fresh: &mut [_]| {
            chunks(spread, fresh, block * inputs, |i, fresh| {
                let g = g.rows(i * block..i * block + fresh.len() / inputs);
                by_panels(fresh, g, w.t(), panels);
            });
        };
        // SAFETY: the chunks are all numbers, and `by_panels` writes each of a chunk or panics.
        out = unsafe { written(rows * inputs, write) };
    }
    tensor(out, &[rows, inputs])
}

/// `x^T g`, with 0 where the mask says so, by several threads where `spread` says so and that pays.
fn grad_weight<T: Real>(x: Matrix<'_, T>, g: Matrix<'_, T>, mask: Option<&Mask>, spread: bool) -> FlexTensor {
    let ([rows, inputs], [_, outputs]) = (x.shape(), g.shape());
    let whole = [Panel::whole(inputs, outputs)];
    let panels = mask.map_or(&whole[..], Mask::by_inputs);
    if inputs * outputs == 0 {
        return tensor(Vec::<T>::new(), &[inputs, outputs]);
    }
    let work = rows * mask.map_or(inputs * outputs, Mask::multiplied);
    let spread = spread && parallel(work);
    let share = if spread { share(inputs, work) } else { inputs };
    let write = |mut rest: &mut [MaybeUninit<T>]| {
        let mut tasks = Vec::with_capacity(panels.len());
        for panel in panels {
            assert_eq!(panel.along.start * outputs, inputs * outputs - rest.len(), "panels without a gap");
            for start in panel.along.clone().step_by(share) {
                let along = start..panel.along.end.min(start + share);
                let (strip, after) = std::mem::take(&mut rest).split_at_mut(along.len() * outputs);
                tasks.push((panel, along, strip));
                rest = after;
            }
        }
        assert!(rest.is_empty(), "panels to the last row");
        let one = |(panel, along, strip): (&Panel, Range<usize>, &mut [_])| {
            strip_of_weight(strip, x.cols(along.clone()).t(), g, panel, along);
        };
        if spread {
            threads::for_each(tasks, one);
        } else {
            tasks.into_iter().for_each(one);
        }
    };
    // SAFETY: the strips are all numbers, and `strip_of_weight` writes each of a strip or panics.
    let out = unsafe { written(inputs * outputs, write) };
    tensor(out, &[inputs, outputs])
}

/// Some rows of `x^T g`, those of one panel: 0 beside its columns and where it says so.
fn strip_of_weight<T: Real>(
    strip: &mut [MaybeUninit<T>],
    x: Matrix<'_, T>,
    g: Matrix<'_, T>,
    panel: &Panel,
    along: Range<usize>,
) {
    let [_, outputs] = g.shape();
    assert_eq!(strip.len(), along.len() * outputs, "a place for each number of the strip");
    let mut next = 0;
    for range in &panel.across {
        assert!(next <= range.start, "columns from left to right");
        for row in strip.chunks_exact_mut(outputs) {
            row[next..range.start].fill(MaybeUninit::new(T::ZERO));
        }
        next = range.end;
        // SAFETY: the product does not add.
        let target = unsafe { Target::fresh(strip, outputs, range.clone()) };
        product(target, x, g.cols(range.clone()), false);
    }
    for row in strip.chunks_exact_mut(outputs) {
        row[next..].fill(MaybeUninit::new(T::ZERO));
    }
    for (row, run) in panel.zeros.iter().filter(|(row, _)| along.contains(row)) {
        let row = (row - along.start) * outputs;
        strip[row + run.start..row + run.end].fill(MaybeUninit::new(T::ZERO));
    }
}
