//! The density on the circle: continuous where it is cut, periodic, of mass 1.

use super::*;
use tissot::inspect::mass;
use tissot::laws::{Laws, starts_as_permutation};
use tissot::{Bijection, Circles, LayerConfig};

/// Rows with one feature at a place.
fn with(rows: &[f64], n: usize, feature: usize, place: f64) -> Vec<f64> {
    let mut rows = rows.to_vec();
    rows.iter_mut().skip(feature).step_by(n).for_each(|x| *x = place);
    rows
}

/// The cases, and the same without rotations: where the user cuts the circle all splines begin and end.
fn turned_and_not() -> Vec<(&'static str, Vec<usize>, FlowConfig)> {
    let mut all = cases();
    for (_, _, config) in &mut all {
        config.layers.retain(|layer| !matches!(layer, LayerConfig::Rotation(_)));
    }
    [cases(), all].concat()
}

#[test]
fn the_density_is_continuous_where_a_circle_is_cut() {
    for (name, circular, config) in turned_and_not() {
        let (n, flow) = (config.features, random(&config, 1.0));
        for feature in circular {
            let at = |place: f64| log_prob(&flow, with(&places(n), n, feature, place), n);
            let (here, there) = (at(-PI), at(PI));
            let spread = here.iter().zip(at(0.5)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(spread > 0.5, "{name}: {spread}, too even to prove anything");
            for step in [0.0, 1e-9, 1e-7, 1e-5] {
                // Slopes of the log-density of some thousands are none of a jump.
                let tolerance = 1e-10 + 5e3 * step;
                for found in [at(-PI + step), at(PI - step), at(PI + step)] {
                    for (a, b) in found.iter().zip(&here) {
                        assert!((a - b).abs() <= tolerance, "{name}, {step} from the cut: {a} and {b}");
                    }
                }
            }
            assert_eq!(here.len(), there.len());
        }
    }
}

#[test]
fn the_density_goes_round_with_the_circle() {
    for (name, circular, config) in cases() {
        let (n, flow) = (config.features, random(&config, 1.0));
        let here = log_prob(&flow, places(n), n);
        for feature in circular {
            for turns in [-2.0, 1.0] {
                let mut x = places(n);
                x.iter_mut().skip(feature).step_by(n).for_each(|x| *x += 2.0 * PI * turns);
                for (a, b) in log_prob(&flow, x, n).iter().zip(&here) {
                    assert!((a - b).abs() < 1e-9, "{name}, {turns} turns of {feature}: {a} and {b}");
                }
            }
        }
    }
}

#[test]
fn densities_sum_to_one_over_the_circles() {
    for (name, circular, config) in cases() {
        let (n, flow) = (config.features, random(&config, 0.5));
        let cells: usize = if n == 1 { 20_000 } else { 500 };
        let axis = |feature: usize| if circular.contains(&feature) { PI } else { 14.0 };
        let width = |feature: usize| 2.0 * axis(feature) / cells as f64;
        let x: Vec<f64> = (0..cells.pow(n as u32))
            .flat_map(|cell| (0..n).map(move |feature| (cell / cells.pow(feature as u32) % cells, feature)))
            .map(|(k, feature)| (k as f64 + 0.5) * width(feature) - axis(feature))
            .collect();
        let cell: f64 = (0..n).map(width).product();
        let sum: f64 = log_prob(&flow, x, n).iter().map(|log_p| log_p.exp() * cell).sum();
        assert!((sum - 1.0).abs() < 1e-3, "{name}: {sum}");
        let found = mass(&flow, &rows(places(n), n), Context::NONE, 401).unwrap();
        assert!((found.integral - 1.0).abs() < 2e-3 + found.error.abs(), "{name}: {found:?}");
    }
}

#[test]
fn the_presets_keep_the_laws_of_a_stack() {
    let size = Size::new(3).with_transforms(2).with_hidden([12, 12]);
    for (context, circular) in [(0, &[0, 2][..]), (2, &[1]), (0, &[0, 1, 2])] {
        for (name, of) in [
            ("couplings", nsf_circular_coupling as fn(&Size, &[usize]) -> FlowConfig),
            ("autoregressive", nsf_circular_autoregressive),
        ] {
            let config = of(&size.clone().with_context(context), circular);
            let made = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(5)).unwrap().bijection;
            let laws = Laws::new(format!("{name}, {circular:?} circular")).features(3).stack();
            let laws = if context > 0 { laws.context(context) } else { laws };
            laws.check::<2, _>(&randomize(made, 2, 1.0)).unwrap_or_else(|violation| panic!("{violation}"));
        }
    }
}

