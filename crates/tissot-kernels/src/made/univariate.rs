//! What turns a latent column into a data column, once its parameters are known.

use super::number::Number;
use crate::simd::dispatch;
use crate::univariate::{AnyBlock, Block, Direction, Order, Univariate};
use crate::{LANES, Real};
use pulp::{Simd, WithSimd};
use std::fmt::Debug;

/// One feature of a few rows, at most [`LANES`]: all slices but `params` have one entry a row.
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

/// The same for the gradient of the parameters in the forward direction, `z = u(x; params)`.
#[derive(Debug)]
pub struct ColumnGradient<'a, T> {
    /// Which feature it is.
    pub feature: usize,
    /// The data values.
    pub x: &'a [T],
    /// The gradient of `z`.
    pub z_gradient: &'a [T],
    /// The parameters, `[num_params, rows]`.
    pub params: &'a [T],
    /// To be filled: their gradients, `[num_params, rows]`.
    pub params_gradient: &'a mut [T],
}

/// A univariate on slices of the host, with the room that its work needs.
///
/// It is called with rows of zeros beside the real ones, whose results are dropped.
pub trait Columns<T> {
    /// Fills `x` and `log_slope`.
    fn inverse(&mut self, column: Column<'_, T>);
    /// Fills `params_gradient`.
    fn pull_back(&mut self, column: ColumnGradient<'_, T>);
}

/// A univariate that can be inverted on slices of the host.
pub trait ColumnInverse: Debug + Send + Sync {
    /// How many parameters an element has.
    fn num_params(&self) -> usize;
    /// What does the work of one thread in f32.
    fn columns_f32(&self) -> Box<dyn Columns<f32> + '_>;
    /// What does the work of one thread in f64.
    fn columns_f64(&self) -> Box<dyn Columns<f64> + '_>;
    /// The same function as kernels for GPUs know it; `None`, as by default, where they do not.
    fn on_gpu(&self) -> Option<Univariate> {
        None
    }
}

/// Calls the method of the type `T`.
pub(super) trait Invert: Number {
    /// What does the work of one thread.
    fn columns(univariate: &dyn ColumnInverse) -> Box<dyn Columns<Self> + '_>;
}

impl Invert for f32 {
    fn columns(univariate: &dyn ColumnInverse) -> Box<dyn Columns<f32> + '_> {
        univariate.columns_f32()
    }
}

impl Invert for f64 {
    fn columns(univariate: &dyn ColumnInverse) -> Box<dyn Columns<f64> + '_> {
        univariate.columns_f64()
    }
}

impl ColumnInverse for Univariate {
    fn num_params(&self) -> usize {
        self.num_params()
    }
    fn columns_f32(&self) -> Box<dyn Columns<f32>> {
        Box::new(AnyBlock::new(*self))
    }
    fn columns_f64(&self) -> Box<dyn Columns<f64>> {
        Box::new(AnyBlock::new(*self))
    }
    fn on_gpu(&self) -> Option<Univariate> {
        Some(*self)
    }
}

impl<T: Real> Columns<T> for AnyBlock<T> {
    fn inverse(&mut self, column: Column<'_, T>) {
        let Column { z, params, x, log_slope, .. } = column;
        load(self, params, z.len());
        dispatch(Apply { block: self, z, x, log_slope });
    }

    fn pull_back(&mut self, column: ColumnGradient<'_, T>) {
        let ColumnGradient { x, z_gradient, params, params_gradient, .. } = column;
        load(self, params, x.len());
        dispatch(PullBack { block: self, x, z_gradient });
        for (gradient, lanes) in params_gradient.chunks_exact_mut(x.len()).zip(self.params()) {
            gradient.copy_from_slice(&lanes[..x.len()]);
        }
    }
}

/// The inverse of a block, compiled for each kind of processor.
struct Apply<'a, T> {
    block: &'a mut AnyBlock<T>,
    z: &'a [T],
    x: &'a mut [T],
    log_slope: &'a mut [T],
}

