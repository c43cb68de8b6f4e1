//! A case: a bijection at points, with all that the laws compare.

use super::violation::{Law, Violation};
use crate::bijection::{Bijection, Context};
use crate::inspect::jacobian::{Derivatives, derivatives, host};
use burn::tensor::{DType, Tensor};

/// How many roundings a row may have suffered at once, in units of `eps cond(J)`.
const ROUNDINGS: f64 = 16.0;

/// A bijection at points, and its exact derivatives there: what a law is checked on.
#[derive(Debug)]
pub struct Case<const D: usize, B> {
    /// The row of the table, for messages.
    pub row: String,
    /// The bijection, without autodiff (`valid()`), in the number type of `x`.
    pub bijection: B,
    /// The points, `[batch, features, ..]`, not tracked.
    pub x: Tensor<D>,
    /// The context's features, `[batch, context]`, not tracked.
    pub context: Option<Tensor<2>>,
    /// The derivatives at each point.
    pub derivatives: Vec<Derivatives>,
    tolerances: Vec<f64>,
}

impl<const D: usize, B: Bijection<D>> Case<D, B> {
    /// A bijection at points; its number type must be that of `x`.
    ///
    /// The tolerance of a row is `max(base, 16 eps cond(J))`, at most 0.1, `base` 1e-9 in f64 and 1e-4 in f32, relative to
    /// `max(1, |expected|)`.
    ///
    /// # Panics
    /// Where the shapes do not fit the bijection.
    pub fn new(row: impl Into<String>, bijection: &B, x: Tensor<D>, context: Option<Tensor<2>>) -> Self {
        let bijection = bijection.valid();
        let x = x.detach().without_autodiff();
        let context = context.map(|context| context.detach().without_autodiff());
        let features = context.as_ref().map_or(Context::NONE, Context::of);
        let derivatives = derivatives(&bijection, &x, features);
        let (base, epsilon) = precision(x.dtype());
        let (z, _) = bijection.forward(x.clone(), features);
        let width = x.dims()[1..].iter().product::<usize>().max(1);
        let (x_host, z_host) = (host(x.clone()), host(z));
        let largest = |row: &[f64]| row.iter().fold(0.0, |largest: f64, v| largest.max(v.abs()));
        let tolerances = derivatives
            .iter()
            .zip(x_host.chunks(width).zip(z_host.chunks(width)))
            .map(|(at, (x, z))| {
                // A map that also shifts rounds its output whole: |z| where that is more than |J| |x|.
                let gain = at.by_x.norm().max(largest(z) / largest(x).max(1.0));
                let rounding = ROUNDINGS * epsilon * gain * at.by_x.inverse_norm();
                // However bad the point, a tenth is too much; and NaN excuses nothing.
                if rounding.is_nan() { base } else { base.max(rounding.min(0.1)) }
            })
            .collect();
        Self { row: row.into(), bijection, x, context, derivatives, tolerances }
    }

    /// The context as a bijection takes it.
    pub fn context(&self) -> Context<'_> {
        self.context.as_ref().map_or(Context::NONE, Context::of)
    }

    /// The number of samples.
    pub fn batch(&self) -> usize {
        self.x.dims()[0]
    }

    /// The numbers of one sample: features times positions.
    pub fn dimensions(&self) -> usize {
        self.x.dims()[1..].iter().product()
    }

    /// The tolerance of a sample, relative to `max(1, |expected|)`.
    pub fn tolerance(&self, sample: usize) -> f64 {
        self.tolerances[sample]
    }

    /// `forward` at the points, in f64 on the host.
    pub(super) fn forward(&self) -> (Vec<f64>, Vec<f64>) {
        let (z, log_det) = self.bijection.forward(self.x.clone(), self.context());
        (host(z), host(log_det))
    }

    /// An exact law's violation.
    pub(super) fn broken(
        &self,
        law: Law,
        found: impl Into<String>,
        expected: impl Into<String>,
    ) -> Violation {
        let (found, expected) = (found.into(), expected.into());
        Violation { law, row: self.row.clone(), found, expected, tolerance: 0.0 }
    }

    /// Compares numbers, some a sample, of all samples of the case.
    pub(super) fn agree(
        &self,
        law: Law,
        what: &str,
        found: &[f64],
        expected: &[f64],
    ) -> Result<(), Violation> {
        let width = found.len() / self.batch().max(1);
        agree(&self.row, law, what, found, expected, |i| self.tolerances[i / width.max(1)], width)
    }
}

/// Compares numbers; `width` of them make a sample. Names the one that is furthest out.
pub(super) fn agree(
    row: &str,
    law: Law,
    what: &str,
    found: &[f64],
    expected: &[f64],
    tolerance: impl Fn(usize) -> f64,
    width: usize,
) -> Result<(), Violation> {
    let violation = |found: String, expected: String, tolerance: f64| Violation {
        law,
        row: row.to_owned(),
        found,
        expected,
        tolerance,
    };
    if found.len() != expected.len() {
        let numbers = |values: &[f64]| format!("{} numbers of {what}", values.len());
        return Err(violation(numbers(found), numbers(expected), 0.0));
    }
    let excess = |i: usize| {
        let off = (found[i] - expected[i]).abs() / expected[i].abs().max(1.0) / tolerance(i);
        // Equal infinities agree here; that values are finite is a law of its own.
        if found[i] == expected[i] {
            0.0
        } else if off.is_nan() {
            f64::INFINITY
        } else {
            off
        }
    };
    let worst = (0..found.len()).map(|i| (i, excess(i))).max_by(|a, b| a.1.total_cmp(&b.1));
    match worst {
        Some((i, off)) if off > 1.0 => {
            let place = format!("{what} {}", place(i, width));
            Err(violation(
                format!("{:.12e} as {place}", found[i]),
                format!("{:.12e}", expected[i]),
                tolerance(i),
            ))
        }
        _ => Ok(()),
    }
}

/// Where number `i` stands when `width` numbers make a sample.
pub(super) fn place(i: usize, width: usize) -> String {
    if width <= 1 {
        format!("of sample {i}")
    } else {
        format!("of sample {}, number {}", i / width, i % width)
    }
}

/// The base tolerance and the rounding unit of a number type.
pub(super) fn precision(dtype: DType) -> (f64, f64) {
    match dtype {
        DType::F64 => (1e-9, f64::EPSILON),
        _ => (1e-4, f64::from(f32::EPSILON)),
    }
}
