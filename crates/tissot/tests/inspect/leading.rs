//! Leading singular values by iteration against those of the whole matrix.

use crate::common::{flows, points, random};
use tissot::inspect::{geometry, largest_singular_values, smallest_singular_values};
use tissot::layers::{ActNormConfig, LuLinearConfig};
use tissot::{Context, FlowConfig, LayerConfig};

#[test]
fn all_steps_find_all_singular_values() {
    let (x, c) = (points([5, 6], 1), points([5, 2], 2));
    for (name, flow) in flows(6, 2) {
        let (map, context) = (&flow.bijection, Context::of(&c));
        let exact = geometry(map, &x, context);
        let largest = largest_singular_values(map, &x, context, 6, 6);
        let smallest = smallest_singular_values(map, &x, context, 2, 6);
        for ((exact, largest), smallest) in exact.iter().zip(&largest).zip(&smallest) {
            for k in 0..6 {
                let (found, expected) = (largest.singular_values[k], exact.singular_values[k]);
                assert!(
                    (found - expected).abs() < 1e-10 * exact.largest(),
                    "{name}: {found} is not {expected}"
                );
                assert!(largest.errors[k] < 1e-9 * exact.largest(), "{name}: {:?}", largest.errors);
            }
            for k in 0..2 {
                let (found, expected) = (smallest.singular_values[k], exact.singular_values[5 - k]);
                assert!((found - expected).abs() < 1e-5 * expected, "{name}: {found} is not {expected}");
                assert!(
                    (found - expected).abs() <= smallest.errors[k] + 1e-8 * expected,
                    "{name}: {found} is not {expected} within {:?}",
                    smallest.errors
                );
            }
            let along: f64 = largest.right[0].iter().zip(exact.most_stretched()).map(|(a, b)| a * b).sum();
            assert!(!exact.separated() || along.abs() > 1.0 - 1e-8, "{name}: direction off by {along}");
        }
    }
}

#[test]
fn few_steps_find_the_leading_ones_and_say_how_well() {
    let x = points([4, 24], 1);
    for (name, flow) in flows(24, 0) {
        let exact = geometry(&flow.bijection, &x, Context::NONE);
        let found = largest_singular_values(&flow.bijection, &x, Context::NONE, 2, 14);
        for (exact, found) in exact.iter().zip(&found) {
            for (value, error) in found.singular_values.iter().zip(&found.errors) {
                let nearest =
                    exact.singular_values.iter().map(|s| (s - value).abs()).fold(f64::INFINITY, f64::min);
                assert!(
                    nearest <= error + 1e-10 * exact.largest(),
                    "{name}: {value} +- {error}, off by {nearest}"
                );
            }
            let first = found.singular_values[0] / exact.largest();
            assert!((0.99..1.0 + 1e-10).contains(&first), "{name}: {first} of the largest");
        }
    }
}

#[test]
fn images_have_leading_directions_too() {
    let layers = vec![
        LayerConfig::ActNorm(ActNormConfig::default()),
        LayerConfig::LuLinear(LuLinearConfig::default()),
    ];
    let config = FlowConfig { features: 3, layers, ..FlowConfig::default() };
    let (flow, x) = (random(&config, 0.8), points([2, 3, 2, 4], 1));
    let exact = geometry::<4, _>(&flow.bijection, &x, Context::NONE);
    // Three singular values, each eight times: three steps see one direction of each.
    let largest = largest_singular_values::<4, _>(&flow.bijection, &x, Context::NONE, 3, 3);
    let smallest = smallest_singular_values::<4, _>(&flow.bijection, &x, Context::NONE, 1, 3);
    for ((exact, largest), smallest) in exact.iter().zip(&largest).zip(&smallest) {
        assert_eq!(exact.n(), 24);
        for (k, found) in largest.singular_values.iter().enumerate() {
            let expected = exact.singular_values[8 * k];
            assert!((found - expected).abs() < 1e-9 * exact.largest(), "{found} is not {expected}");
        }
        let (found, expected) = (smallest.singular_values[0], exact.smallest());
        assert!((found - expected).abs() < 1e-6 * expected, "{found} is not {expected}");
    }
}
