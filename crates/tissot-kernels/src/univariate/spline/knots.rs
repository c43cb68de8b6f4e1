//! From free parameters to shares and slopes, and their gradients back.

use super::softmax::{Gradient, share_gradient, softmax, softmax_gradient};
use super::{Law, Spline};
use crate::LANES;
use crate::real::{Lanes, Real, select};

/// What is known of the splines of a block of elements; every list has one entry a bin, or an inner knot.
#[derive(Debug)]
pub(super) struct Knots<T> {
    /// The parameters; once the knots are made, the derivatives of what [`Law`] makes of each: the logits of widths and
    /// heights (Bounded: `ln r`), and `d`.
    pub params: Vec<Lanes<T>>,
    /// The shares of the width.
    pub widths: Vec<Lanes<T>>,
    /// The shares of the height.
    pub heights: Vec<Lanes<T>>,
    /// The slopes at all knots, 1 at both ends.
    pub slopes: Vec<Lanes<T>>,
    /// `r` of the law Bounded.
    raw: Vec<Lanes<T>>,
}

impl<T: Real> Knots<T> {
    pub fn new(bins: usize) -> Self {
        let list = |n| vec![[T::ZERO; LANES]; n];
        Self {
            params: list(3 * bins - 1),
            widths: list(bins),
            heights: list(bins),
            slopes: vec![[T::ONE; LANES]; bins + 1],
            raw: list(bins),
        }
    }

    /// Makes shares and slopes of the parameters of the first `n` lanes.
    #[inline(always)]
    pub fn make(&mut self, spline: &Spline, n: usize) {
        let bins = spline.bins;
        let n = n.min(LANES);
        let Self { params, widths, heights, slopes, raw } = self;
        let (u_w, rest) = params.split_at_mut(bins);
        let (u_h, u_d) = rest.split_at_mut(bins);
        match spline.law {
            Law::Bounded { min_width, bin_log_slope, knot_log_slope } => {
                scale(u_w, 1.0, n);
                softmax(u_w, widths, min_width, n);
                u_w.iter_mut().for_each(|u| *u = [T::ONE; LANES]);
                let (a, one_over_a) = (T::of(bin_log_slope), T::of(1.0 / bin_log_slope));
                let mut sum = [T::ZERO; LANES];
                let each = u_h.iter_mut().zip(raw.iter_mut()).zip(widths.iter().zip(heights.iter_mut()));
                for ((u, raw), (width, height)) in each {
                    for l in 0..n {
                        let th = (u[l] * one_over_a).tanh();
                        raw[l] = (a * th).exp();
                        u[l] = T::ONE - th * th;
                        height[l] = width[l] * raw[l];
                        sum[l] += height[l];
                    }
                }
                for l in 0..n {
                    sum[l] = T::ONE / sum[l];
                }
                for height in heights.iter_mut() {
                    for l in 0..n {
                        height[l] = height[l] * sum[l];
                    }
                }
                let (c, one_over_c) = (T::of(knot_log_slope), T::of(1.0 / knot_log_slope));
                let neighbours = raw.windows(2);
                for ((u, d), pair) in u_d.iter_mut().zip(&mut slopes[1..]).zip(neighbours) {
                    let (left, right) = (&pair[0], &pair[1]);
                    for l in 0..n {
                        let th = (u[l] * one_over_c).tanh();
                        let mean = (left[l] * right[l]) / (left[l] + right[l]) * sum[l];
                        d[l] = (c * th).exp() * (mean + mean);
                        u[l] = d[l] * (T::ONE - th * th);
                    }
                }
            }
            Law::Nflows { min_width, min_height, min_derivative, logit_scale } => {
                let factor = 1.0 / logit_scale;
                scale(u_w, factor, n);
                scale(u_h, factor, n);
                softmax(u_w, widths, min_width, n);
                softmax(u_h, heights, min_height, n);
                u_w.iter_mut().chain(u_h).for_each(|u| *u = [T::of(factor); LANES]);
                let least = T::of(min_derivative);
                for (u, d) in u_d.iter_mut().zip(&mut slopes[1..]) {
                    for l in 0..n {
                        let e = (-u[l].abs()).exp();
                        let positive = u[l] > T::ZERO;
                        d[l] = select(positive, u[l], T::ZERO) + e.ln_1p() + least;
                        u[l] = select(positive, T::ONE, e) / (T::ONE + e);
                    }
                }
            }
            Law::Zuko { slope } => {
                let range = -slope.ln();
                let half = T::of(2.0 / range);
                for u in u_w.iter_mut().chain(u_h.iter_mut()) {
                    for l in 0..n {
                        u[l] = u[l] / (T::ONE + (u[l] * half).abs());
                    }
                }
                softmax(u_w, widths, 0.0, n);
                softmax(u_h, heights, 0.0, n);
                for u in u_w.iter_mut().chain(u_h.iter_mut()) {
                    for l in 0..n {
                        // v = u / (1 + |u / b|), so 1 - |v / b| = 1 / (1 + |u / b|), whose square is dv/du.
                        let damping = T::ONE - (u[l] * half).abs();
                        u[l] = damping * damping;
                    }
                }
                let one_over_range = T::of(1.0 / range);
                for (u, d) in u_d.iter_mut().zip(&mut slopes[1..]) {
                    for l in 0..n {
                        let damping = T::ONE / (T::ONE + (u[l] * one_over_range).abs());
                        d[l] = (u[l] * damping).exp();
                        u[l] = d[l] * damping * damping;
                    }
                }
            }
        }
    }

