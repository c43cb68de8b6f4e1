//! From an element's free parameters to shares and slopes, and their gradients back. The formulas are those of the kernel
//! for the host, `univariate/spline/knots.rs`.

use super::bin::{Bin, BinGradient};
use crate::cube::UNROLLED;
use crate::cube::math::{log_1_plus, tanh};
use crate::univariate::{Law, Spline};
use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// The shares that the bins have of the whole.
#[derive(CubeType)]
pub(super) struct Knots {
    pub widths: Array<f32>,
    pub heights: Array<f32>,
    /// `r` of the law Bounded.
    raw: Array<f32>,
    /// `1 / sum w r` of the law Bounded.
    over_sum: f32,
}

/// The least shares of width and height.
fn least(law: Law) -> [f64; 2] {
    match law {
        Law::Bounded { min_width, .. } => [min_width, 0.0],
        Law::Nflows { min_width, min_height, .. } => [min_width, min_height],
        Law::Zuko { .. } => [0.0, 0.0],
    }
}

/// What a law does to a parameter before its softmax: it is multiplied by the first and damped by the second.
fn logit(law: Law) -> [f64; 2] {
    match law {
        Law::Bounded { .. } => [1.0, 0.0],
        Law::Nflows { logit_scale, .. } => [1.0 / logit_scale, 0.0],
        Law::Zuko { slope } => [1.0, -2.0 / slope.ln()],
    }
}

/// The logit of parameter `u`, and its derivative.
#[cube]
fn damped(u: f32, #[comptime] law: Law) -> (f32, f32) {
    let factor = f32::new(comptime!(logit(law)[0] as f32));
    if comptime!(logit(law)[1] == 0.0) {
        (u * factor, factor)
    } else {
        // v = u / (1 + |u / b|), whose derivative is 1 / (1 + |u / b|)^2
        let damping = 1.0 / (1.0 + (u * f32::new(comptime!(logit(law)[1] as f32))).abs());
        (u * damping, damping * damping)
    }
}

/// `shares = least + (1 - K least) softmax(v)`, `v` the logits of the parameters from `start` on, in whose place their
/// derivatives are put.
#[cube]
fn softmax(
    u: &mut Array<f32>,
    #[comptime] start: usize,
    #[comptime] least: f64,
    #[comptime] spline: Spline,
) -> Array<f32> {
    let bins = comptime!(spline.bins);
    let mut shares = Array::<f32>::new(bins);
    let mut largest = f32::new(-3.0e38);
    #[unroll(bins <= UNROLLED)]
    for k in 0..bins {
        let (v, derivative) = damped(u[start + k], spline.law);
        shares[k] = v;
        u[start + k] = derivative;
        largest = max(largest, v);
    }
    let mut sum = f32::new(0.0);
    #[unroll(bins <= UNROLLED)]
    for k in 0..bins {
        let e = (shares[k] - largest).exp();
        shares[k] = e;
        sum += e;
    }
    let factor = f32::new(comptime!((1.0 - bins as f64 * least) as f32)) / sum;
    #[unroll(bins <= UNROLLED)]
    for k in 0..bins {
        shares[k] = shares[k] * factor + f32::new(comptime!(least as f32));
    }
    shares
}

/// Makes shares of the parameters `u`, in whose place the derivatives of the logits (Bounded: of `ln r`) are put; those of
/// the inner knots stay.
#[cube]
pub(super) fn make(u: &mut Array<f32>, #[comptime] spline: Spline) -> Knots {
    let bins = comptime!(spline.bins);
    let widths = softmax(u, 0usize, comptime!(least(spline.law)[0]), spline);
    if comptime!(matches!(spline.law, Law::Bounded { .. })) {
        let a = comptime!(bounds(spline.law)[0] as f32);
        let mut raw = Array::<f32>::new(bins);
        let mut heights = Array::<f32>::new(bins);
        let mut sum = f32::new(0.0);
        #[unroll(bins <= UNROLLED)]
        for k in 0..bins {
            let th = tanh(u[bins + k] * f32::new(comptime!(1.0 / a)));
            raw[k] = (th * f32::new(a)).exp();
            u[bins + k] = 1.0 - th * th;
            heights[k] = widths[k] * raw[k];
            sum += heights[k];
        }
        let over_sum = 1.0 / sum;
        #[unroll(bins <= UNROLLED)]
        for k in 0..bins {
            heights[k] = heights[k] * over_sum;
        }
        Knots { widths, heights, raw, over_sum }
    } else {
        let heights = softmax(u, bins, comptime!(least(spline.law)[1]), spline);
        Knots { widths, heights, raw: Array::<f32>::new(1usize), over_sum: f32::new(1.0) }
    }
}

/// `A` and `C` of the law Bounded.
fn bounds(law: Law) -> [f64; 2] {
    match law {
        Law::Bounded { bin_log_slope, knot_log_slope, .. } => [bin_log_slope, knot_log_slope],
        Law::Nflows { .. } | Law::Zuko { .. } => [1.0, 1.0],
    }
}

