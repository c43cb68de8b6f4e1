//! A batch in blocks one after the other, so that memory is bounded, and in parts at the same time.

use crate::bijection::Context;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Tensor, assert_shape};
use std::ops::Range;
use tissot_kernels::threads;

/// How many rows go through the network at a time, so that a table of any length needs bounded memory.
const BLOCK: usize = 16_384;

/// Rows of a table go to a part by so many, so that the loops over them end where they do for the whole: no bit of a row depends
/// on the number of threads. Products of fewer are slower, too.
const ROWS: usize = 64;

/// A part has at least so many multiplications: a thread wakes in the time of a tenth to a fifth of them.
const MULTIPLICATIONS: usize = 1 << 22;

/// Runs `part(rows, context)` over blocks of rows and joins what it gives.
pub(crate) fn in_blocks<const D: usize>(
    rows: usize,
    context: Context<'_>,
    mut part: impl FnMut(Range<usize>, Context<'_>) -> Tensor<D>,
) -> Tensor<D> {
    check_context(rows, context);
    if rows <= BLOCK {
        return part(0..rows, context);
    }
    let blocks = (0..rows).step_by(BLOCK).map(|start| start..rows.min(start + BLOCK));
    Tensor::cat(blocks.map(|block| context.at(block.clone(), |context| part(block, context))).collect(), 0)
}

/// `part(x, context)` of the whole batch or, where `module` has no gradients to keep and several threads pay, of its parts at the
/// same time, in their order.
///
/// What `part` does with a sample must not depend on the others. Each part is computed on one thread as the whole would be.
pub(crate) fn in_parts<const D: usize, R: Send>(
    module: &impl Module,
    x: Tensor<D>,
    context: Context<'_>,
    part: impl Fn(Tensor<D>, Context<'_>) -> R + Sync,
) -> Vec<R> {
    let rows = threads::split(x.dims()[0], parts(module, &x, context), least::<D>());
    if rows.len() == 1 {
        return vec![part(x, context)];
    }
    threads::parts(rows, |rows| {
        context.at(rows.clone(), |context| part(x.clone().slice_dim(0, rows), context))
    })
}

/// How many samples a part has at least.
const fn least<const D: usize>() -> usize {
    if D == 2 { ROWS } else { 1 }
}

/// How many parts pay.
fn parts<const D: usize>(module: &impl Module, x: &Tensor<D>, context: Context<'_>) -> usize {
    let dims = x.dims();
    let most = threads::count().min(dims[0] / least::<D>());
    let given =
        context.features.is_some_and(Tensor::is_autodiff) || context.maps.is_some_and(Tensor::is_autodiff);
    if most < 2 || given || x.is_autodiff() || !threads::are_used(&x.device(), x.dtype()) {
        return 1;
    }
    let mut weights = Weights { count: 0, autodiff: false };
    module.visit(&mut weights);
    let work = dims.iter().skip(2).chain(&dims[..1]).fold(weights.count, |work, &n| work.saturating_mul(n));
    if weights.autodiff { 1 } else { most.min(work / MULTIPLICATIONS).max(1) }
}

/// How many weights there are, and whether any is on a device with autodiff.
struct Weights {
    count: usize,
    autodiff: bool,
}

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let weight = param.val();
        self.count += weight.dims().iter().product::<usize>();
        self.autodiff |= weight.is_autodiff();
    }
}

/// The parts as one.
pub(crate) fn join<const D: usize>(parts: impl IntoIterator<Item = Tensor<D>>) -> Tensor<D> {
    let mut parts: Vec<_> = parts.into_iter().collect();
    if parts.len() == 1 { parts.remove(0) } else { Tensor::cat(parts, 0) }
}

/// # Panics
/// Where the context has not `rows` rows.
pub(crate) fn check_context(rows: usize, context: Context<'_>) {
    if let Some(features) = context.features {
        assert_shape!(features, [rows, _]);
    }
}

#[cfg(test)]
mod tests;
