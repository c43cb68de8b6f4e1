use std::f64::consts::{E, PI};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

use super::*;

/// The window that holds all but 1e-9 of the mass, and the spacing of the midpoint rule in it.
fn grid(density: Synthetic) -> Option<([f64; 2], [f64; 2], [f64; 2])> {
    match density {
        Synthetic::TwoMoons => Some(([-2.6, -2.8], [2.6, 2.8], [0.04, 0.07])),
        Synthetic::Checkerboard => Some(([-3.0, -3.0], [3.0, 3.0], [0.1, 0.1])),
        Synthetic::EightGaussians => Some(([-3.4, -3.4], [3.4, 3.4], [0.1, 0.1])),
        Synthetic::Pinwheel => None,
        Synthetic::TwoSpirals => Some(([-4.0, -4.0], [4.0, 4.0], [0.08, 0.08])),
        Synthetic::Rings => Some(([-3.6, -3.6], [3.6, 3.6], [0.04, 0.04])),
    }
}

/// Mass and entropy by the midpoint rule.
fn mass_and_entropy(density: Synthetic) -> Option<(f64, f64)> {
    let (low, high, step) = grid(density)?;
    let counts = [0, 1].map(|i| ((high[i] - low[i]) / step[i]).round() as usize);
    let (mut mass, mut entropy) = (0.0, 0.0);
    for i in 0..counts[0] {
        for j in 0..counts[1] {
            let x = [low[0] + (i as f64 + 0.5) * step[0], low[1] + (j as f64 + 0.5) * step[1]];
            let log_p = density.log_density(x)?;
            if log_p > -700.0 {
                let p = log_p.exp() * step[0] * step[1];
                mass += p;
                entropy -= p * log_p;
            }
        }
    }
    Some((mass, entropy))
}

#[test]
fn densities_integrate_to_one() {
    for density in Synthetic::ALL {
        let Some((mass, _)) = mass_and_entropy(density) else { continue };
        assert!((mass - 1.0).abs() < 1e-6, "{density}: {mass}");
    }
}

#[test]
fn samples_agree_with_the_density() {
    for density in Synthetic::ALL {
        let Some((_, entropy)) = mass_and_entropy(density) else { continue };
        let rows = density.sample(4000, &mut ChaCha8Rng::seed_from_u64(5));
        let log_p: Vec<f64> = rows.iter().map(|&x| density.log_density(x).unwrap()).collect();
        let n = log_p.len() as f64;
        let mean = log_p.iter().sum::<f64>() / n;
        let variance = log_p.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / n;
        let error = (variance / n).sqrt();
        assert!(
            (-mean - entropy).abs() < 4.0 * error + 1e-6,
            "{density}: {mean} and {entropy}, error {error}"
        );
    }
}

#[test]
fn samples_agree_with_the_moments_of_the_density() {
    // the entropy does not see a mirrored density; the third moments do
    for density in Synthetic::ALL {
        let Some((low, high, step)) = grid(density) else { continue };
        let powers =
            |[x, y]: [f64; 2]| [x, y, x * y, x * x, y * y, x * x * y, x * y * y, x * x * x, y * y * y];
        let mut expected = [0.0; 9];
        for i in 0..((high[0] - low[0]) / step[0]).round() as usize {
            for j in 0..((high[1] - low[1]) / step[1]).round() as usize {
                let x = [low[0] + (i as f64 + 0.5) * step[0], low[1] + (j as f64 + 0.5) * step[1]];
                let p = density.log_density(x).unwrap().exp() * step[0] * step[1];
                powers(x).iter().zip(&mut expected).for_each(|(power, sum)| *sum += p * power);
            }
        }
        let rows = density.sample(20_000, &mut ChaCha8Rng::seed_from_u64(6));
        for (k, expected) in expected.into_iter().enumerate() {
            let values: Vec<f64> = rows.iter().map(|&x| powers(x)[k]).collect();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            let square = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
            let error = (square / values.len() as f64).sqrt();
            assert!(
                (mean - expected).abs() < 4.0 * error + 0.01,
                "{density}, moment {k}: {mean} and {expected}"
            );
        }
    }
}

#[test]
fn known_entropies_are_reproduced() {
    let (_, entropy) = mass_and_entropy(Synthetic::Checkerboard).unwrap();
    assert!((entropy - 8f64.ln()).abs() < 1e-9, "{entropy}");
    let (_, entropy) = mass_and_entropy(Synthetic::EightGaussians).unwrap();
    let without_overlap = 8f64.ln() + (2.0 * PI * E * 0.04).ln();
    assert!((without_overlap - 1.6984).abs() < 5e-5);
    // a separate quadrature gave 1.698061203: neighbours overlap a little
    assert!((entropy - 1.698_061_203).abs() < 1e-8, "{entropy}");
    assert!((without_overlap - entropy).abs() < 5e-4);
}

#[test]
fn the_same_seed_gives_the_same_rows() {
    for density in Synthetic::ALL {
        let draw = |seed| density.sample(50, &mut ChaCha8Rng::seed_from_u64(seed));
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(4));
        assert!(draw(3).iter().flatten().all(|v| v.is_finite() && v.abs() < 6.0), "{density}");
    }
}

#[test]
fn far_points_have_finite_log_densities() {
    for density in [Synthetic::TwoMoons, Synthetic::EightGaussians, Synthetic::TwoSpirals, Synthetic::Rings] {
        for x in [[1e3, -2e3], [0.0, 0.0], [-1e6, 1.0]] {
            assert!(density.log_density(x).unwrap().is_finite(), "{density} at {x:?}");
        }
    }
}

#[test]
fn names_are_read_back() {
    for density in Synthetic::ALL {
        assert_eq!(density.to_string().parse(), Ok(density));
        assert_eq!(density.name().replace('-', "_").parse(), Ok(density));
    }
    assert_eq!(
        "moon".parse::<Synthetic>().unwrap_err().to_string(),
        "found the synthetic density `moon`, expected one of two-moons, checkerboard, eight-gaussians, pinwheel, \
         two-spirals, rings"
    );
}
