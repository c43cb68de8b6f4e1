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
    fn turning_back_gives_the_arm_as_drawn() {
        let mut rng = ChaCha8Rng::seed_from_u64(1);
        let mut same = rng.clone();
        let mut arms = [0; ARMS as usize];
        for _ in 0..1000 {
            let [x, y] = draw(&mut rng);
            let arm = same.random_range(0..ARMS);
            let [first, second] = normal_pair(&mut same);
            let along = 1.0 + RADIAL * first;
            // in polar coordinates: half the radius, and the angle less the turn
            let angle = y.atan2(x) - TAU * f64::from(arm) / f64::from(ARMS) - RATE * along.exp();
            let radius = 0.5 * x.hypot(y);
            assert!((radius * angle.cos() - along).abs() < 1e-12, "{x} {y}");
            assert!((radius * angle.sin() - TANGENTIAL * second).abs() < 1e-12, "{x} {y}");
            arms[arm as usize] += 1;
        }
        assert!(arms.iter().all(|count| (150..250).contains(count)), "{arms:?}");
    }
}