/// The slope at knot `knot`, and its derivative for its own parameter: 1 and 0 at the ends.
#[cube]
pub(super) fn knot_slope(
    u: &Array<f32>,
    knots: &Knots,
    knot: usize,
    #[comptime] spline: Spline,
) -> (f32, f32) {
    let bins = comptime!(spline.bins);
    let inner = knot > 0 && knot < bins;
    // picked by comparison: an index that is not known beforehand would send the arrays to memory
    let mut own = f32::new(0.0);
    #[unroll(bins <= UNROLLED)]
    for k in 0..bins - 1 {
        own = select(knot == k + 1, u[2 * bins + k], own);
    }
    let (slope, derivative) = if comptime!(matches!(spline.law, Law::Bounded { .. })) {
        let mut left = f32::new(1.0);
        let mut right = f32::new(1.0);
        #[unroll(bins <= UNROLLED)]
        for k in 0..bins - 1 {
            left = select(knot == k + 1, knots.raw[k], left);
            right = select(knot == k + 1, knots.raw[k + 1], right);
        }
        let c = comptime!(bounds(spline.law)[1] as f32);
        let th = tanh(own * f32::new(comptime!(1.0 / c)));
        let mean = (left * right) / (left + right) * knots.over_sum;
        let slope = (th * f32::new(c)).exp() * (mean + mean);
        (slope, slope * (1.0 - th * th))
    } else if comptime!(matches!(spline.law, Law::Nflows { .. })) {
        let e = (-own.abs()).exp();
        let positive = own > 0.0;
        let slope = max(own, 0.0) + log_1_plus(e) + f32::new(comptime!(least_slope(spline.law)));
        (slope, select(positive, 1.0, e) / (1.0 + e))
    } else {
        let damping = 1.0 / (1.0 + (own * f32::new(comptime!(0.5 * logit(spline.law)[1] as f32))).abs());
        let slope = (own * damping).exp();
        (slope, slope * damping * damping)
    };
    (select(inner, slope, 1.0), select(inner, derivative, 0.0))
}

/// The least slope of nflows' law.
fn least_slope(law: Law) -> f32 {
    match law {
        Law::Nflows { min_derivative, .. } => min_derivative as f32,
        Law::Bounded { .. } | Law::Zuko { .. } => 0.0,
    }
}

/// The gradient of share `k`: bins before the found one move its start, the found one is its size.
#[cube]
fn share_gradient(k: usize, index: usize, start: f32, size: f32) -> f32 {
    select(k < index, start, select(k == index, size, 0.0))
}

/// Writes `shares`' gradients `g` multiplied through the softmax and by the logits' derivatives in `u`: with
/// `shares = least + rest s`, s the softmax, `dL/dv_k = (shares_k - least) (g_k - sum_j s_j g_j)`.
#[cube]
fn softmax_gradient(
    u: &Array<f32>,
    #[comptime] start: usize,
    shares: &Array<f32>,
    g: &Array<f32>,
    of_params: &mut [f32],
    base: usize,
    #[comptime] least: f64,
    #[comptime] bins: usize,
) {
    let low = f32::new(comptime!(least as f32));
    let mut mean = f32::new(0.0);
    #[unroll(bins <= UNROLLED)]
    for k in 0..bins {
        mean += (shares[k] - low) * g[k];
    }
    mean *= f32::new(comptime!((1.0 / (1.0 - bins as f64 * least)) as f32));
    #[unroll(bins <= UNROLLED)]
    for k in 0..bins {
        of_params[base + start + k] = u[start + k] * (shares[k] - low) * (g[k] - mean);
    }
}

/// Turns the gradients of the found bin into those of the parameters, `of_params` from `base` on; `u` is what [`make`] left.
#[cube]
pub(super) fn store(
    u: &Array<f32>,
    knots: &Knots,
    bin: &Bin,
    g: &BinGradient,
    of_params: &mut [f32],
    base: usize,
    #[comptime] spline: Spline,
) {
    let bins = comptime!(spline.bins);
    let mut of_widths = Array::<f32>::new(bins);
    let mut of_heights = Array::<f32>::new(bins);
    #[unroll(bins <= UNROLLED)]
    for k in 0..bins {
        of_widths[k] = share_gradient(k, bin.index, g.x_0, g.width);
        of_heights[k] = share_gradient(k, bin.index, g.y_0, g.height);
    }
    if comptime!(matches!(spline.law, Law::Bounded { .. })) {
        // The gradients of ln d; they and those of ln h pull on ln of the sum of w r.
        let inner_0 = bin.index > 0;
        let inner_1 = bin.index + 1 < bins;
        let log_0 = select(inner_0, g.d_0 * bin.d_0, 0.0);
        let log_1 = select(inner_1, g.d_1 * bin.d_1, 0.0);
        let mut pull = log_0 + log_1;
        #[unroll(bins <= UNROLLED)]
        for k in 0..bins {
            pull += of_heights[k] * knots.heights[k];
        }
        #[unroll(bins <= UNROLLED)]
        for k in 0..bins {
            let log_height = (of_heights[k] - pull) * knots.heights[k];
            of_widths[k] += log_height / knots.widths[k];
            of_heights[k] = log_height; // that of ln r from here on
        }
        // the neighbours pull on r through the knots between them
        #[unroll(bins <= UNROLLED)]
        for k in 0..bins - 1 {
            let (left, right) = (knots.raw[k], knots.raw[k + 1]);
            let of_knot =
                select(bin.index == k + 1, log_0, select(bin.index == k, log_1, 0.0)) / (left + right);
            of_heights[k] += of_knot * right;
            of_heights[k + 1] += of_knot * left;
        }
        #[unroll(bins <= UNROLLED)]
        for k in 0..bins {
            of_params[base + bins + k] = u[bins + k] * of_heights[k];
        }
    } else {
        let least = comptime!(least(spline.law)[1]);
        softmax_gradient(u, bins, &knots.heights, &of_heights, of_params, base, least, bins);
    }
    softmax_gradient(
        u,
        0usize,
        &knots.widths,
        &of_widths,
        of_params,
        base,
        comptime!(least(spline.law)[0]),
        bins,
    );
    #[unroll(bins <= UNROLLED)]
    for k in 0..bins - 1 {
        let at_start = select(bin.index == k + 1, g.d_0 * bin.d_0_own, 0.0);
        let at_end = select(bin.index == k, g.d_1 * bin.d_1_own, 0.0);
        of_params[base + 2 * bins + k] = at_start + at_end;
    }
}
