//! The bin of an element: found, evaluated, inverted, differentiated. The formulas are those of the kernel for the host,
//! `univariate/spline/bin.rs`.

use super::knots::{Knots, knot_slope};
use crate::cube::UNROLLED;
use crate::univariate::Spline;
use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// The bin in which an element lies.
#[derive(CubeType, Clone, Copy)]
pub(super) struct Bin {
    /// Which it is.
    pub index: usize,
    pub x_0: f32,
    pub x_1: f32,
    pub y_0: f32,
    pub y_1: f32,
    /// The slopes at its ends.
    pub d_0: f32,
    pub d_1: f32,
    /// Their derivatives for the knots' own parameters, 0 where they have none.
    pub d_0_own: f32,
    pub d_1_own: f32,
}

/// The place in the bin, and what is there.
#[derive(CubeType, Clone, Copy)]
pub(super) struct Found {
    /// How far along the bin, in shares of its width, and what is left to its end: both are taken as differences, so that
    /// neither loses digits.
    pub t: f32,
    pub rest: f32,
    pub value: f32,
    pub log_slope: f32,
}

/// The gradients of `at` and of what a bin is made of, those of places and sizes for shares of the whole.
#[derive(CubeType, Clone, Copy)]
pub(super) struct BinGradient {
    pub at: f32,
    pub x_0: f32,
    pub width: f32,
    pub y_0: f32,
    pub height: f32,
    pub d_0: f32,
    pub d_1: f32,
}

/// Finds the bin of `at`, which lies within the bounds.
#[cube]
pub(super) fn find(
    at: f32,
    u: &Array<f32>,
    knots: &Knots,
    #[comptime] spline: Spline,
    #[comptime] forward: bool,
) -> Bin {
    let bins = comptime!(spline.bins);
    let bound = f32::new(comptime!(spline.bound as f32));
    let whole = f32::new(comptime!(2.0 * spline.bound as f32));
    let mut index = 0usize;
    let mut x_0 = -bound;
    let mut y_0 = -bound;
    let mut x_1 = bound;
    let mut y_1 = bound;
    let mut sum_x = f32::new(0.0);
    let mut sum_y = f32::new(0.0);
    let mut beyond = false;
    #[unroll(bins <= UNROLLED)]
    for k in 0..bins - 1 {
        sum_x += knots.widths[k];
        sum_y += knots.heights[k];
        let x = sum_x * whole - bound;
        let y = sum_y * whole - bound;
        let along = if comptime!(forward) { x } else { y };
        let reached = at >= along;
        let next = !reached && !beyond;
        index = select(reached, k + 1, index);
        x_0 = select(reached, x, x_0);
        y_0 = select(reached, y, y_0);
        x_1 = select(next, x, x_1);
        y_1 = select(next, y, y_1);
        beyond = beyond || next;
    }
    let (d_0, d_0_own) = knot_slope(u, knots, index, spline);
    let (d_1, d_1_own) = knot_slope(u, knots, index + 1, spline);
    Bin { index, x_0, x_1, y_0, y_1, d_0, d_1, d_0_own, d_1_own }
}

/// The share of the height at `t`, and the slope (Durkan et al. 2019, eq. 4 and 5).
#[cube]
fn rational(t: f32, rest: f32, s: f32, bin: &Bin) -> (f32, f32) {
    let u = t * rest;
    let over = 1.0 / (s * (t * t + rest * rest) + (bin.d_0 + bin.d_1) * u);
    let share = t * (s * t + bin.d_0 * rest) * over;
    let ratio = s * over;
    let slope = (bin.d_1 * t * t + 2.0 * s * u + bin.d_0 * rest * rest) * ratio * ratio;
    (share, slope)
}

