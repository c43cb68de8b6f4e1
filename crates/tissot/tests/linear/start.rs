//! What linear maps are at their start, and in files.

use crate::tensors::{PLACES, SOFTPLUS, config, device, difference, normal, random, values};
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::layers::{DiagonalLaw, LinearStart, LuLinearConfig, PermutationConfig, PermutationPlace};
use tissot::{Bijection, Context};

#[test]
fn at_its_start_it_is_the_permutation() {
    for place in PLACES {
        for law in [SOFTPLUS, DiagonalLaw::Exp] {
            let layer = config(place, law).init(6, &device(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
            let x = normal([4, 6, 2, 2], 1.0, 7, DType::F32);
            let (z, log_det) = layer.forward(x.clone(), Context::NONE);
            let expected = match layer.permutation() {
                Some(permutation) => permutation.forward(x.clone(), Context::NONE).0,
                None => x.clone(),
            };
            assert_eq!(layer.permutation().is_some(), place != PermutationPlace::None);
            assert!(difference(z, expected) < 1e-6);
            assert!(values(log_det).iter().all(|l| l.abs() < 1e-5));
        }
    }
}

#[test]
fn at_its_start_it_can_be_a_rotation() {
    for n in [1, 2, 5, 16] {
        for place in PLACES {
            let config = LuLinearConfig { start: LinearStart::RandomRotation, ..config(place, SOFTPLUS) };
            let layer = config.init(n, &device(), &mut ChaCha8Rng::seed_from_u64(n as u64)).unwrap();
            let eye = Tensor::<2>::eye(n, &device());
            let (w, log_det) = layer.forward(eye.clone(), Context::NONE);
            assert!(difference(w.clone().transpose().matmul(w.clone()), eye.clone()) < 1e-5, "n = {n}");
            assert!(values(log_det).iter().all(|l| l.abs() < 1e-4), "n = {n}");
            assert!(n < 5 || difference(w.clone(), w.clone().round()) > 0.1, "no rotation but a permutation");
            assert!(difference(layer.inverse(w, Context::NONE).0, eye) < 1e-5, "n = {n}");
        }
    }
}

#[test]
fn a_record_brings_everything_back() {
    let layer = random(6, PermutationPlace::Before, SOFTPLUS, DType::F32).valid();
    let other = LuLinearConfig {
        permutation: PermutationConfig::Random { seed: None },
        ..config(PermutationPlace::Before, SOFTPLUS)
    };
    let fresh = other.init(6, &Device::flex(), &mut ChaCha8Rng::seed_from_u64(99)).unwrap();
    let x = normal([3, 6], 1.0, 1, DType::F32).without_autodiff();
    let (z, log_det) = layer.forward(x.clone(), Context::NONE);
    let loaded = fresh.load_record(layer.into_record());
    let (z_loaded, log_det_loaded) = loaded.forward(x, Context::NONE);
    assert_eq!(z.into_data(), z_loaded.into_data());
    assert_eq!(log_det.into_data(), log_det_loaded.into_data());
}

#[test]
fn a_configuration_survives_json() {
    let config = LuLinearConfig { bias: false, ..config(PermutationPlace::Before, DiagonalLaw::Exp) };
    let json = serde_json::to_string(&config).unwrap();
    assert_eq!(serde_json::from_str::<LuLinearConfig>(&json).unwrap(), config);
    let short: LuLinearConfig = serde_json::from_str(r#"{"diagonal":{"Softplus":{}}}"#).unwrap();
    let diagonal = DiagonalLaw::Softplus { epsilon: 1e-3 };
    assert_eq!(short, LuLinearConfig { diagonal, ..LuLinearConfig::default() });
    assert!(serde_json::from_str::<LuLinearConfig>(r#"{"biass":true}"#).is_err());
    let wrong = LuLinearConfig { diagonal: DiagonalLaw::Softplus { epsilon: 0.0 }, ..config };
    assert!(wrong.init(4, &device(), &mut ChaCha8Rng::seed_from_u64(0)).is_err());
}