impl<T: Real> WithSimd for Apply<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        self.block.apply(Direction::Inverse, self.z, self.x, self.log_slope);
    }
}

/// The gradients of a block's parameters, compiled for each kind of processor.
struct PullBack<'a, T> {
    block: &'a mut AnyBlock<T>,
    x: &'a [T],
    z_gradient: &'a [T],
}

impl<T: Real> WithSimd for PullBack<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let (nothing, mut unused) = ([T::ZERO; LANES], [T::ZERO; LANES]);
        let unused = &mut unused[..self.x.len()];
        Block::pull_back(self.block, Direction::Forward, self.x, self.z_gradient, &nothing, unused);
    }
}

/// Hands the parameters of `rows` rows to a block.
fn load<T: Real>(block: &mut AnyBlock<T>, params: &[T], rows: usize) {
    for (lanes, params) in block.params().iter_mut().zip(params.chunks_exact(rows)) {
        lanes[..rows].copy_from_slice(params);
    }
}

/// `z = x + t`, `params = [t]`.
#[derive(Clone, Copy, Debug)]
pub struct Shift;

impl ColumnInverse for Shift {
    fn num_params(&self) -> usize {
        1
    }
    fn columns_f32(&self) -> Box<dyn Columns<f32>> {
        Box::new(*self)
    }
    fn columns_f64(&self) -> Box<dyn Columns<f64>> {
        Box::new(*self)
    }
}

impl<T: Number> Columns<T> for Shift {
    fn inverse(&mut self, column: Column<'_, T>) {
        column.log_slope.fill(T::ZERO);
        for ((x, &z), &t) in column.x.iter_mut().zip(column.z).zip(column.params) {
            *x = z - t;
        }
    }

    fn pull_back(&mut self, column: ColumnGradient<'_, T>) {
        column.params_gradient.copy_from_slice(column.z_gradient);
    }
}

/// An affine function with `log s = factor atan(u)`, `params = [t, u]`; for other laws there is [`Univariate::Affine`].
#[derive(Clone, Copy, Debug)]
pub struct AtanAffine {
    /// `|log s|` stays below `pi / 2` of it.
    pub factor: f64,
    /// What is done first.
    pub order: Order,
}

impl ColumnInverse for AtanAffine {
    fn num_params(&self) -> usize {
        2
    }
    fn columns_f32(&self) -> Box<dyn Columns<f32>> {
        Box::new(*self)
    }
    fn columns_f64(&self) -> Box<dyn Columns<f64>> {
        Box::new(*self)
    }
}

impl<T: Number> Columns<T> for AtanAffine {
    fn inverse(&mut self, column: Column<'_, T>) {
        let (t, u) = column.params.split_at(column.z.len());
        let each = column.x.iter_mut().zip(column.log_slope).zip(column.z).zip(t).zip(u);
        for ((((x, log_slope), &z), &t), &u) in each {
            *log_slope = -(T::of(self.factor) * u.atan());
            let reciprocal = log_slope.exp();
            *x = match self.order {
                Order::ScaleThenShift => (z - t) * reciprocal,
                Order::ShiftThenScale => z * reciprocal + t,
            };
        }
    }

    fn pull_back(&mut self, column: ColumnGradient<'_, T>) {
        let rows = column.x.len();
        let (t, u) = column.params.split_at(rows);
        let (t_gradient, u_gradient) = column.params_gradient.split_at_mut(rows);
        for i in 0..rows {
            let s = (T::of(self.factor) * u[i].atan()).exp();
            let slope = T::of(self.factor) / (T::ONE + u[i] * u[i]);
            let (x, g) = (column.x[i], column.z_gradient[i]);
            (t_gradient[i], u_gradient[i]) = match self.order {
                Order::ScaleThenShift => (g, g * x * s * slope),
                Order::ShiftThenScale => (-(g * s), g * (x - t[i]) * s * slope),
            };
        }
    }
}
