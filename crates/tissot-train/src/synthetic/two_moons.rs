//! Two moons: see [`Synthetic::TwoMoons`](super::Synthetic::TwoMoons).

use std::f64::consts::PI;

use rand::{Rng, RngExt};

use super::normal_pair;
use super::quadrature::{LogSum, gauss_legendre};

const NOISE: f64 = 0.1;
const CENTRE: [f64; 2] = [0.5, 0.25];
const SCALE: [f64; 2] = [1.15, 2.0];

pub(super) fn draw(rng: &mut dyn Rng) -> [f64; 2] {
    let (sin, cos) = (PI * rng.random::<f64>()).sin_cos();
    let arc = if rng.random() { [cos, sin] } else { [1.0 - cos, 0.5 - sin] };
    let noise = normal_pair(rng);
    [0, 1].map(|i| (arc[i] + NOISE * noise[i] - CENTRE[i]) * SCALE[i])
}

/// `p(x) = 1/2 sum_arcs (1/pi) int_0^pi N(u; arc(t), 0.01 I) dt / (1.15 * 2)`.
pub(super) fn log_density(x: [f64; 2]) -> f64 {
    let u = [0, 1].map(|i| x[i] / SCALE[i] + CENTRE[i]);
    let mut sum = LogSum::EMPTY;
    // the second arc is the first one turned by pi about (1/2, 1/4)
    for v in [u, [1.0 - u[0], 0.5 - u[1]]] {
        upper_half_circle(v, &mut sum);
    }
    sum.value() - (2.0 * PI * PI * 2.0 * NOISE * NOISE * SCALE[0] * SCALE[1]).ln()
}

/// Adds the terms of `int_0^pi exp(-|v - (cos t, sin t)|^2 / (2 * 0.01)) dt`.
fn upper_half_circle(v: [f64; 2], sum: &mut LogSum) {
    let (radius, angle) = (v[0].hypot(v[1]), v[1].atan2(v[0]));
    // the integrand's width is 0.1 / sqrt(radius): a panel has about that length
    let panels = (32.0 * radius.sqrt()).clamp(16.0, 512.0) as usize;
    for (t, weight) in gauss_legendre(0.0, PI, panels) {
        let half_sine = (0.5 * (t - angle)).sin();
        let square = (radius - 1.0).powi(2) + 4.0 * radius * half_sine * half_sine;
        sum.add(weight.ln() - square / (2.0 * NOISE * NOISE));
    }
}
