//! The kernels: rows, and the elements of each that move.

use super::each::{FixedUnivariate, apply, pull_back};
use crate::cube::UNITS;
use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// What a kernel is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Frame {
    /// How many units work on a row: a power of 2, at most [`UNITS`].
    pub lanes: usize,
    /// What moves the elements.
    pub univariate: FixedUnivariate,
    /// Whether it is gone forward.
    pub forward: bool,
}

/// Where the elements that move are: at `first + k step` of each row's `features` elements, `k < moved`.
#[derive(CubeType, CubeLaunch, Clone, Copy)]
pub(super) struct Place {
    rows: usize,
    features: usize,
    moved: usize,
    first: usize,
    step: usize,
}

/// Whether column `c` moves.
#[cube]
fn moves(place: &Place, c: usize) -> bool {
    let mut found = false;
    if c >= place.first {
        let k = (c - place.first) / place.step;
        found = k < place.moved && place.first + k * place.step == c;
    }
    found
}

/// `values`: the univariate at `at`; `log_dets`: the sums of each row's log-derivatives.
///
/// Shapes: `at`, `values`: `[rows, features]`; `params`: `[rows, moved, num_params]`; `log_dets`: `[rows]`.
#[cube(launch)]
pub(super) fn univariate_values(
    at: &[f32],
    params: &[f32],
    values: &mut [f32],
    log_dets: &mut [f32],
    place: Place,
    #[comptime] frame: Frame,
) {
    let lanes = comptime!(frame.lanes);
    let p = comptime!(frame.univariate.0.num_params());
    let unit = UNIT_POS as usize;
    let lane = unit % lanes;
    let row = CUBE_POS * comptime!(UNITS / lanes) + unit / lanes;
    let mut sum = f32::new(0.0);
    if row < place.rows {
        let mut k = lane;
        while k < place.moved {
            let i = row * place.features + place.first + k * place.step;
            let (value, log_slope) =
                apply(at[i], params, (row * place.moved + k) * p, frame.univariate, frame.forward);
            values[i] = value;
            sum += log_slope;
            k += lanes;
        }
        if place.moved < place.features {
            let mut c = lane;
            while c < place.features {
                if !moves(&place, c) {
                    values[row * place.features + c] = at[row * place.features + c];
                }
                c += lanes;
            }
        }
    }
    // in pairs of lanes, so always in the same order
    if comptime!(lanes > 1) {
        let mut sums = Shared::<[f32]>::new_slice(UNITS);
        sums[unit] = sum;
        sync_cube();
        #[unroll]
        for level in 0..comptime!(lanes.ilog2() as usize) {
            let half = comptime!(lanes >> (level + 1));
            if lane < half {
                sums[unit] += sums[unit + half];
            }
            sync_cube();
        }
        sum = sums[unit];
    }
    if row < place.rows && lane == 0 {
        log_dets[row] = sum;
    }
}

/// The gradients of `at` and `params` under those of the values and of the sums; shapes as in [`univariate_values`].
#[cube(launch)]
pub(super) fn univariate_gradients(
    at: &[f32],
    params: &[f32],
    values: &[f32],
    log_dets: &[f32],
    of_at: &mut [f32],
    of_params: &mut [f32],
    place: Place,
    #[comptime] frame: Frame,
) {
    let lanes = comptime!(frame.lanes);
    let p = comptime!(frame.univariate.0.num_params());
    let unit = UNIT_POS as usize;
    let lane = unit % lanes;
    let row = CUBE_POS * comptime!(UNITS / lanes) + unit / lanes;
    if row < place.rows {
        let of_log_slope = log_dets[row];
        let mut k = lane;
        while k < place.moved {
            let i = row * place.features + place.first + k * place.step;
            let base = (row * place.moved + k) * p;
            of_at[i] = pull_back(
                at[i],
                params,
                of_params,
                base,
                values[i],
                of_log_slope,
                frame.univariate,
                frame.forward,
            );
            k += lanes;
        }
        if place.moved < place.features {
            let mut c = lane;
            while c < place.features {
                if !moves(&place, c) {
                    of_at[row * place.features + c] = values[row * place.features + c];
                }
                c += lanes;
            }
        }
    }
}
