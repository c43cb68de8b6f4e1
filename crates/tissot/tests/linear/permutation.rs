//! Permutations.

use crate::tensors::{difference, normal, values};
use burn::module::Module;
use burn::tensor::{DType, Device};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::layers::{Permutation, PermutationConfig};
use tissot::{Bijection, Context};

fn keeps_its_laws<const D: usize>(order: &[usize], shape: [usize; D], dtype: DType) {
    let layer = Permutation::new(order, &Device::flex()).unwrap();
    let x = normal(shape, 1.0, 1, dtype);
    let (z, log_det) = layer.forward(x.clone(), Context::NONE);
    for (i, &index) in order.iter().enumerate() {
        let (found, expected) = (z.clone().narrow(1, i, 1), x.clone().narrow(1, index, 1));
        assert_eq!(found.into_data(), expected.into_data());
    }
    let (back, log_det_back) = layer.inverse(z, Context::NONE);
    assert_eq!(back.into_data(), x.into_data());
    for log_det in [log_det, log_det_back] {
        assert_eq!(log_det.dtype(), dtype);
        assert_eq!(values(log_det), vec![0.0; shape[0]]);
    }
}

#[test]
fn outputs_are_inputs_in_their_order() {
    for dtype in [DType::F32, DType::F64] {
        keeps_its_laws(&[2, 0, 4, 1, 3], [3, 5], dtype);
        keeps_its_laws(&[2, 0, 4, 1, 3], [3, 5, 2, 2], dtype);
        keeps_its_laws(&[0], [3, 1], dtype);
    }
}

#[test]
fn reverse_is_last_to_first() {
    let layer =
        PermutationConfig::Reverse.init(3, &Device::flex(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
    let x = normal([2, 3], 1.0, 1, DType::F32);
    assert_eq!(difference(layer.forward(x.clone(), Context::NONE).0, x.flip([1])), 0.0);
}

#[test]
fn a_drawn_order_comes_back_from_a_record() {
    let make = |seed| {
        let config = PermutationConfig::Random { seed: None };
        config.init(20, &Device::flex(), &mut ChaCha8Rng::seed_from_u64(seed)).unwrap()
    };
    let x = normal([2, 20], 1.0, 1, DType::F32);
    let (layer, other) = (make(1), make(2));
    let (z, _) = layer.forward(x.clone(), Context::NONE);
    assert!(difference(other.forward(x.clone(), Context::NONE).0, z.clone()) > 0.0);
    let loaded = other.load_record(layer.into_record());
    assert_eq!(difference(loaded.forward(x.clone(), Context::NONE).0, z.clone()), 0.0);
    assert_eq!(difference(loaded.inverse(z, Context::NONE).0, x), 0.0);
}

#[test]
fn a_configuration_survives_json() {
    for config in [
        PermutationConfig::Reverse,
        PermutationConfig::Random { seed: Some(1) },
        PermutationConfig::Random { seed: None },
        PermutationConfig::Given(vec![1, 0]),
    ] {
        let json = serde_json::to_string(&config).unwrap();
        assert_eq!(serde_json::from_str::<PermutationConfig>(&json).unwrap(), config);
    }
    let short: PermutationConfig = serde_json::from_str(r#"{"Random":{}}"#).unwrap();
    assert_eq!(short, PermutationConfig::Random { seed: None });
    assert!(serde_json::from_str::<PermutationConfig>(r#"{"Random":{"sed":1}}"#).is_err());
}
