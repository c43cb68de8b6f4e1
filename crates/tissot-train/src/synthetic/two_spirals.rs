//! Two spirals: see [`Synthetic::TwoSpirals`](super::Synthetic::TwoSpirals).

use std::f64::consts::PI;
use std::sync::LazyLock;

use rand::{Rng, RngExt};

use super::normal_pair;
use super::quadrature::{LogSum, gauss_legendre};

const TURN: f64 = 3.0 * PI;
const JITTER: f64 = 0.5;
const SHRINK: f64 = 3.0;
const NOISE: f64 = 0.1;
/// Half the diagonal of the square that the jitter fills.
const REACH: f64 = JITTER / SHRINK * std::f64::consts::FRAC_1_SQRT_2;

fn spiral(t: f64) -> [f64; 2] {
    [-t * t.cos(), t * t.sin()]
}

pub(super) fn draw(rng: &mut dyn Rng) -> [f64; 2] {
    let point = spiral(TURN * rng.random::<f64>().sqrt());
    let jitter = [rng.random::<f64>(), rng.random::<f64>()];
    let sign = if rng.random() { 1.0 } else { -1.0 };
    let noise = normal_pair(rng);
    [0, 1].map(|i| sign * (point[i] + JITTER * jitter[i]) / SHRINK + NOISE * noise[i])
}

/// The middle of the jittered square at each node, and the node's weight times the density of `t`, `2 t / (3 pi)^2`.
static ARM: LazyLock<Vec<([f64; 2], f64)>> = LazyLock::new(|| {
    gauss_legendre(0.0, TURN, 96)
        .map(|(t, weight)| {
            let middle = spiral(t).map(|v| (v + 0.5 * JITTER) / SHRINK);
            (middle, weight * 2.0 * t / (TURN * TURN))
        })
        .collect()
});

/// Nodes and weights for the mean over `[0, 1]`.
static UNIT: LazyLock<Vec<(f64, f64)>> = LazyLock::new(|| gauss_legendre(0.0, 1.0, 1).collect());

/// `p(x) = 1/2 sum_s int p(t) prod_i (int_0^1 N(s x_i; (c_i(t) + v / 2) / 3, 0.01) dv) dt`.
pub(super) fn log_density(x: [f64; 2]) -> f64 {
    let arms = [x, x.map(|v| -v)];
    let distance = |v: [f64; 2], middle: [f64; 2]| (v[0] - middle[0]).hypot(v[1] - middle[1]);
    let nearest = arms.iter().flat_map(|&v| ARM.iter().map(move |&(middle, _)| distance(v, middle)));
    let nearest = nearest.fold(f64::INFINITY, f64::min);
    // further nodes weigh less than exp(-40) of the nearest one
    let furthest = ((nearest + REACH).powi(2) + 80.0 * NOISE * NOISE).sqrt() + REACH;
    let mut sum = LogSum::EMPTY;
    for v in arms {
        for &(middle, weight) in ARM.iter().filter(|&&(middle, _)| distance(v, middle) <= furthest) {
            sum.add(weight.ln() + log_smeared(v[0] - middle[0]) + log_smeared(v[1] - middle[1]));
        }
    }
    sum.value() - (2.0 * 2.0 * PI * NOISE * NOISE).ln()
}

/// `ln int_0^1 exp(-(offset - (v - 1/2) / 6)^2 / (2 * 0.01)) dv`: the noise on one coordinate, smeared by the jitter.
fn log_smeared(offset: f64) -> f64 {
    let mut sum = LogSum::EMPTY;
    for &(v, weight) in UNIT.iter() {
        let rest = offset - (v - 0.5) * JITTER / SHRINK;
        sum.add(weight.ln() - rest * rest / (2.0 * NOISE * NOISE));
    }
    sum.value()
}
