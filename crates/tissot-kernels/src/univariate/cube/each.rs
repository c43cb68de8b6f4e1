//! One element under any univariate.

use super::affine;
use super::bin::{bin_gradient, find, solve};
use super::knots::{make, store};
use crate::cube::{Fixed, UNROLLED};
use crate::univariate::{Affine, Spline, Univariate};
use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// A univariate as a constant of a kernel.
pub(crate) type FixedUnivariate = Fixed<Univariate>;

/// The spline that it is.
fn spline_of(univariate: FixedUnivariate) -> Option<Spline> {
    match univariate.0 {
        Univariate::Spline(spline) => Some(spline),
        Univariate::Affine(_) => None,
    }
}

/// The affine function that it is.
fn affine_of(univariate: FixedUnivariate) -> Option<Affine> {
    match univariate.0 {
        Univariate::Affine(affine) => Some(affine),
        Univariate::Spline(_) => None,
    }
}

/// The parameters from `base` on.
#[cube]
fn load(params: &[f32], base: usize, #[comptime] count: usize) -> Array<f32> {
    let mut u = Array::<f32>::new(count);
    #[unroll(count <= 3 * UNROLLED)]
    for k in 0..count {
        u[k] = params[base + k];
    }
    u
}

/// The value at `at` and the log-derivative, with the parameters from `base` on.
#[cube]
pub(super) fn apply(
    at: f32,
    params: &[f32],
    base: usize,
    #[comptime] univariate: FixedUnivariate,
    #[comptime] forward: bool,
) -> (f32, f32) {
    let u = load(params, base, comptime!(univariate.0.num_params()));
    apply_to(at, u, univariate, forward)
}

/// The same with the parameters `u`, which are used up.
#[cube]
pub(crate) fn apply_to(
    at: f32,
    mut u: Array<f32>,
    #[comptime] univariate: FixedUnivariate,
    #[comptime] forward: bool,
) -> (f32, f32) {
    if comptime!(spline_of(univariate).is_some()) {
        let spline = comptime!(spline_of(univariate).unwrap());
        let bound = f32::new(comptime!(spline.bound as f32));
        let inside = clamp(at, -bound, bound);
        let knots = make(&mut u, spline);
        let bin = find(inside, &u, &knots, spline, forward);
        let found = solve(inside, &bin, forward);
        // the ends themselves count as outside, so that they are exact
        let outside = at.abs() >= bound;
        (select(outside, at, found.value), select(outside, 0.0, found.log_slope))
    } else {
        affine::apply(at, u[0], u[1], comptime!(affine_of(univariate).unwrap()), forward)
    }
}

/// The gradient of `at` under those of the value and the log-derivative; those of the parameters go to `of_params`.
#[cube]
#[allow(clippy::too_many_arguments)] // of a kernel
pub(super) fn pull_back(
    at: f32,
    params: &[f32],
    of_params: &mut [f32],
    base: usize,
    of_value: f32,
    of_log_slope: f32,
    #[comptime] univariate: FixedUnivariate,
    #[comptime] forward: bool,
) -> f32 {
    let mut u = load(params, base, comptime!(univariate.0.num_params()));
    if comptime!(spline_of(univariate).is_some()) {
        let spline = comptime!(spline_of(univariate).unwrap());
        let bound = f32::new(comptime!(spline.bound as f32));
        let inside = clamp(at, -bound, bound);
        let knots = make(&mut u, spline);
        let bin = find(inside, &u, &knots, spline, forward);
        let found = solve(inside, &bin, forward);
        let outside = at.abs() >= bound;
        let g_value = select(outside, 0.0, of_value);
        let g_log_slope = select(outside, 0.0, of_log_slope);
        let g = bin_gradient(&bin, &found, g_value, g_log_slope, spline, forward);
        store(&u, &knots, &bin, &g, of_params, base, spline);
        select(outside, of_value, g.at)
    } else {
        let affine = comptime!(affine_of(univariate).unwrap());
        let (of_at, of_t, of_u) = affine::pull_back(at, u[0], u[1], of_value, of_log_slope, affine, forward);
        of_params[base] = of_t;
        of_params[base + 1] = of_u;
        of_at
    }
}
