//! Checkerboard: see [`Synthetic::Checkerboard`](super::Synthetic::Checkerboard).

use rand::{Rng, RngExt};

pub(super) fn draw(rng: &mut dyn Rng) -> [f64; 2] {
    let column = rng.random_range(0..4_u32);
    let row = 2 * rng.random_range(0..2_u32) + column % 2;
    [f64::from(column) - 2.0 + rng.random::<f64>(), f64::from(row) - 2.0 + rng.random::<f64>()]
}

pub(super) fn log_density(x: [f64; 2]) -> f64 {
    let inside = x.iter().all(|v| (-2.0..2.0).contains(v));
    let same_parity = (x[0].floor() + x[1].floor()) % 2.0 == 0.0;
    if inside && same_parity { -(8f64.ln()) } else { f64::NEG_INFINITY }
}