#[test]
fn the_presets_start_as_the_identity_turned_there_and_back() {
    for (name, circular, config) in cases() {
        let n = config.features;
        let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(5)).unwrap();
        let flow = flow.to_dtype(FloatDType::F64).unwrap();
        let mut angles = Vec::new();
        let x = rows(vec![0.0; n], n);
        let turned = flow.bijection.walk(x, Context::NONE, &mut |layer, z, log_det| {
            if layer.contains("Rotation") {
                angles.push(host(z.clone())[circular[0]]);
            }
            assert!(host(log_det.clone())[0].abs() < 1e-9, "{name}");
        });
        // Phases are f32 when they are made.
        assert!(host(turned).iter().all(|z| z.abs() < 1e-6), "{name}: {angles:?}");
        let thirds = [2.0 * PI / 3.0, -2.0 * PI / 3.0, 0.0];
        let off = angles.iter().zip(thirds).map(|(angle, third)| (angle - third).abs());
        assert!(angles.len() == 3 && off.fold(0.0, f64::max) < 1e-6, "{name}: {angles:?}");
    }
    let (_, _, config) = cases().remove(2);
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(5)).unwrap();
    let case = Laws::new("a torus").features(2).case::<2, _>(&flow.bijection, FloatDType::F32);
    starts_as_permutation(&case).unwrap_or_else(|violation| panic!("{violation}"));
}

#[test]
fn one_turn_holds_every_place() {
    let circles = Circles { features: vec![1], bound: 2.0 };
    let angles = [0.0, -2.0, 2.0, 1.9999999, -2.0000001, 6.5, -1e6, 1e30, f64::NAN];
    for dtype in [DType::F32, DType::F64] {
        let x: Vec<f64> = angles.iter().flat_map(|&angle| [7.0, angle]).collect();
        let x = Tensor::<2>::from_data(TensorData::new(x, [angles.len(), 2]), (&Device::flex(), dtype));
        let wrapped = host(circles.wrap(x));
        assert!(wrapped.iter().step_by(2).all(|&x| x == 7.0), "the others stay");
        let found: Vec<f64> = wrapped.iter().skip(1).step_by(2).copied().collect();
        assert!(found[..8].iter().all(|x| (-2.0..2.0).contains(x)), "{found:?}");
        assert_eq!((found[0], found[1], found[2], found[5]), (0.0, -2.0, -2.0, -1.5));
        assert!(found[8].is_nan());
    }
}

/// A row exactly where its circle is cut comes back to where it was, and not to the other end.
#[test]
fn a_row_at_the_cut_comes_back_in_single_precision() {
    for (name, _, config) in cases() {
        let (n, flow) = (config.features, random_as(&config, 0.7, FloatDType::F32));
        let ends = [-PI, PI, -PI + 1e-6, PI - 1e-6, 0.0];
        let x: Vec<f64> = ends.iter().flat_map(|&end| vec![end; n]).collect();
        let x = rows(x, n).cast(DType::F32);
        let (z, log_det) = flow.forward(x.clone(), Context::NONE);
        let (back, inverse) = flow.inverse(z, Context::NONE);
        let off = host((back - x).abs()).into_iter().fold(0.0, f64::max);
        let sum = host((log_det + inverse).abs()).into_iter().fold(0.0, f64::max);
        assert!(off < 1e-3 && sum < 1e-2, "{name}: {off} {sum}");
    }
}
