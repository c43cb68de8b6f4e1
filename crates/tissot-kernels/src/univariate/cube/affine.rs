//! A scale and a shift of an element. The formulas are those of the kernel for the host, `univariate/affine.rs`.

use crate::cube::math::{log_1_plus, tanh};
use crate::univariate::log_scale::{LIMIT, SOFTPLUS_TAIL};
use crate::univariate::{Affine, LogScale, Order};
use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// The constants of a law, in the order in which it names them.
fn constants(scale: LogScale) -> [f64; 2] {
    match scale {
        LogScale::Exp => [0.0; 2],
        LogScale::SoftClip { floor } => [floor, 0.0],
        LogScale::Sigmoid { offset, epsilon } => [offset, epsilon],
        LogScale::Softplus { epsilon } => [epsilon, 0.0],
        LogScale::Tanh { bound } => [bound, 0.0],
    }
}

/// `log s` within the limits, and its derivative, 0 beyond them.
#[cube]
fn cut(log_s: f32, derivative: f32) -> (f32, f32) {
    let limit = f32::new(comptime!(LIMIT as f32));
    (clamp(log_s, -limit, limit), select(log_s.abs() > limit, 0.0, derivative))
}

/// `log s` and its derivative at `u`.
#[cube]
fn log_scale(u: f32, #[comptime] scale: LogScale) -> (f32, f32) {
    let c = comptime!(constants(scale));
    if comptime!(matches!(scale, LogScale::Exp)) {
        cut(u, 1.0)
    } else if comptime!(matches!(scale, LogScale::SoftClip { .. })) {
        let damping = 1.0 / (1.0 + (u * f32::new(comptime!((-1.0 / c[0].ln()) as f32))).abs());
        (u * damping, damping * damping)
    } else if comptime!(matches!(scale, LogScale::Sigmoid { .. })) {
        let v = u + f32::new(comptime!(c[0] as f32));
        let e = (-v.abs()).exp();
        let over = 1.0 / (1.0 + e);
        let right = select(v < 0.0, e, 1.0) * over;
        let left = select(v < 0.0, 1.0, e) * over;
        if comptime!(c[1] > 0.0) {
            let s = right + f32::new(comptime!(c[1] as f32));
            (s.ln(), right * left / s)
        } else {
            cut(min(v, 0.0) - log_1_plus(e), left)
        }
    } else if comptime!(matches!(scale, LogScale::Softplus { .. })) {
        let e = (-u.abs()).exp();
        let s = max(u, 0.0) + log_1_plus(e) + f32::new(comptime!(c[0] as f32));
        let slope = select(u > 0.0, 1.0, e) / ((1.0 + e) * s);
        if comptime!(c[0] == 0.0) {
            let far = u < f32::new(comptime!(SOFTPLUS_TAIL as f32));
            cut(select(far, u, s.ln()), select(far, 1.0, slope))
        } else {
            cut(s.ln(), slope)
        }
    } else {
        let th = tanh(u * f32::new(comptime!((1.0 / c[0]) as f32)));
        (th * f32::new(comptime!(c[0] as f32)), 1.0 - th * th)
    }
}

/// The value at `at` and the log-derivative.
#[cube]
pub(super) fn apply(
    at: f32,
    t: f32,
    u: f32,
    #[comptime] affine: Affine,
    #[comptime] forward: bool,
) -> (f32, f32) {
    let (log_s, _) = log_scale(u, affine.scale);
    let signed = if comptime!(forward) { log_s } else { -log_s };
    let s = signed.exp();
    if comptime!(forward == (affine.order == Order::ScaleThenShift)) {
        (at * s + t, signed)
    } else {
        ((at - t) * s, signed)
    }
}

/// The gradients of `at`, `t` and `u` under those of the value and the log-derivative.
#[cube]
pub(super) fn pull_back(
    at: f32,
    t: f32,
    u: f32,
    of_value: f32,
    of_log_slope: f32,
    #[comptime] affine: Affine,
    #[comptime] forward: bool,
) -> (f32, f32, f32) {
    let (log_s, derivative) = log_scale(u, affine.scale);
    let sign = if comptime!(forward) { f32::new(1.0) } else { f32::new(-1.0) };
    let pulled = of_value * (log_s * sign).exp();
    // the value is at s + t, or (at - t) s
    if comptime!(forward == (affine.order == Order::ScaleThenShift)) {
        (pulled, of_value, (pulled * at + of_log_slope) * sign * derivative)
    } else {
        (pulled, -pulled, (pulled * (at - t) + of_log_slope) * sign * derivative)
    }
}
