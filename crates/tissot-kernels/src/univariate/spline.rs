//! Monotone rational-quadratic splines (Durkan et al. 2019, "Neural Spline Flows", section 3.1).

// Lanes of several lists are walked together; by an index the formulas stay readable.
#![allow(clippy::needless_range_loop)]

mod bin;
mod knots;
mod softmax;

use super::Direction;
use super::block::Block;
use crate::LANES;
use crate::real::{Lanes, Real, select};
use bin::Bin;
use knots::{BinGradient, Knots};

/// A monotone rational-quadratic spline on `[-bound, bound]`, the identity outside.
///
/// An element has `3 bins - 1` parameters: those of the widths, of the heights, and of the inner knots' slopes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spline {
    /// The number of bins, at least 2.
    pub bins: usize,
    /// Where the spline ends.
    pub bound: f64,
    /// What the parameters mean.
    pub law: Law,
}

/// How free parameters `u` become shares of width and height, `w` and `h`, and the inner knots' slopes `d`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Law {
    /// ```text
    /// w_k = min_width + (1 - K min_width) softmax(u_w)_k
    /// h_k ~ w_k r_k,  r_k = exp(A tanh(u_h / A))                       A = bin_log_slope
    /// d_k = 2 exp(C tanh(u_d / C)) / ((1 / r_k + 1 / r_k+1) sum w r)   C = knot_log_slope
    /// ```
    Bounded {
        /// The least share of the width.
        min_width: f64,
        /// `A`, in nats.
        bin_log_slope: f64,
        /// `C`, in nats.
        knot_log_slope: f64,
    },
    /// ```text
    /// w = min_width + (1 - K min_width) softmax(u_w / logit_scale)      h likewise
    /// d = min_derivative + softplus(u_d)
    /// ```
    Nflows {
        /// The least share of the width.
        min_width: f64,
        /// The least share of the height.
        min_height: f64,
        /// The least slope at a knot.
        min_derivative: f64,
        /// What the parameters of widths and heights are divided by.
        logit_scale: f64,
    },
    /// ```text
    /// w = softmax(u_w / (1 + |2 u_w / ln(slope)|))                      h likewise
    /// d = exp(u_d / (1 + |u_d / ln(slope)|))
    /// ```
    Zuko {
        /// The least slope at a knot.
        slope: f64,
    },
}

/// A block of elements under a spline; see [`Block`].
#[derive(Debug)]
pub struct SplineBlock<T> {
    spline: Spline,
    knots: Knots<T>,
    bin: Bin<T>,
    gradient: BinGradient<T>,
    at: Lanes<T>,
    value: Lanes<T>,
    log_slope: Lanes<T>,
    at_gradient: Lanes<T>,
}

impl<T: Real> SplineBlock<T> {
    /// Room for blocks of `spline`.
    pub fn new(spline: Spline) -> Self {
        let zero = [T::ZERO; LANES];
        Self {
            spline,
            knots: Knots::new(spline.bins),
            bin: Bin::new(&spline),
            gradient: BinGradient::new(),
            at: zero,
            value: zero,
            log_slope: zero,
            at_gradient: zero,
        }
    }

    /// Fills `value` and `log_slope`.
    #[inline(always)]
    fn solve(&mut self, direction: Direction, at: &[T]) {
        let n = at.len();
        let bound = T::of(self.spline.bound);
        for l in 0..n {
            let low = select(at[l] < -bound, -bound, at[l]);
            self.at[l] = select(low > bound, bound, low);
        }
        // whole vectors: the lanes beyond hold numbers of earlier blocks
        let all = n.next_multiple_of(16).min(LANES);
        self.knots.make(&self.spline, all);
        self.bin.find(&self.spline, &self.knots, &self.at, direction, all);
        match direction {
            Direction::Forward => self.bin.forward(&self.at, &mut self.value, &mut self.log_slope, all),
            Direction::Inverse => self.bin.inverse(&self.at, &mut self.value, &mut self.log_slope, all),
        }
        for l in 0..n {
            // the ends themselves count as outside, so that they are exact
            let outside = at[l].abs() >= bound;
            self.value[l] = select(outside, at[l], self.value[l]);
            self.log_slope[l] = select(outside, T::ZERO, self.log_slope[l]);
        }
    }
}

impl<T: Real> Block<T> for SplineBlock<T> {
    #[inline(always)]
    fn params(&mut self) -> &mut [Lanes<T>] {
        &mut self.knots.params
    }

    #[inline(always)]
    fn apply(&mut self, direction: Direction, at: &[T], value: &mut [T], log_slope: &mut [T]) {
        let n = at.len();
        self.solve(direction, at);
        value.copy_from_slice(&self.value[..n]);
        log_slope.copy_from_slice(&self.log_slope[..n]);
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
        self.solve(direction, at);
        let all = n.next_multiple_of(16).min(LANES);
        let bound = T::of(self.spline.bound);
        for l in 0..n {
            let outside = at[l].abs() >= bound;
            self.value[l] = select(outside, T::ZERO, value_gradient[l]);
            self.log_slope[l] = select(outside, T::ZERO, log_slope_gradient[l]);
        }
        self.bin.pull_back(
            &self.spline,
            direction,
            (&self.value, &self.log_slope),
            &mut self.at_gradient,
            &mut self.gradient,
            all,
        );
        self.knots.pull_back(&self.spline, all, &self.gradient);
        for l in 0..n {
            at_gradient[l] = select(at[l].abs() >= bound, value_gradient[l], self.at_gradient[l]);
        }
    }
}
