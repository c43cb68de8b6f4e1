//! Passes over rows that the compiler vectorises for the vector units found at run time.
//!
//! Nothing here writes under a condition: that would make masked stores of the loops, many times slower than plain ones.

use super::Activation;
use crate::real::Real;
use crate::simd::dispatch;
use pulp::NullaryFnOnce;

/// `u` becomes `act(u + bias)` in rows as long as `bias`.
pub(crate) fn finish<T: Real>(values: &mut [T], bias: &[T], activation: Activation) {
    dispatch(Finish { values, bias, activation });
}

struct Finish<'a, T> {
    values: &'a mut [T],
    bias: &'a [T],
    activation: Activation,
}

impl<T: Real> NullaryFnOnce for Finish<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        match self.activation {
            Activation::None => self.rows(|u| u),
            Activation::Relu => self.rows(|u| u.zero_where(u <= T::ZERO)),
            Activation::LeakyRelu { slope } => {
                let slope = T::of(slope);
                self.rows(|u| u * if u < T::ZERO { slope } else { T::ONE });
            }
        }
    }
}

impl<T: Real> Finish<'_, T> {
    #[inline(always)]
    fn rows(self, activation: impl Fn(T) -> T) {
        for row in self.values.chunks_exact_mut(self.bias.len()) {
            for (u, bias) in row.iter_mut().zip(self.bias) {
                *u = activation(*u + *bias);
            }
        }
    }
}

/// `grad` becomes `grad act'(u)`, where `output` is `act(u)`; its columns, `sums.len()` many, are added to `sums`.
pub(super) fn pull_back<T: Real>(grad: &mut [T], output: &[T], activation: Activation, sums: &mut [T]) {
    dispatch(PullBack { grad, output, activation, sums });
}

struct PullBack<'a, T> {
    grad: &'a mut [T],
    output: &'a [T],
    activation: Activation,
    sums: &'a mut [T],
}

impl<T: Real> NullaryFnOnce for PullBack<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        match self.activation {
            Activation::None => {}
            // The sum with 0 keeps the compiler from seeing that where `y > 0` nothing needs to be written.
            Activation::Relu => self.rows(|g, y| g.zero_where(y <= T::ZERO) + T::ZERO),
            Activation::LeakyRelu { slope } => {
                let slope = T::of(slope);
                self.rows(|g, y| g * if y < T::ZERO { slope } else { T::ONE });
            }
        }
    }
}

impl<T: Real> PullBack<'_, T> {
    #[inline(always)]
    fn rows(self, slope: impl Fn(T, T) -> T) {
        let width = self.sums.len();
        for (grad, output) in self.grad.chunks_exact_mut(width).zip(self.output.chunks_exact(width)) {
            for ((g, y), sum) in grad.iter_mut().zip(output).zip(self.sums.iter_mut()) {
                let value = slope(*g, *y);
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
