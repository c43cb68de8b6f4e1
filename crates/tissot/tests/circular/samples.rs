//! Samples follow the density, within one turn.

use super::*;
use tissot::Circles;
use tissot::base::{Base, BaseConfig, Site};

/// Cells of a grid along each axis.
const CELLS: usize = 8;
/// Points of the density along each side of a cell.
const FINE: usize = 24;

#[test]
fn samples_follow_the_density() {
    for (name, circular, config) in cases() {
        let (n, flow) = (config.features, random(&config, 0.6));
        let half = |feature: usize| if circular.contains(&feature) { PI } else { 5.0 };
        let count = 40_000;
        let mut rng = ChaCha8Rng::seed_from_u64(9);
        let (drawn, log_p): (Tensor<2>, _) = flow.sample_and_log_prob(count, Context::NONE, &mut rng);
        let again = host(flow.log_prob(drawn.clone(), Context::NONE));
        for (a, b) in host(log_p).iter().zip(again) {
            assert!((a - b).abs() < 1e-6, "{name}: {a} as it was drawn, {b} after");
        }
        let drawn = host(drawn);
        for feature in &circular {
            let within = drawn.iter().skip(*feature).step_by(n).all(|x| (-PI..PI).contains(x));
            assert!(within, "{name}: one turn");
        }
        let side = |feature: usize| 2.0 * half(feature) / CELLS as f64;
        let mut found = vec![0.0; CELLS.pow(n as u32)];
        for row in drawn.chunks(n) {
            let place = |(feature, x): (usize, &f64)| {
                let cell = ((x + half(feature)) / side(feature)).floor().clamp(0.0, (CELLS - 1) as f64);
                cell as usize * CELLS.pow(feature as u32)
            };
            found[row.iter().enumerate().map(place).sum::<usize>()] += 1.0;
        }
        let points = CELLS * FINE;
        let x: Vec<f64> = (0..points.pow(n as u32))
            .flat_map(|p| (0..n).map(move |feature| (p / points.pow(feature as u32) % points, feature)))
            .map(|(k, feature)| (k as f64 + 0.5) * side(feature) / FINE as f64 - half(feature))
            .collect();
        let volume: f64 = (0..n).map(|feature| side(feature) / FINE as f64).product();
        let mut expected = vec![0.0; found.len()];
        for (p, log_p) in log_prob(&flow, x, n).iter().enumerate() {
            let at = |feature: usize| p / points.pow(feature as u32) % points / FINE;
            let cell: usize = (0..n).map(|feature| at(feature) * CELLS.pow(feature as u32)).sum();
            expected[cell] += log_p.exp() * volume;
        }
        for (cell, (found, share)) in found.iter().zip(&expected).enumerate() {
            // What lies beyond the grid on lines is in the outer cells; 5 standard errors of a count.
            let mean = share * count as f64;
            let allowed = 5.0 * (mean + 1.0).sqrt() + 0.02 * mean;
            assert!(
                (found - mean).abs() < allowed,
                "{name}, cell {cell}: {found} samples, expected {mean:.1}"
            );
        }
        let uneven = expected.iter().fold(0.0, |most: f64, v| most.max(*v)) * expected.len() as f64;
        assert!(uneven > 1.3, "{name}: too even to prove anything");
    }
}

#[test]
fn temperature_is_of_the_lines() {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let base = BaseConfig::Torus(Circles { features: vec![0], bound: 2.0 });
    let base = base.init(&[2], 0, &device, &mut rng).unwrap();
    let site = Site { device: &device, dtype: DType::F64 };
    let drawn: Vec<f64> = host(Base::<2>::sample(&base, 20_000, Context::NONE, 0.25, site, &mut rng));
    let deviation = |feature: usize| {
        let squares = drawn.iter().skip(feature).step_by(2).map(|x| x * x);
        (squares.sum::<f64>() / 20_000.0).sqrt()
    };
    assert!((deviation(0) - 2.0 / 3.0_f64.sqrt()).abs() < 0.02, "{}", deviation(0));
    assert!((deviation(1) - 0.25).abs() < 0.01, "{}", deviation(1));
    assert!(drawn.iter().step_by(2).all(|x| (-2.0..2.0).contains(x)));
}

#[test]
fn what_is_no_place_has_no_density() {
    let base = BaseConfig::Torus(Circles::new([0]));
    let base = base.init(&[2], 0, &Device::flex(), &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    let x = vec![f64::NAN, 0.0, f64::INFINITY, 0.0, 50.0, 0.0, 0.0, f64::INFINITY];
    let found = host(base.log_prob(rows(x, 2), Context::NONE));
    assert!(found[0].is_nan() && found[1].is_nan(), "{found:?}");
    assert!((found[2] + 1.5 * (2.0 * PI).ln()).abs() < 1e-12, "{found:?}");
    assert_eq!(found[3], f64::NEG_INFINITY);
}
