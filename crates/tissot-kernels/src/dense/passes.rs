//! Passes over rows that the compiler vectorises for the vector units found at run time.

use super::Activation;
use super::real::Real;
use pulp::{Arch, NullaryFnOnce};

/// `u` becomes `act(u)`.
pub(super) fn activate<T: Real>(values: &mut [T], activation: Activation) {
    if activation != Activation::None {
        Arch::new().dispatch(Activate { values, activation });
    }
}

struct Activate<'a, T> {
    values: &'a mut [T],
    activation: Activation,
}

impl<T: Real> NullaryFnOnce for Activate<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        match self.activation {
            Activation::None => {}
            Activation::Relu => {
                for u in self.values {
                    *u = if *u <= T::ZERO { T::ZERO } else { *u };
                }
            }
            Activation::LeakyRelu { slope } => {
                let slope = T::from_f64(slope);
                for u in self.values {
                    *u = if *u < T::ZERO { slope * *u } else { *u };
                }
            }
        }
    }
}

/// `grad` becomes `grad act'(u)`, where `output` is `act(u)`; its columns, `sums.len()` many, are added to `sums`.
pub(super) fn pull_back<T: Real>(grad: &mut [T], output: &[T], activation: Activation, sums: &mut [T]) {
    Arch::new().dispatch(PullBack { grad, output, activation, sums });
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
            Activation::Relu => self.rows(|g, y| if y <= T::ZERO { T::ZERO } else { g }),
            Activation::LeakyRelu { slope } => {
                let slope = T::from_f64(slope);
                self.rows(|g, y| if y < T::ZERO { slope * g } else { g });
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
                *g = slope(*g, *y);
                *sum += *g;
            }
        }
    }
}

/// The columns of `rows`, `sums.len()` many, are added to `sums`.
pub(super) fn add_columns<T: Real>(rows: &[T], sums: &mut [T]) {
    Arch::new().dispatch(AddColumns { rows, sums });
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
