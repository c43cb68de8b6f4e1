//! Law 15: calls agree and rows do not touch each other.

use super::case::{Case, agree};
use super::violation::{Law, Violation};
use crate::bijection::Bijection;
use crate::inspect::jacobian::host;
use burn::tensor::{Tensor, TensorData};

/// Law 15: two calls give the same bits; a sample alone gives what it gives within its batch, within its tolerance; and
/// a NaN in one sample leaves the others as they were. Both directions.
///
/// # Errors
/// A [`Violation`] of [`Law::Rows`].
pub fn rows_are_independent<const D: usize, B: Bijection<D>>(case: &Case<D, B>) -> Result<(), Violation> {
    let (z, _) = case.bijection.forward(case.x.clone(), case.context());
    independent(case, "forward", case.x.clone(), B::forward)?;
    independent(case, "inverse", z, B::inverse)
}

fn independent<const D: usize, B: Bijection<D>>(
    case: &Case<D, B>,
    direction: &str,
    x: Tensor<D>,
    map: impl Fn(&B, Tensor<D>, crate::Context<'_>) -> (Tensor<D>, Tensor<1>),
) -> Result<(), Violation> {
    let (batch, n) = (case.batch(), case.dimensions());
    let call = |x: Tensor<D>, context: Option<&Tensor<2>>| {
        let context = context.map_or(crate::Context::NONE, crate::Context::of);
        let (y, log_det) = map(&case.bijection, x, context);
        (host(y), host(log_det))
    };
    let first = call(x.clone(), case.context.as_ref());
    let second = call(x.clone(), case.context.as_ref());
    for (name, a, b) in [("value", &first.0, &second.0), ("log_det", &first.1, &second.1)] {
        if let Some(i) = (0..a.len()).find(|&i| a[i].to_bits() != b[i].to_bits()) {
            let found = format!("{:e} as {name} {i} of a second call of {direction}", b[i]);
            return Err(case.broken(Law::Rows, found, format!("the bits of {:e}, the first call's", a[i])));
        }
    }

    let mut alone: Vec<usize> = vec![0, batch / 2, batch - 1];
    alone.dedup();
    for row in alone {
        let context = case.context.clone().map(|context| context.narrow(0, row, 1));
        let (y, log_det) = call(x.clone().narrow(0, row, 1), context.as_ref());
        let what = |name: &str| format!("{name} by {direction} of row {row} alone, number");
        let tolerance = |_| case.tolerance(row);
        let same = |name: &str, found: &[f64], expected: &[f64]| {
            agree(&case.row, Law::Rows, &what(name), found, expected, tolerance, n)
        };
        same("value", &y, &first.0[row * n..(row + 1) * n])?;
        same("log_det", &log_det, &first.1[row..=row])?;
    }

    let ill = batch / 2;
    let mut values = host(x.clone());
    values[ill * n..(ill + 1) * n].fill(f64::NAN);
    let poisoned = Tensor::from_data(TensorData::new(values, x.dims()), (&x.device(), x.dtype()));
    let (mut y, mut log_det) = call(poisoned, case.context.as_ref());
    y[ill * n..(ill + 1) * n].copy_from_slice(&first.0[ill * n..(ill + 1) * n]);
    log_det[ill] = first.1[ill];
    let what = |name: &str| format!("{name} by {direction} beside NaN in row {ill},");
    case.agree(Law::Rows, &what("value"), &y, &first.0)?;
    case.agree(Law::Rows, &what("log_det"), &log_det, &first.1)
}
