//! A scale and a shift.

use super::block::Block;
use super::{Direction, LogScale};
use crate::LANES;
use crate::real::{Lanes, Real};

/// Whether an affine function scales or shifts first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// `y = x s + t`.
    ScaleThenShift,
    /// `y = (x - t) s`.
    ShiftThenScale,
}

/// A scale and a shift of an element: two parameters, `t` and the `u` of `log s`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// How `u` becomes `log s`.
    pub scale: LogScale,
    /// What is done first.
    pub order: Order,
}

/// A block of elements under an affine function; see [`Block`].
#[derive(Debug)]
pub struct AffineBlock<T> {
    affine: Affine,
    params: [Lanes<T>; 2],
    derivative: Lanes<T>,
}

impl<T: Real> AffineBlock<T> {
    /// Room for blocks of `affine`.
    pub fn new(affine: Affine) -> Self {
        Self { affine, params: [[T::ZERO; LANES]; 2], derivative: [T::ZERO; LANES] }
    }
}

impl<T: Real> Block<T> for AffineBlock<T> {
    #[inline(always)]
    fn params(&mut self) -> &mut [Lanes<T>] {
        &mut self.params
    }

    #[inline(always)]
    fn apply(&mut self, direction: Direction, at: &[T], value: &mut [T], log_slope: &mut [T]) {
        let n = at.len();
        let [t, log_s] = &mut self.params;
        self.affine.scale.apply(&mut log_s[..n], &mut self.derivative[..n]);
        let (value, log_slope) = (&mut value[..n], &mut log_slope[..n]);
        for l in 0..n {
            let (at, t, log_s) = (at[l], t[l], log_s[l]);
            (value[l], log_slope[l]) = match (direction, self.affine.order) {
                (Direction::Forward, Order::ScaleThenShift) => (at * log_s.exp() + t, log_s),
                (Direction::Forward, Order::ShiftThenScale) => ((at - t) * log_s.exp(), log_s),
                (Direction::Inverse, Order::ScaleThenShift) => ((at - t) * (-log_s).exp(), -log_s),
                (Direction::Inverse, Order::ShiftThenScale) => (at * (-log_s).exp() + t, -log_s),
            };
        }
    }

    #[inline(always)]
    fn pull_back(
        &mut self,
        direction: Direction,
        at: &[T],
        value_gradient: &[T],
        log_slope_gradient: &Lanes<T>,
        at_gradient: &mut [T],
    ) {
        let n = at.len();
        let [t, log_s] = &mut self.params;
        self.affine.scale.apply(&mut log_s[..n], &mut self.derivative[..n]);
        let (values, at_gradient) = (&value_gradient[..n], &mut at_gradient[..n]);
        for l in 0..n {
            let (at, shift, g, h) = (at[l], t[l], values[l], log_slope_gradient[l]);
            let forward = direction == Direction::Forward;
            let s = if forward { log_s[l] } else { -log_s[l] }.exp();
            let pulled = g * s;
            // the gradients of the shift and of log s
            let (shift, log_s_gradient) = match (direction, self.affine.order) {
                (Direction::Forward, Order::ScaleThenShift) => (g, pulled * at + h),
                (Direction::Forward, Order::ShiftThenScale) => (-pulled, pulled * (at - shift) + h),
                (Direction::Inverse, Order::ScaleThenShift) => (-pulled, -(pulled * (at - shift)) - h),
                (Direction::Inverse, Order::ShiftThenScale) => (g, -(pulled * at) - h),
            };
            at_gradient[l] = pulled;
            t[l] = shift;
            log_s[l] = log_s_gradient * self.derivative[l];
        }
    }
}
