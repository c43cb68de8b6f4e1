//! Eight Gaussians: see [`Synthetic::EightGaussians`](super::Synthetic::EightGaussians).

use std::f64::consts::{FRAC_PI_4, PI};

use rand::{Rng, RngExt};

use super::normal_pair;
use super::quadrature::LogSum;

const RADIUS: f64 = 2.0;
const DEVIATION: f64 = 0.2;

fn centre(k: u32) -> [f64; 2] {
    let (sin, cos) = (FRAC_PI_4 * f64::from(k)).sin_cos();
    [RADIUS * cos, RADIUS * sin]
}

pub(super) fn draw(rng: &mut dyn Rng) -> [f64; 2] {
    let centre = centre(rng.random_range(0..8));
    let noise = normal_pair(rng);
    [0, 1].map(|i| centre[i] + DEVIATION * noise[i])
}

pub(super) fn log_density(x: [f64; 2]) -> f64 {
    let mut sum = LogSum::EMPTY;
    for [a, b] in (0..8).map(centre) {
        sum.add(-((x[0] - a).powi(2) + (x[1] - b).powi(2)) / (2.0 * DEVIATION * DEVIATION));
    }
    sum.value() - (8.0 * 2.0 * PI * DEVIATION * DEVIATION).ln()
}
