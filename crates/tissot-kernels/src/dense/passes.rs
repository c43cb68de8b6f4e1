//! Passes over rows that the compiler vectorises for the vector units found at run time.
//!
//! Nothing here writes under a condition: that would make masked stores of the loops, many times slower than plain ones.

use crate::activation::{Activation, Curve, Show, Visitor};
use crate::real::Real;
use crate::simd::dispatch;
use pulp::NullaryFnOnce;

/// `u` becomes `act(u + bias)` in rows as long as `bias`; where `kept` is not empty, what the gradient needs goes there.
pub(crate) fn finish<T: Real>(values: &mut [T], kept: &mut [T], bias: &[T], activation: Option<Activation>) {
    if kept.is_empty() {
        dispatch(Show(activation, Finish { values, bias }));
    } else {
        dispatch(Show(activation, FinishAndKeep { values, kept, bias }));
    }
}

struct Finish<'a, T> {
    values: &'a mut [T],
    bias: &'a [T],
}

impl<T: Real> Visitor for Finish<'_, T> {
    type Number = T;
    type Output = ();

    #[inline(always)]
    fn visit<C: Curve<T>>(self, curve: C) {
        for row in self.values.chunks_exact_mut(self.bias.len()) {
            for (u, bias) in row.iter_mut().zip(self.bias) {
                *u = curve.value(*u + *bias);
            }
        }
    }
}

struct FinishAndKeep<'a, T> {
    values: &'a mut [T],
    kept: &'a mut [T],
    bias: &'a [T],
}

impl<T: Real> Visitor for FinishAndKeep<'_, T> {
    type Number = T;
    type Output = ();

    #[inline(always)]
    fn visit<C: Curve<T>>(self, curve: C) {
        let width = self.bias.len();
        for (row, kept) in self.values.chunks_exact_mut(width).zip(self.kept.chunks_exact_mut(width)) {
            for ((u, kept), bias) in row.iter_mut().zip(kept).zip(self.bias) {
                (*u, *kept) = curve.value_and_kept(*u + *bias);
            }
        }
    }
}

/// `grad` becomes `grad act'(u)`, by what was kept; its columns, `sums.len()` many, are added to `sums`.
pub(super) fn pull_back<T: Real>(grad: &mut [T], kept: &[T], activation: Option<Activation>, sums: &mut [T]) {
    dispatch(Show(activation, PullBack { grad, kept, sums }));
}

struct PullBack<'a, T> {
    grad: &'a mut [T],
    kept: &'a [T],
    sums: &'a mut [T],
}

impl<T: Real> Visitor for PullBack<'_, T> {
    type Number = T;
    type Output = ();

    #[inline(always)]
    fn visit<C: Curve<T>>(self, curve: C) {
        let width = self.sums.len();
        for (grad, kept) in self.grad.chunks_exact_mut(width).zip(self.kept.chunks_exact(width)) {
            for ((g, kept), sum) in grad.iter_mut().zip(kept).zip(self.sums.iter_mut()) {
                let value = curve.pull(*g, *kept);
                *g = value;
                *sum += value;
            }
        }
    }
}

/// The columns of `rows`, `sums.len()` many, are added to `sums`.
pub(super) fn add_columns<T: Real>(rows: &[T], sums: &mut [T]) {
    dispatch(AddColumns { rows, sums });
}

struct AddColumns<'a, T> {
    rows: &'a [T],
    sums: &'a mut [T],
}

impl<T: Real> NullaryFnOnce for AddColumns<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        for row in self.rows.chunks_exact(self.sums.len()) {
            for (v, sum) in row.iter().zip(self.sums.iter_mut()) {
                *sum += *v;
            }
        }
    }
}
