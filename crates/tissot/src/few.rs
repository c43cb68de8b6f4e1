//! A few rows of a table through layers one after another, without a tensor between those that work on the host.

use crate::bijection::{Bijection, Context, same_rank, zero_log_det};
use burn::tensor::Tensor;
use tissot_kernels::few::{ROWS, Rows};
use tissot_kernels::univariate::Direction;

/// `x`, where it is a table of so few rows that [`Bijection::pass`] may be worth its while; else `x` as it was.
#[allow(clippy::result_large_err)] // It is the argument given back.
pub(crate) fn rows<const D: usize>(x: Tensor<D>) -> Result<Rows, Tensor<D>> {
    if D == 2 && x.dims()[0] <= ROWS { Ok(Rows::new(same_rank(x))) } else { Err(x) }
}

/// The rows behind `layer`.
pub(crate) fn through<const D: usize, T: Bijection<D>>(
    mut rows: Rows,
    layer: &T,
    context: Context<'_>,
    direction: Direction,
) -> Rows {
    if layer.pass(&mut rows, context, direction).is_some() {
        return rows;
    }
    rows.composed(|x| {
        let (y, log_det) = match direction {
            Direction::Forward => layer.forward(same_rank(x), context),
            Direction::Inverse => layer.inverse(same_rank(x), context),
        };
        (same_rank(y), log_det)
    })
}

/// A layer by its [`Bijection::pass`] alone; `None` where it does not take these rows.
pub(crate) fn alone<const D: usize, T: Bijection<D>>(
    layer: &T,
    x: &Tensor<D>,
    context: Context<'_>,
    direction: Direction,
) -> Option<(Tensor<D>, Tensor<1>)> {
    let mut rows = rows(x.clone()).ok()?;
    layer.pass(&mut rows, context, direction)?;
    Some(finish(rows))
}

/// The rows as tensors, and the sum of the log-dets; 0 before the first layer.
pub(crate) fn finish<const D: usize>(rows: Rows) -> (Tensor<D>, Tensor<1>) {
    let (x, total) = rows.finish();
    let total = total.unwrap_or_else(|| zero_log_det(&x));
    (same_rank(x), total)
}
