//! The numbers of other libraries, from their weights.

use crate::golden::Golden;
use crate::tensors::{device, difference};
use burn::module::Param;
use burn::tensor::{FloatDType, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::layers::{
    ActNormConfig, DiagonalLaw, LuLinear, LuLinearConfig, PermutationConfig, PermutationPlace,
};
use tissot::{Bijection, Context};

fn param<const D: usize>(file: &Golden, key: &str) -> Param<Tensor<D>> {
    Param::from_tensor(file.tensor(&format!("weights.{key}"), &device()))
}

/// A file's entries of one triangle, row by row, as a matrix.
fn triangle(file: &Golden, key: &str, n: usize, keep: fn(usize, usize) -> bool) -> Param<Tensor<2>> {
    let (entries, _) = file.read(&format!("weights.{key}"));
    let mut next = entries.into_iter();
    let values: Vec<f64> =
        (0..n * n).map(|k| if keep(k / n, k % n) { next.next().unwrap() } else { 0.0 }).collect();
    assert_eq!(next.next(), None);
    let data = TensorData::new(values, [n, n]);
    Param::from_tensor(Tensor::from_data(data, (&device(), burn::tensor::DType::F64)))
}

fn init(config: &LuLinearConfig, n: usize) -> LuLinear {
    let layer = config.init(n, &device(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
    tissot::dtype::cast(layer, FloatDType::F64).unwrap()
}

/// nflows' LULinear, after a permutation if the file has one.
fn nflows(file: &Golden, n: usize, order: Option<Vec<usize>>) -> LuLinear {
    let config = LuLinearConfig {
        place: if order.is_some() { PermutationPlace::Before } else { PermutationPlace::None },
        permutation: PermutationConfig::Given(order.unwrap_or_default()),
        diagonal: DiagonalLaw::Softplus { epsilon: 1e-3 },
        ..Default::default()
    };
    let mut layer = init(&config, n);
    layer.lower = triangle(file, "lower_entries", n, |i, j| j < i);
    layer.upper = triangle(file, "upper_entries", n, |i, j| j > i);
    layer.diagonal = param(file, "unconstrained_upper_diag");
    layer.bias = Some(param(file, "bias"));
    layer
}

fn agrees<const D: usize>(name: &str, layer: &(impl Bijection<D> + Clone)) {
    let file = Golden::open(name);
    for (dtype, tolerance) in [(FloatDType::F64, 1e-9), (FloatDType::F32, 1e-4)] {
        let layer = tissot::dtype::cast(layer.clone(), dtype).unwrap();
        let given = |key: &str| file.tensor::<D>(&format!("io.{key}"), &device());
        let rows = |key: &str| file.tensor::<1>(&format!("io.{key}"), &device());
        let check = |what: &str, error: f64| assert!(error < tolerance, "{name} {dtype:?} {what}: {error:e}");
        let (z, log_det) = layer.forward(given("x").cast(dtype), Context::NONE);
        check("z", difference(z, given("z")));
        check("ladj", difference(log_det, rows("ladj")));
        let (x, log_det) = layer.inverse(given("z").cast(dtype), Context::NONE);
        check("x_inv", difference(x, given("x_inv")));
        check("ladj_inv", difference(log_det, rows("ladj_inv")));
        for scale in [1, 10, 100, 10_000] {
            let (z, _) = layer.forward(given(&format!("heavy_{scale}.x")).cast(dtype), Context::NONE);
            // In f32 a small output of large inputs carries their rounding.
            let error = difference(z, given(&format!("heavy_{scale}.z")));
            check(
                "z of heavy tails",
                if dtype == FloatDType::F32 { error / f64::from(scale) } else { error },
            );
        }
    }
}

#[test]
fn lu_linear_is_that_of_nflows() {
    for n in [8, 64] {
        let name = format!("nflows_lulinear_{n}");
        agrees::<2>(&name, &nflows(&Golden::open(&name), n, None));
    }
}

#[test]
fn one_by_one_convolution_is_that_of_nflows() {
    let name = "nflows_one_by_one_conv";
    let file = Golden::open(name);
    let (order, _) = file.read("weights.permutation._permutation");
    let order = order.into_iter().map(|i| i as usize).collect();
    agrees::<4>(name, &nflows(&file, 6, Some(order)));
}

#[test]
fn one_by_one_convolution_is_that_of_normflows() {
    let name = "normflows_invertible_1x1";
    let file = Golden::open(name);
    let (p, _) = file.read("weights.P");
    let order = p.chunks(6).map(|row| row.iter().position(|&one| one == 1.0).unwrap()).collect();
    let config = LuLinearConfig {
        place: PermutationPlace::After,
        permutation: PermutationConfig::Given(order),
        diagonal: DiagonalLaw::Exp,
        bias: false,
        ..Default::default()
    };
    let mut layer = init(&config, 6);
    layer.lower = param(&file, "L");
    layer.upper = param(&file, "U");
    layer.diagonal = param(&file, "log_S");
    layer.sign = param(&file, "sign_S").set_require_grad(false);
    agrees::<4>(name, &layer);
}

#[test]
fn actnorm_is_that_of_nflows() {
    let name = "nflows_actnorm";
    let file = Golden::open(name);
    let mut layer = ActNormConfig::default().init(6, &device()).unwrap();
    layer.log_scale = param(&file, "log_scale");
    layer.shift = param(&file, "shift");
    agrees::<4>(name, &layer);
}
