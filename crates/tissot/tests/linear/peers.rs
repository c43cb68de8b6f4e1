//! The numbers of other libraries, from their weights.

use crate::golden::Golden;
use crate::peer;
use crate::tensors::{device, difference};
use burn::tensor::FloatDType;
use tissot::dtype::Precision;
use tissot::{Bijection, Chain, Context, Layer};

fn agrees<const D: usize>(name: &str)
where
    Chain<Layer>: Bijection<D>,
{
    let file = Golden::open(name);
    for (dtype, tolerance) in [(Precision::F64, 1e-9), (Precision::F32, 1e-4)] {
        let layer = peer::flow(name, dtype).bijection;
        let given = |key: &str| file.tensor::<D>(&format!("io.{key}"), &device());
        let rows = |key: &str| file.tensor::<1>(&format!("io.{key}"), &device());
        let check = |what: &str, error: f64| assert!(error < tolerance, "{name} {dtype:?} {what}: {error:e}");
        let (z, log_det) = layer.forward(given("x").cast(FloatDType::from(dtype)), Context::NONE);
        check("z", difference(z, given("z")));
        check("ladj", difference(log_det, rows("ladj")));
        let (x, log_det) = layer.inverse(given("z").cast(FloatDType::from(dtype)), Context::NONE);
        check("x_inv", difference(x, given("x_inv")));
        check("ladj_inv", difference(log_det, rows("ladj_inv")));
        for scale in [1, 10, 100, 10_000] {
            let (z, _) = layer
                .forward(given(&format!("heavy_{scale}.x")).cast(FloatDType::from(dtype)), Context::NONE);
            // In f32 a small output of large inputs carries their rounding.
            let error = difference(z, given(&format!("heavy_{scale}.z")));
            check("z of heavy tails", if dtype == Precision::F32 { error / f64::from(scale) } else { error });
        }
    }
}

#[test]
fn lu_linear_is_that_of_nflows() {
    agrees::<2>("nflows_lulinear_8");
    agrees::<2>("nflows_lulinear_64");
}

#[test]
fn one_by_one_convolution_is_that_of_nflows() {
    agrees::<4>("nflows_one_by_one_conv");
}

#[test]
fn one_by_one_convolution_is_that_of_normflows() {
    agrees::<4>("normflows_invertible_1x1");
}

#[test]
fn actnorm_is_that_of_nflows() {
    agrees::<4>("nflows_actnorm");
}
