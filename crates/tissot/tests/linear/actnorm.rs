//! ActNorm.

use crate::tensors::{device, difference, normal, values};
use burn::module::{Module, Param};
use burn::optim::{AdamWConfig, GradientsParams};
use burn::tensor::{DType, FloatDType, Tensor};
use tissot::layers::{ActNorm, ActNormConfig};
use tissot::{Bijection, Context};

fn fresh(features: usize, dtype: FloatDType) -> ActNorm {
    tissot::dtype::cast(ActNormConfig::default().init(features, &device()).unwrap(), dtype).unwrap()
}

/// Features of different scales, far from 0.
fn batch<const D: usize>(shape: [usize; D], offset: f64, dtype: DType) -> Tensor<D> {
    let mut scale_shape = [1; D];
    scale_shape[1] = shape[1];
    let scale = Tensor::<1>::from_data([0.1, 1.0, 30.0], (&device(), dtype)).reshape(scale_shape);
    normal(shape, 1.0, 3, dtype) * scale + offset
}

fn standardises<const D: usize>(shape: [usize; D], offset: f64, dtype: FloatDType, tolerance: f64) {
    let x = batch(shape, offset, dtype.into());
    let (layer, z) = fresh(3, dtype).initialize(x.clone(), Context::NONE);
    assert!(difference(layer.forward(x.clone(), Context::NONE).0, z.clone()) == 0.0);
    let count = (z.shape().num_elements() / 3) as f64;
    for feature in 0..3 {
        let v = values(z.clone().narrow(1, feature, 1));
        let mean = v.iter().sum::<f64>() / count;
        let deviation = (v.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / count).sqrt();
        assert!(mean.abs() < tolerance, "{shape:?} {dtype:?}: mean {mean:e} of feature {feature}");
        assert!(
            (deviation - 1.0).abs() < tolerance,
            "{shape:?} {dtype:?}: deviation {deviation} of {feature}"
        );
    }
    let (back, log_det_back) = layer.inverse(z, Context::NONE);
    assert!(difference(back, x.clone()) < tolerance);
    let positions = shape[2..].iter().product::<usize>() as f64;
    let expected = positions * values(layer.log_scale.val()).iter().sum::<f64>();
    let (_, log_det) = layer.forward(x, Context::NONE);
    for (there, back) in values(log_det).into_iter().zip(values(log_det_back)) {
        assert!((there - expected).abs() < tolerance * expected.abs().max(1.0) && there == -back);
    }
}

#[test]
fn a_first_batch_is_standardised() {
    for (dtype, tolerance) in [(FloatDType::F64, 1e-11), (FloatDType::F32, 1e-5)] {
        standardises([200, 3], 0.0, dtype, tolerance);
        standardises([20, 3, 4, 5], 0.0, dtype, tolerance);
    }
    // Far from 0: the squares would keep no digit of the variance.
    standardises([200, 3], 1e8, FloatDType::F64, 1e-5);
    standardises([200, 3], 1e3, FloatDType::F32, 3e-3);
}

#[test]
fn at_its_start_it_is_the_identity() {
    let x = batch([5, 3], 1.0, DType::F32);
    let (z, log_det) = fresh(3, FloatDType::F32).forward(x.clone(), Context::NONE);
    assert_eq!((difference(z, x), values(log_det)), (0.0, vec![0.0; 5]));
}

#[test]
fn log_det_is_that_of_the_jacobian() {
    let (layer, _) =
        fresh(3, FloatDType::F64).initialize(batch([20, 3, 2, 2], 1.0, DType::F64), Context::NONE);
    let x = batch([1, 3, 2, 2], 0.0, DType::F64).require_grad();
    let (z, log_det) = layer.forward(x.clone(), Context::NONE);
    // The Jacobian is diagonal: the gradient of the sum holds it.
    let slopes = values(x.grad(&z.sum().backward()).unwrap());
    let expected: f64 = slopes.iter().map(|s| s.ln()).sum();
    assert!((values(log_det)[0] - expected).abs() < 1e-12);
}

#[test]
fn constant_features_stay_finite() {
    for x in [Tensor::<2>::full([8, 3], 5.0, &device()), batch([1, 3], 0.0, DType::F32)] {
        let (layer, z) = fresh(3, FloatDType::F32).initialize(x.clone(), Context::NONE);
        assert!(values(z).iter().all(|z| z.abs() < 1.0));
        assert!(values(layer.log_scale.val()).iter().all(|s| (s - 1e6_f64.ln()).abs() < 1e-3));
        assert!(values(layer.inverse(x, Context::NONE).0).iter().all(|x| x.is_finite()));
    }
}

#[test]
fn it_trains_after_it_was_initialised() {
    let layer = fresh(3, FloatDType::F32);
    let ids = [layer.log_scale.id, layer.shift.id];
    // A batch that carries a graph, and one from a plain device.
    let tracked = batch([20, 3], 1.0, DType::F32).require_grad() * 2.0;
    let plain = batch([20, 3], 1.0, DType::F32).without_autodiff();
    for x in [tracked, plain] {
        let (layer, z) = layer.clone().initialize(x, Context::NONE);
        assert!(!z.is_require_grad());
        assert_eq!([layer.log_scale.id, layer.shift.id], ids);
        let (y, log_det) = layer.forward(z, Context::NONE);
        let grads = GradientsParams::from_grads((y.powi_scalar(4).sum() - log_det.sum()).backward(), &layer);
        for id in ids {
            assert!(values(grads.get::<1>(id).unwrap()).iter().all(|&g| g != 0.0));
        }
        let stepped = AdamWConfig::new().init().step(0.1, layer.clone(), grads);
        let moved = |now: &Param<Tensor<1>>, old: &Param<Tensor<1>>| difference(now.val(), old.val()) > 0.01;
        assert!(moved(&stepped.log_scale, &layer.log_scale) && moved(&stepped.shift, &layer.shift));
    }
}

#[test]
fn what_is_frozen_stays_frozen_and_what_is_valid_stays_plain() {
    let x = batch([20, 3], 1.0, DType::F32);
    let (frozen, _) = fresh(3, FloatDType::F32).no_grad().initialize(x.clone(), Context::NONE);
    assert!(!frozen.log_scale.val().is_require_grad() && !frozen.shift.val().is_require_grad());
    let (plain, _) = fresh(3, FloatDType::F32).valid().initialize(x, Context::NONE);
    assert!(!plain.log_scale.val().is_autodiff() && !plain.shift.val().is_autodiff());
    let trained = plain.train();
    assert!(trained.log_scale.val().is_require_grad() && trained.shift.val().is_require_grad());
}

#[test]
fn a_configuration_is_checked() {
    assert_eq!(serde_json::from_str::<ActNormConfig>("{}").unwrap(), ActNormConfig::default());
    assert!(serde_json::from_str::<ActNormConfig>(r#"{"eps":1}"#).is_err());
    assert!(ActNormConfig { epsilon: 0.0 }.init(3, &device()).is_err());
    assert!(ActNormConfig::default().init(0, &device()).is_err());
}
