//! The laws of LU-parameterised linear maps.

use crate::tensors::{PLACES, SOFTPLUS, device, difference, normal, random, values};
use burn::module::Param;
use burn::tensor::{DType, FloatDType, Tensor};
use tissot::layers::{DiagonalLaw, LuLinear, PermutationPlace};
use tissot::{Bijection, Context};

const TOLERANCES: [(DType, f64); 2] = [(DType::F64, 1e-9), (DType::F32, 1e-4)];

/// log|det| of the Jacobian of `layer` at `point`, by autodiff and elimination.
fn oracle<const D: usize>(layer: &impl Bijection<D>, point: &Tensor<D>) -> f64 {
    let n: usize = point.dims().iter().product();
    let x = point.clone().repeat_dim(0, n).detach().require_grad();
    let (z, _) = layer.forward(x.clone(), Context::NONE);
    let picked = z.reshape([n, n]) * Tensor::<2>::eye(n, &device()).cast(point.dtype());
    let jacobian = values(x.grad(&picked.sum().backward()).unwrap());
    let mut a: Vec<Vec<f64>> = jacobian.chunks(n).map(<[f64]>::to_vec).collect();
    let mut log_det = 0.0;
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap();
        a.swap(k, pivot);
        log_det += a[k][k].abs().ln();
        for i in k + 1..n {
            let factor = a[i][k] / a[k][k];
            (k..n).for_each(|j| a[i][j] -= factor * a[k][j]);
        }
    }
    log_det
}

fn keeps_its_laws<const D: usize>(layer: &LuLinear, shape: [usize; D], dtype: DType, tolerance: f64) {
    let x = normal(shape, 2.0, 7, dtype);
    let (z, log_det) = layer.forward(x.clone(), Context::NONE);
    let (back, log_det_back) = layer.inverse(z.clone(), Context::NONE);
    assert_eq!((z.dtype(), log_det.dtype(), z.dims(), log_det.dims()), (dtype, dtype, shape, [shape[0]]));
    let row = format!("{shape:?} {dtype:?} {layer}");
    let trip = difference(back, x.clone());
    assert!(trip < tolerance, "round trip {trip:e}: {row}");
    assert!(
        values(log_det.clone() + log_det_back).iter().all(|d| d.abs() < 1e-12),
        "log-dets do not cancel: {row}"
    );
    let expected = oracle(layer, &x.narrow(0, 0, 1));
    assert!(
        expected.abs() > 0.3 * z.dims()[2..].iter().product::<usize>() as f64,
        "too near to 0 to tell: {row}"
    );
    for found in values(log_det) {
        assert!(
            (found - expected).abs() < tolerance * expected.abs().max(1.0),
            "{found} for {expected}: {row}"
        );
    }
}

#[test]
fn random_maps_keep_the_laws() {
    for (dtype, tolerance) in TOLERANCES {
        for place in PLACES {
            for law in [SOFTPLUS, DiagonalLaw::Exp] {
                for n in [1, 2, 5, 8] {
                    let layer = random(n, place, law, dtype);
                    keeps_its_laws(&layer, [3, n], dtype, tolerance);
                    keeps_its_laws(&layer, [3, n, 2, 3], dtype, tolerance);
                    keeps_its_laws(&layer, [3, n, 1, 1], dtype, tolerance);
                }
            }
        }
    }
}

#[test]
fn a_cast_map_computes_in_its_type() {
    let layer = random(5, PermutationPlace::After, SOFTPLUS, DType::F32);
    let (z, _) = layer.forward(normal([3, 5], 2.0, 7, DType::F32), Context::NONE);
    let layer = tissot::dtype::cast(layer, FloatDType::F64).unwrap();
    keeps_its_laws(&layer, [3, 5], DType::F64, 1e-9);
    let (z64, _) = layer.forward(normal([3, 5], 2.0, 7, DType::F64), Context::NONE);
    assert!(difference(z.cast(DType::F64), z64) < 1e-5);
}

/// Repeated squaring of `1 - L` is wrong by 4e9 here in f32.
#[test]
fn triangles_of_ones_are_inverted() {
    let n = 64;
    let ones = |dtype| Param::from_tensor(Tensor::<2>::ones([n, n], (&device(), dtype)));
    let zeros = |dtype| Param::from_tensor(Tensor::<2>::zeros([n, n], (&device(), dtype)));
    // (number type, U above its diagonal too, round trip, residual)
    let rows = [
        (DType::F64, false, 1e-13, 1e-14),
        (DType::F64, true, 1e-11, 1e-14),
        (DType::F32, false, 1e-5, 1e-6),
        (DType::F32, true, 1e-3, 1e-6),
    ];
    for (dtype, both, round_trip, residual) in rows {
        let mut layer = random(n, PermutationPlace::None, DiagonalLaw::Exp, dtype);
        layer.lower = ones(dtype);
        layer.upper = if both { ones(dtype) } else { zeros(dtype) };
        layer.diagonal = Param::from_tensor(Tensor::zeros([n], (&device(), dtype)));
        layer.sign = Param::from_tensor(Tensor::ones([n], (&device(), dtype))).set_require_grad(false);
        layer.bias = None;
        let x = normal([16, n], 1.0, 7, dtype);
        let (z, _) = layer.forward(x.clone(), Context::NONE);
        let (back, _) = layer.inverse(z.clone(), Context::NONE);
        let trip = difference(back.clone(), x);
        let (again, _) = layer.forward(back, Context::NONE);
        let largest = values(z.clone()).into_iter().fold(1.0, |m: f64, v| m.max(v.abs()));
        let left = values(again - z).into_iter().fold(0.0, |m: f64, v| m.max(v.abs())) / largest;
        assert!(trip < round_trip && left < residual, "{dtype:?} {both}: {trip:e}, residual {left:e}");
    }
}
