//! From free parameters to shares and slopes, and their gradients back.

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
                for k in 0..bins {
                    for l in 0..n {
                        let th = (u_h[k][l] * one_over_a).tanh();
                        raw[k][l] = (a * th).exp();
                        u_h[k][l] = T::ONE - th * th;
                        heights[k][l] = widths[k][l] * raw[k][l];
                        sum[l] += heights[k][l];
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
                for k in 1..bins {
                    for l in 0..n {
                        let th = (u_d[k - 1][l] * one_over_c).tanh();
                        let (a, b) = (raw[k - 1][l], raw[k][l]);
                        let mean = (a * b) / (a + b) * sum[l];
                        let d = (c * th).exp() * (mean + mean);
                        slopes[k][l] = d;
                        u_d[k - 1][l] = d * (T::ONE - th * th);
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
                for k in 1..bins {
                    for l in 0..n {
                        let u = u_d[k - 1][l];
                        let e = (-u.abs()).exp();
                        slopes[k][l] = select(u > T::ZERO, u, T::ZERO) + e.ln_1p() + least;
                        u_d[k - 1][l] = select(u > T::ZERO, T::ONE, e) / (T::ONE + e);
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
                for k in 1..bins {
                    for l in 0..n {
                        let u = u_d[k - 1][l];
                        let damping = T::ONE / (T::ONE + (u * one_over_range).abs());
                        let d = (u * damping).exp();
                        slopes[k][l] = d;
                        u_d[k - 1][l] = d * damping * damping;
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
                for k in 1..bins {
                    for l in 0..n {
                        pull[l] += g.slope(k, l) * slopes[k][l];
                    }
                }
                for k in 0..bins {
                    for l in 0..n {
                        pull[l] += share_gradient(k, g.index[l], g.y_0[l], g.height[l]) * heights[k][l];
                    }
                }
                for k in 0..bins {
                    for l in 0..n {
                        let a = share_gradient(k, g.index[l], g.y_0[l], g.height[l]);
                        let log_height = (a - pull[l]) * heights[k][l];
                        let mut log_raw = log_height;
                        if k > 0 {
                            let big = g.slope(k, l) * slopes[k][l];
                            log_raw += big * raw[k - 1][l] / (raw[k - 1][l] + raw[k][l]);
                        }
                        if k + 1 < bins {
                            let big = g.slope(k + 1, l) * slopes[k + 1][l];
                            log_raw += big * raw[k + 1][l] / (raw[k + 1][l] + raw[k][l]);
                        }
                        u_h[k][l] = u_h[k][l] * log_raw;
                        // the place of the widths' gradient
                        heights[k][l] =
                            log_height / widths[k][l] + share_gradient(k, g.index[l], g.x_0[l], g.width[l]);
                    }
                }
                softmax_gradient(u_w, widths, min_width, n, |k, l| heights[k][l]);
            }
            Law::Nflows { min_width, min_height, .. } => {
                softmax_gradient(u_w, widths, min_width, n, |k, l| {
                    share_gradient(k, g.index[l], g.x_0[l], g.width[l])
                });
                softmax_gradient(u_h, heights, min_height, n, |k, l| {
                    share_gradient(k, g.index[l], g.y_0[l], g.height[l])
                });
            }
            Law::Zuko { .. } => {
                softmax_gradient(u_w, widths, 0.0, n, |k, l| {
                    share_gradient(k, g.index[l], g.x_0[l], g.width[l])
                });
                softmax_gradient(u_h, heights, 0.0, n, |k, l| {
                    share_gradient(k, g.index[l], g.y_0[l], g.height[l])
                });
            }
        }
        for k in 1..bins {
            for l in 0..n {
                u_d[k - 1][l] = u_d[k - 1][l] * g.slope(k, l);
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

/// The gradient of share `k`: bins before the found one move its start, the found one is its size.
#[inline(always)]
fn share_gradient<T: Real>(k: usize, index: T, start: T, size: T) -> T {
    let k = T::of(k as f64);
    select(k < index, start, select(k == index, size, T::ZERO))
}

#[inline(always)]
fn scale<T: Real>(u: &mut [Lanes<T>], factor: f64, n: usize) {
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

/// `shares = least + (1 - K least) softmax(u)`.
#[inline(always)]
fn softmax<T: Real>(u: &[Lanes<T>], shares: &mut [Lanes<T>], least: f64, n: usize) {
    let mut largest = u[0];
    for u in &u[1..] {
        for l in 0..n {
            largest[l] = select(u[l] > largest[l], u[l], largest[l]);
        }
    }
    let mut sum = [T::ZERO; LANES];
    for (u, share) in u.iter().zip(shares.iter_mut()) {
        for l in 0..n {
            let e = (u[l] - largest[l]).exp();
            share[l] = e;
            sum[l] += e;
        }
    }
    let (least, rest) = (T::of(least), T::of(1.0 - shares.len() as f64 * least));
    for l in 0..n {
        sum[l] = rest / sum[l];
    }
    for share in shares {
        for l in 0..n {
            share[l] = share[l] * sum[l] + least;
        }
    }
}

/// Multiplies `u` (the logits' derivatives) by the gradient of the logits, for `gradient(k, lane)` of the shares.
#[inline(always)]
fn softmax_gradient<T: Real>(
    u: &mut [Lanes<T>],
    shares: &[Lanes<T>],
    least: f64,
    n: usize,
    gradient: impl Fn(usize, usize) -> T,
) {
    let bins = shares.len();
    let (least, rest) = (T::of(least), T::of(1.0 / (1.0 - bins as f64 * least)));
    // shares = least + s / rest with s the softmax: dL/du_k = (shares_k - least) (g_k - sum_j s_j g_j)
    let mut mean = [T::ZERO; LANES];
    for k in 0..bins {
        for l in 0..n {
            mean[l] += (shares[k][l] - least) * gradient(k, l);
        }
    }
    for l in 0..n {
        mean[l] = mean[l] * rest;
    }
    for k in 0..bins {
        for l in 0..n {
            u[k][l] = u[k][l] * (shares[k][l] - least) * (gradient(k, l) - mean[l]);
        }
    }
}