    /// Turns the gradients of the found bin into those of the parameters, in place of [`Knots::params`].
    #[inline(always)]
    pub fn pull_back(&mut self, spline: &Spline, n: usize, g: &BinGradient<T>) {
        let bins = spline.bins;
        let n = n.min(LANES);
        let Self { params, widths, heights, slopes, raw } = self;
        let (u_w, rest) = params.split_at_mut(bins);
        let (u_h, u_d) = rest.split_at_mut(bins);
        match spline.law {
            Law::Bounded { min_width, .. } => {
                // G_k = dL/d ln d_k; the heights' A_k = dL/d ln h_k; both pull on ln of the sum of w r.
                let mut pull = [T::ZERO; LANES];
                for (k, slope) in slopes[1..bins].iter_mut().enumerate() {
                    for l in 0..n {
                        slope[l] = slope[l] * g.slope(k + 1, l);
                        pull[l] += slope[l];
                    }
                }
                for (k, height) in heights.iter().enumerate() {
                    for l in 0..n {
                        pull[l] += share_gradient(k, g.index[l], g.y_0[l], g.height[l]) * height[l];
                    }
                }
                for k in 0..bins {
                    // the neighbours pull on r through the knots between them, whose slopes hold G by now
                    let (before, after) = (k.saturating_sub(1), (k + 1).min(bins - 1));
                    let (left, this, right) = (&raw[before], &raw[k], &raw[after]);
                    let (slope_0, slope_1) = (&slopes[k], &slopes[k + 1]);
                    let (inner_0, inner_1) = (k > 0, k + 1 < bins);
                    let (u, width, height) = (&mut u_h[k], &widths[k], &mut heights[k]);
                    for l in 0..n {
                        let a = share_gradient(k, g.index[l], g.y_0[l], g.height[l]);
                        let log_height = (a - pull[l]) * height[l];
                        let from_left = slope_0[l] * left[l] / (left[l] + this[l]);
                        let from_right = slope_1[l] * right[l] / (right[l] + this[l]);
                        let log_raw = log_height
                            + select(inner_0, from_left, T::ZERO)
                            + select(inner_1, from_right, T::ZERO);
                        u[l] = u[l] * log_raw;
                        // the place of the widths' gradient
                        height[l] =
                            log_height / width[l] + share_gradient(k, g.index[l], g.x_0[l], g.width[l]);
                    }
                }
                softmax_gradient(u_w, widths, min_width, n, Gradient::Given(heights));
            }
            Law::Nflows { min_width, min_height, .. } => {
                softmax_gradient(u_w, widths, min_width, n, Gradient::Width(g));
                softmax_gradient(u_h, heights, min_height, n, Gradient::Height(g));
            }
            Law::Zuko { .. } => {
                softmax_gradient(u_w, widths, 0.0, n, Gradient::Width(g));
                softmax_gradient(u_h, heights, 0.0, n, Gradient::Height(g));
            }
        }
        for (k, u) in u_d.iter_mut().enumerate() {
            for l in 0..n {
                u[l] = u[l] * g.slope(k + 1, l);
            }
        }
    }
}

/// The gradients of what a bin is made of, those of places and sizes for shares of the whole, and which bin it is.
#[derive(Debug)]
pub(super) struct BinGradient<T> {
    pub index: Lanes<T>,
    pub x_0: Lanes<T>,
    pub width: Lanes<T>,
    pub y_0: Lanes<T>,
    pub height: Lanes<T>,
    pub d_0: Lanes<T>,
    pub d_1: Lanes<T>,
}

impl<T: Real> BinGradient<T> {
    pub fn new() -> Self {
        let zero = [T::ZERO; LANES];
        Self { index: zero, x_0: zero, width: zero, y_0: zero, height: zero, d_0: zero, d_1: zero }
    }

    /// The gradient of the slope at knot `k`.
    #[inline(always)]
    fn slope(&self, k: usize, l: usize) -> T {
        let k = T::of(k as f64);
        select(self.index[l] == k, self.d_0[l], T::ZERO)
            + select(self.index[l] + T::ONE == k, self.d_1[l], T::ZERO)
    }
}

#[inline(always)]
fn scale<T: Real>(u: &mut [Lanes<T>], factor: f64, n: usize) {
    let n = n.min(LANES);
    if factor == 1.0 {
        return;
    }
    let factor = T::of(factor);
    for u in u {
        for l in 0..n {
            u[l] = u[l] * factor;
        }
    }
}
