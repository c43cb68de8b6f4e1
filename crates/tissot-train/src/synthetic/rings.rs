//! Rings: see [`Synthetic::Rings`](super::Synthetic::Rings).

use std::f64::consts::{PI, TAU};

use rand::{Rng, RngExt};

use super::normal_pair;
use super::quadrature::LogSum;

const RINGS: u32 = 4;
const SPACING: f64 = 0.75;
const NOISE: f64 = 0.08;

pub(super) fn draw(rng: &mut dyn Rng) -> [f64; 2] {
    let radius = SPACING * f64::from(1 + rng.random_range(0..RINGS));
    let (sin, cos) = (TAU * rng.random::<f64>()).sin_cos();
    let noise = normal_pair(rng);
    [radius * cos + NOISE * noise[0], radius * sin + NOISE * noise[1]]
}

/// `p(x) = 1/4 sum_R exp(-(r - R)^2 / (2 s^2)) exp(-k) I0(k) / (2 pi s^2)` with `k = r R / s^2`, `s = 0.08`.
pub(super) fn log_density(x: [f64; 2]) -> f64 {
    let (r, variance) = (x[0].hypot(x[1]), NOISE * NOISE);
    let mut sum = LogSum::EMPTY;
    for ring in 1..=RINGS {
        let radius = SPACING * f64::from(ring);
        sum.add(scaled_bessel(r * radius / variance).ln() - (r - radius).powi(2) / (2.0 * variance));
    }
    sum.value() - (f64::from(RINGS) * 2.0 * PI * variance).ln()
}

/// `exp(-k) I0(k)` for `k >= 0` (Abramowitz and Stegun, 1964, equations 9.6.12 and 9.7.1).
fn scaled_bessel(k: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    if k < 40.0 {
        for i in 1..200 {
            let half = 0.5 * k / f64::from(i);
            term *= half * half; // eq. 9.6.12
            sum += term;
            if term < 1e-17 * sum {
                break;
            }
        }
        sum * (-k).exp()
    } else {
        for i in 1..30 {
            let odd = f64::from(2 * i - 1);
            term *= odd * odd / (8.0 * k * f64::from(i)); // eq. 9.7.1
            sum += term;
            if term < 1e-17 {
                break;
            }
        }
        sum / (TAU * k).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bessel_function_agrees_with_its_integral() {
        // exp(-k) I0(k) = mean over the circle of exp(-k (1 - cos a)); the trapezoid rule is exact on it
        for k in [0.0, 0.3, 7.0, 39.9, 40.1, 900.0] {
            let n = 2000;
            let mean: f64 =
                (0..n).map(|i| (-k * (1.0 - (TAU * f64::from(i) / f64::from(n)).cos())).exp()).sum();
            let expected = mean / f64::from(n);
            assert!(
                (scaled_bessel(k) / expected - 1.0).abs() < 1e-12,
                "{k}: {} {expected}",
                scaled_bessel(k)
            );
        }
    }
}
