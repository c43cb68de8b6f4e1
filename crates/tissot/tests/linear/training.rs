//! Gradients of linear maps, in both directions.

use crate::tensors::{SOFTPLUS, config, device, difference, normal, random, values};
use burn::module::{Param, ParamId};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{DType, FloatDType, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::layers::{LuLinear, PermutationPlace};
use tissot::{Bijection, Context};

fn gradients(layer: &LuLinear, forward: bool) -> GradientsParams {
    let x = normal([7, 5, 2, 1], 1.0, 8, DType::F64);
    let (z, log_det) =
        if forward { layer.forward(x, Context::NONE) } else { layer.inverse(x, Context::NONE) };
    GradientsParams::from_grads((z.powi_scalar(2).sum() + log_det.sum()).backward(), layer)
}

#[test]
fn every_parameter_gets_a_gradient_and_masked_entries_none() {
    for forward in [true, false] {
        let layer = random(5, PermutationPlace::Before, SOFTPLUS, DType::F64);
        let grads = gradients(&layer, forward);
        let square = |id: ParamId| values(grads.get::<2>(id).unwrap());
        let (lower, upper) = (square(layer.lower.id), square(layer.upper.id));
        for (i, j) in (0..25).map(|k| (k / 5, k % 5)) {
            assert_eq!(lower[5 * i + j] != 0.0, j < i, "L[{i}, {j}]");
            assert_eq!(upper[5 * i + j] != 0.0, j > i, "U[{i}, {j}]");
        }
        let bias = layer.bias.as_ref().unwrap().id;
        for id in [layer.diagonal.id, bias] {
            assert!(values(grads.get::<1>(id).unwrap()).iter().all(|&g| g != 0.0));
        }
        assert!(grads.get::<1>(layer.sign.id).is_none(), "the sign is not trained");
    }
}

#[test]
fn gradients_through_the_inverse_are_slopes() {
    let loss = |layer: &LuLinear| {
        let (x, log_det) = layer.inverse(normal([7, 5, 2, 1], 1.0, 8, DType::F64), Context::NONE);
        x.powi_scalar(2).sum() + log_det.sum()
    };
    let layer = random(5, PermutationPlace::After, SOFTPLUS, DType::F64);
    let grads = gradients(&layer, false);
    let [lower, upper] = [&layer.lower, &layer.upper].map(|p| values(grads.get::<2>(p.id).unwrap()));
    for (i, j) in [(1, 0), (4, 0), (4, 3), (3, 1)] {
        let slope = |which: usize| {
            let at = |step: f64| {
                let (r, c) = if which == 0 { (i, j) } else { (j, i) };
                let mut layer = layer.clone();
                let field = if which == 0 { &mut layer.lower } else { &mut layer.upper };
                let add = Tensor::<2>::full([1, 1], step, (&device(), DType::F64));
                let old = field.val().detach();
                let entry = old.clone().slice([r..r + 1, c..c + 1]) + add;
                *field = Param::from_tensor(old.slice_assign([r..r + 1, c..c + 1], entry).detach());
                loss(&layer).into_scalar::<f64>()
            };
            (at(1e-5) - at(-1e-5)) / 2e-5
        };
        for (found, expected) in [(lower[5 * i + j], slope(0)), (upper[5 * j + i], slope(1))] {
            assert!((found - expected).abs() < 1e-6 * expected.abs().max(1.0), "{found} for {expected}");
        }
    }
}

#[test]
fn a_training_step_leaves_masked_entries_zero() {
    let layer = config(PermutationPlace::After, SOFTPLUS)
        .init(5, &device(), &mut ChaCha8Rng::seed_from_u64(0))
        .unwrap();
    let before = layer.clone();
    let mut layer = tissot::dtype::cast(layer, FloatDType::F64).unwrap();
    let mut optimizer = AdamWConfig::new().with_weight_decay(0.1).init();
    for forward in [true, false] {
        let grads = gradients(&layer, forward);
        layer = optimizer.step(0.1, layer, grads);
    }
    let (lower, upper) = (values(layer.lower.val()), values(layer.upper.val()));
    for (i, j) in (0..25).map(|k| (k / 5, k % 5)) {
        assert_eq!(lower[5 * i + j] != 0.0, j < i, "L[{i}, {j}]");
        assert_eq!(upper[5 * i + j] != 0.0, j > i, "U[{i}, {j}]");
    }
    assert_eq!(values(layer.sign.val()), values(before.sign.val()));
    assert!(difference(layer.diagonal.val(), before.diagonal.val().cast(DType::F64)) > 0.01);
}
