//! The presets: the laws of a stack, their start, densities that sum to one.

mod common;

use burn::tensor::{DType, Device, Tensor, TensorData};
use common::table::check;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::laws::{Grid, Laws, randomize, starts_as_permutation, sums_to_one};
use tissot::presets::{self, Size};
use tissot::{Chain, Context, FlowConfig, Layer};

/// The presets at a small size.
fn flows(features: usize, context: usize) -> Vec<(&'static str, FlowConfig)> {
    let size = Size::new(features).with_context(context).with_transforms(2).with_hidden([12, 12]);
    let mut flows = vec![
        ("maf", presets::maf(&size)),
        ("iaf", presets::iaf(&size)),
        ("nsf_autoregressive", presets::nsf_autoregressive(&size)),
    ];
    if features > 1 {
        flows.extend([
            ("nice", presets::nice(&size)),
            ("real_nvp", presets::real_nvp(&size)),
            ("nsf_coupling", presets::nsf_coupling(&size)),
        ]);
    }
    flows
}

fn chain(config: &FlowConfig) -> Chain<Layer> {
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(5));
    flow.unwrap_or_else(|error| panic!("{error}")).bijection
}

#[test]
fn every_preset_keeps_the_laws_of_a_stack() {
    for (features, context) in [(3, 0), (3, 2), (1, 0)] {
        for (name, config) in flows(features, context) {
            let mut laws = Laws::new(format!("{name}, {features} features, context {context}"))
                .features(features)
                .stack();
            if context > 0 {
                laws = laws.context(context);
            }
            check::<2, _>(&laws, chain(&config));
        }
    }
}

#[test]
fn every_preset_starts_as_a_permutation() {
    for (name, config) in flows(4, 0) {
        let laws = Laws::new(format!("{name} at its start")).features(4);
        for dtype in [burn::tensor::FloatDType::F64, burn::tensor::FloatDType::F32] {
            let case = laws.case::<2, _>(&chain(&config), dtype);
            starts_as_permutation(&case).unwrap_or_else(|violation| panic!("{violation}"));
        }
    }
}

#[test]
fn densities_sum_to_one() {
    for (features, cells) in [(1, 4_000), (2, 300)] {
        for (name, config) in flows(features, 0) {
            let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(7)).unwrap();
            let flow = randomize(flow, 8, 0.3).to_dtype(burn::tensor::FloatDType::F64).unwrap();
            let log_density = |points: TensorData| {
                let x = Tensor::<2>::from_data(points, (&Device::flex(), DType::F64));
                flow.log_prob(x, Context::NONE)
            };
            let grid = Grid { features, low: -15.0, high: 15.0, cells };
            sums_to_one(name, grid, 1e-3, log_density).unwrap_or_else(|violation| panic!("{violation}"));
        }
    }
}

#[test]
fn every_preset_survives_json() {
    for (name, config) in flows(3, 2) {
        assert_eq!(FlowConfig::from_json(&config.to_json().unwrap()).unwrap(), config, "{name}");
    }
}
