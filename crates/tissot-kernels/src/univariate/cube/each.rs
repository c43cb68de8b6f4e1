//! One element under any univariate.

use super::affine;
use super::bin::{bin_gradient, find, solve};
use super::knots::{make, store};
use crate::cube::UNROLLED;
use crate::univariate::{Affine, Law, LogScale, Spline, Univariate};
use burn_cubecl::cubecl;
use cubecl::prelude::*;
use std::hash::{Hash, Hasher};

/// A univariate as a constant of a kernel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Fixed(pub Univariate);

// None of the constants is NaN.
impl Eq for Fixed {}

impl Hash for Fixed {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.numbers().map(f64::to_bits).hash(state);
    }
}

impl Fixed {
    /// The spline that it is.
    fn spline(&self) -> Option<Spline> {
        match self.0 {
            Univariate::Spline(spline) => Some(spline),
            Univariate::Affine(_) => None,
        }
    }

    /// The affine function that it is.
    fn affine(&self) -> Option<Affine> {
        match self.0 {
            Univariate::Affine(affine) => Some(affine),
            Univariate::Spline(_) => None,
        }
    }

    /// What tells univariates apart, as far as a hash has to.
    fn numbers(&self) -> [f64; 5] {
        match self.0 {
            Univariate::Affine(affine) => match affine.scale {
                LogScale::Exp => [1.0; 5],
                LogScale::SoftClip { floor } => [2.0, floor, 0.0, 0.0, 0.0],
                LogScale::Sigmoid { offset, epsilon } => [3.0, offset, epsilon, 0.0, 0.0],
                LogScale::Softplus { epsilon } => [4.0, epsilon, 0.0, 0.0, 0.0],
                LogScale::Tanh { bound } => [5.0, bound, 0.0, 0.0, 0.0],
            },
            Univariate::Spline(spline) => {
                let (bins, bound) = (spline.bins as f64, spline.bound);
                match spline.law {
                    Law::Bounded { min_width, bin_log_slope, .. } => {
                        [6.0, bins, bound, min_width, bin_log_slope]
                    }
                    Law::Nflows { min_width, logit_scale, .. } => [7.0, bins, bound, min_width, logit_scale],
                    Law::Zuko { slope } => [8.0, bins, bound, slope, 0.0],
                }
            }
        }
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
    #[comptime] univariate: Fixed,
    #[comptime] forward: bool,
) -> (f32, f32) {
    let mut u = load(params, base, comptime!(univariate.0.num_params()));
    if comptime!(univariate.spline().is_some()) {
        let spline = comptime!(univariate.spline().unwrap());
        let bound = f32::new(comptime!(spline.bound as f32));
        let inside = clamp(at, -bound, bound);
        let knots = make(&mut u, spline);
        let bin = find(inside, &u, &knots, spline, forward);
        let found = solve(inside, &bin, forward);
        // the ends themselves count as outside, so that they are exact
        let outside = at.abs() >= bound;
        (select(outside, at, found.value), select(outside, 0.0, found.log_slope))
    } else {
        affine::apply(at, u[0], u[1], comptime!(univariate.affine().unwrap()), forward)
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
    #[comptime] univariate: Fixed,
    #[comptime] forward: bool,
) -> f32 {
    let mut u = load(params, base, comptime!(univariate.0.num_params()));
    if comptime!(univariate.spline().is_some()) {
        let spline = comptime!(univariate.spline().unwrap());
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
        let affine = comptime!(univariate.affine().unwrap());
        let (of_at, of_t, of_u) = affine::pull_back(at, u[0], u[1], of_value, of_log_slope, affine, forward);
        of_params[base] = of_t;
        of_params[base + 1] = of_u;
        of_at
    }
}