/// The spline or its inverse at `at`, and the logarithm of the slope of that.
///
/// The inverse: eq. 6 to 8 of Durkan et al. 2019 divided by height and slope, `m t^2 + (1 - m) t - above = 0`. Swapping the
/// bin's two ends turns the sign of `m`, so only `m >= 0` needs a root, that of the part beyond the point, and nothing
/// cancels in it.
#[cube]
pub(super) fn solve(at: f32, bin: &Bin, #[comptime] forward: bool) -> Found {
    let width = bin.x_1 - bin.x_0;
    let height = bin.y_1 - bin.y_0;
    if comptime!(forward) {
        let over_width = 1.0 / width;
        let t = (at - bin.x_0) * over_width;
        let rest = (bin.x_1 - at) * over_width;
        let (share, slope) = rational(t, rest, height * over_width, bin);
        Found { t, rest, value: bin.y_0 + height * share, log_slope: slope.ln() }
    } else {
        let over_height = 1.0 / height;
        let over_s = width * over_height;
        let above = (at - bin.y_0) * over_height;
        let below = (bin.y_1 - at) * over_height;
        let signed = below - above + bin.d_1 * over_s * above - bin.d_0 * over_s * below;
        let swap = signed < 0.0;
        let near = select(swap, above, below);
        let far = select(swap, below, above);
        let m = signed.abs();
        let gap = 1.0 - m;
        let square = gap * gap + 4.0 * m * far;
        let root = max(square, f32::new(comptime!(f32::EPSILON * f32::EPSILON))).sqrt();
        let part = 2.0 * near / (1.0 + m + root);
        let other = 1.0 - part;
        let t = select(swap, part, other);
        let rest = select(swap, other, part);
        let (_, slope) = rational(t, rest, height / width, bin);
        Found { t, rest, value: bin.x_0 + width * t, log_slope: -slope.ln() }
    }
}

/// Pulls the gradients of the value and of the log-slope back to `at` and to the bin.
///
/// The inverse's come from the implicit function theorem: with `y = f(x, p)`, a gradient `g` of `x` and `h` of
/// `-log f'` are `s = (g - h d(log f')/dx) / f'` for `y`, and those of `f` and `log f'` under `-s` and `-h` for `p`.
#[cube]
pub(super) fn bin_gradient(
    bin: &Bin,
    found: &Found,
    of_value: f32,
    of_log_slope: f32,
    #[comptime] spline: Spline,
    #[comptime] forward: bool,
) -> BinGradient {
    let whole = f32::new(comptime!(2.0 * spline.bound as f32));
    let width = bin.x_1 - bin.x_0;
    let height = bin.y_1 - bin.y_0;
    let over_width = 1.0 / width;
    let s = height / width;
    let (d_0, d_1) = (bin.d_0, bin.d_1);
    let (t, rest) = (found.t, found.rest);
    let u = t * rest;
    let squares = t * t + rest * rest;
    let numerator = t * (s * t + d_0 * rest);
    let over = 1.0 / (s * squares + (d_0 + d_1) * u);
    let q = d_1 * t * t + 2.0 * s * u + d_0 * rest * rest;
    // derivatives of log f' = 2 ln s + ln q - 2 ln D, for t with everything else held
    let over_q = 1.0 / q;
    let bend = d_0 + d_1 - 2.0 * s;
    let turn = rest - t;
    let mut at = f32::new(0.0);
    let mut g_value = of_value;
    let mut g_log = of_log_slope;
    if comptime!(!forward) {
        let log_t = 2.0 * (d_1 * t - d_0 * rest + s * turn) * over_q - 2.0 * bend * turn * over;
        let slope = s * s * q * over * over;
        at = (of_value - of_log_slope * log_t * over_width) / slope;
        g_value = -at;
        g_log = -of_log_slope;
    }
    let d_numerator = g_value * height * over;
    let d_over = -d_numerator * numerator * over - 2.0 * g_log * over;
    let d_q = g_log * over_q;
    let d_s = 2.0 * g_log / s + d_numerator * t * t + d_over * squares + 2.0 * d_q * u;
    let d_t = d_numerator * (2.0 * s * t + d_0 * turn)
        + d_over * bend * turn
        + 2.0 * d_q * (d_1 * t - d_0 * rest + s * turn);
    let g_at = d_t * over_width;
    if comptime!(forward) {
        at = g_at;
    }
    BinGradient {
        at,
        x_0: -g_at * whole,
        width: -(g_at * t + d_s * s * over_width) * whole,
        y_0: g_value * whole,
        height: (g_value * numerator * over + d_s * over_width) * whole,
        d_0: d_numerator * u + d_over * u + d_q * rest * rest,
        d_1: d_over * u + d_q * t * t,
    }
}
