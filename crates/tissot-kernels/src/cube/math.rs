//! Functions that devices have in no, or in too rough, a version.

use burn_cubecl::cubecl;
use cubecl::prelude::*;

/// `log(1 + e)` for `0 <= e <= 1`, to a few roundings of the result: devices may compute it as written.
#[cube]
pub(crate) fn log_1_plus(e: f32) -> f32 {
    let series = e * (1.0 - e * (0.5 - e * (0.333_333_34 - e * (0.25 - e * 0.2))));
    select(e < 0.04, series, (1.0 + e).ln())
}

/// `tanh(u)`, for the largest arguments too.
#[cube]
pub(crate) fn tanh(u: f32) -> f32 {
    clamp(u, -12.0, 12.0).tanh()
}
