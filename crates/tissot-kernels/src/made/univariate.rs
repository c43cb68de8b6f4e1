//! What turns a latent column into a data column, once its parameters are known.

use super::activation::{sigmoid, softplus};
use super::real::Real;
use std::fmt::Debug;

/// One feature of a few rows: all slices but `params` have one entry a row.
#[derive(Debug)]
pub struct Column<'a, T> {
    /// Which feature it is.
    pub feature: usize,
    /// The latent values.
    pub z: &'a [T],
    /// The parameters, `[num_params, rows]`.
    pub params: &'a [T],
    /// To be filled: the data values `x = u^-1(z)`.
    pub x: &'a mut [T],
    /// To be filled: `log dx/dz`.
    pub log_slope: &'a mut [T],
}

/// The inverse of a univariate on slices of the host.
///
/// It is called with rows of zeros beside the real ones, whose results are dropped.
pub trait ColumnInverse: Debug + Sync {
    /// How many parameters an element has.
    fn num_params(&self) -> usize;
    /// Fills `x` and `log_slope`.
    fn inverse_f32(&self, column: Column<'_, f32>);
    /// Fills `x` and `log_slope`.
    fn inverse_f64(&self, column: Column<'_, f64>);
}

/// Calls the method of the type `T`.
pub(super) trait Invert: Real {
    /// Fills `x` and `log_slope`.
    fn invert(univariate: &dyn ColumnInverse, column: Column<'_, Self>);
}

impl Invert for f32 {
    fn invert(univariate: &dyn ColumnInverse, column: Column<'_, f32>) {
        univariate.inverse_f32(column);
    }
}

impl Invert for f64 {
    fn invert(univariate: &dyn ColumnInverse, column: Column<'_, f64>) {
        univariate.inverse_f64(column);
    }
}

/// `x = z - t`, `params = [t]`.
#[derive(Clone, Copy, Debug)]
pub struct Shift;

impl Shift {
    fn inverse<T: Real>(column: Column<'_, T>) {
        column.log_slope.fill(T::default());
        for ((x, &z), &t) in column.x.iter_mut().zip(column.z).zip(column.params) {
            *x = z - t;
        }
    }
}

impl ColumnInverse for Shift {
    fn num_params(&self) -> usize {
        1
    }
    fn inverse_f32(&self, column: Column<'_, f32>) {
        Self::inverse(column);
    }
    fn inverse_f64(&self, column: Column<'_, f64>) {
        Self::inverse(column);
    }
}

/// How a free parameter `u` becomes `log s`.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum LogScale {
    /// `u`, cut off at `-limit` and `limit`.
    Exp {
        /// The largest `|log s|`.
        limit: f64,
    },
    /// `u / (1 + |u| / range)`.
    SoftClip {
        /// The limit of `|log s|`.
        range: f64,
    },
    /// `log(sigmoid(u + offset) + epsilon)`, and at least `-limit`.
    Sigmoid {
        /// What is added to `u`.
        offset: f64,
        /// The least scale.
        epsilon: f64,
        /// The largest `-log s`, where `epsilon` is 0.
        limit: f64,
    },
    /// `log(softplus(u) + epsilon)`, and at least `-limit`.
    Softplus {
        /// The least scale.
        epsilon: f64,
        /// The largest `-log s`, where `epsilon` is 0.
        limit: f64,
    },
    /// `bound tanh(u / bound)`.
    Tanh {
        /// The limit of `|log s|`.
        bound: f64,
    },
    /// `factor atan(u)`.
    Atan {
        /// The limit of `|log s|` is `pi / 2` of it.
        factor: f64,
    },
}

impl LogScale {
    /// `log s` of every `u`, in place.
    #[inline(always)]
    fn apply<T: Real>(self, values: &mut [T], us: &[T]) {
        let each = |values: &mut [T], f: &dyn Fn(T) -> T| {
            values.iter_mut().zip(us).for_each(|(value, &u)| *value = f(u));
        };
        let r = T::from_f64;
        let at_least = |value: T, least: T| if value < least { least } else { value };
        match self {
            Self::Exp { limit } => {
                let limit = r(limit);
                each(values, &|u| at_least(if u > limit { limit } else { u }, -limit));
            }
            Self::SoftClip { range } => each(values, &|u| u / (r(1.0) + u.abs() / r(range))),
            Self::Sigmoid { offset, epsilon, .. } if epsilon > 0.0 => {
                each(values, &|u| (sigmoid(u + r(offset)) + r(epsilon)).ln());
            }
            Self::Sigmoid { offset, limit, .. } => each(values, &|u| {
                let u = u + r(offset);
                // log sigmoid(u) = min(u, 0) - log(1 + exp(-|u|))
                let below = if u < T::default() { u } else { T::default() };
                at_least(below - (-u.abs()).exp().ln_1p(), r(-limit))
            }),
            Self::Softplus { epsilon, .. } if epsilon > 0.0 => {
                each(values, &|u| (softplus(u) + r(epsilon)).ln());
            }
            Self::Softplus { limit, .. } => each(values, &|u| {
                // Below -40, log softplus(u) is u to the last digit of f64, where softplus itself underflows.
                at_least(if u < r(-40.0) { u } else { softplus(u).ln() }, r(-limit))
            }),
            Self::Tanh { bound } => each(values, &|u| (u / r(bound)).tanh() * r(bound)),
            Self::Atan { factor } => each(values, &|u| u.atan() * r(factor)),
        }
    }
}

/// `x = (z - t) / s`, or `x = z / s + t`; `params = [t, u]`, `log s` a law of `u`.
#[derive(Clone, Copy, Debug)]
pub struct Affine {
    /// The law.
    pub scale: LogScale,
    /// Whether the forward direction shifts before it scales: `z = (x - t) s`.
    pub shift_first: bool,
}

impl Affine {
    fn inverse<T: Real>(self, column: Column<'_, T>) {
        let Column { z, params, x, log_slope, .. } = column;
        let (t, u) = params.split_at(z.len());
        self.scale.apply(log_slope, u);
        for (((x, &z), &t), log_slope) in x.iter_mut().zip(z).zip(t).zip(log_slope) {
            *log_slope = -*log_slope;
            let reciprocal = log_slope.exp();
            *x = if self.shift_first { z * reciprocal + t } else { (z - t) * reciprocal };
        }
    }
}

impl ColumnInverse for Affine {
    fn num_params(&self) -> usize {
        2
    }
    fn inverse_f32(&self, column: Column<'_, f32>) {
        self.inverse(column);
    }
    fn inverse_f64(&self, column: Column<'_, f64>) {
        self.inverse(column);
    }
}
