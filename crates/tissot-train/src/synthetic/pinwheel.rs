//! Pinwheel: see [`Synthetic::Pinwheel`](super::Synthetic::Pinwheel).

use std::f64::consts::TAU;

use rand::{Rng, RngExt};

use super::normal_pair;

const ARMS: u32 = 5;
const RADIAL: f64 = 0.3;
const TANGENTIAL: f64 = 0.1;
const RATE: f64 = 0.25;
const SCALE: f64 = 2.0;

pub(super) fn draw(rng: &mut dyn Rng) -> [f64; 2] {
    let arm = rng.random_range(0..ARMS);
    let noise = normal_pair(rng);
    let (along, across) = (1.0 + RADIAL * noise[0], TANGENTIAL * noise[1]);
    let (sin, cos) = (TAU * f64::from(arm) / f64::from(ARMS) + RATE * along.exp()).sin_cos();
    [SCALE * (cos * along - sin * across), SCALE * (sin * along + cos * across)]
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    use super::*;

    #[test]
    fn undoing_the_turn_gives_back_the_arms() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let n = 20_000;
        let (mut radius_square, mut harmonic) = (0.0, 0.0);
        for _ in 0..n {
            let [x, y] = draw(&mut rng);
            let radius = x.hypot(y) / SCALE;
            radius_square += radius * radius / f64::from(n);
            // five arms: cos(5 angle) is near one once the turn is taken back
            harmonic += (5.0 * (y.atan2(x) - RATE * radius.exp())).cos() / f64::from(n);
        }
        // E r^2 = 1 + 0.3^2 + 0.1^2
        assert!((radius_square - 1.1).abs() < 0.02, "{radius_square}");
        assert!(harmonic > 0.8, "{harmonic}");
    }
}
