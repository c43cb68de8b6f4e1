//! What the tests of linear layers draw and compare.

use burn::module::Param;
use burn::tensor::{DType, Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tissot::layers::{DiagonalLaw, LuLinear, LuLinearConfig, PermutationConfig, PermutationPlace};

pub const SOFTPLUS: DiagonalLaw = DiagonalLaw::Softplus { epsilon: 1e-3 };
pub const PLACES: [PermutationPlace; 3] =
    [PermutationPlace::None, PermutationPlace::Before, PermutationPlace::After];
pub fn device() -> Device {
    Device::flex().autodiff()
}

/// Normal numbers times `scale`, the same for both number types.
pub fn normal<const D: usize>(shape: [usize; D], scale: f64, seed: u64, dtype: DType) -> Tensor<D> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let draw = |_| f64::from((scale * Distribution::<f64>::sample(&StandardNormal, &mut rng)) as f32);
    let values: Vec<f64> = (0..shape.iter().product()).map(draw).collect();
    Tensor::from_data(TensorData::new(values, shape), (&device(), dtype))
}

pub fn values<const D: usize>(t: Tensor<D>) -> Vec<f64> {
    t.cast(DType::F64).into_data().iter::<f64>().collect()
}

/// The largest difference, relative to max(1, |b|).
pub fn difference<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> f64 {
    assert_eq!(a.dims(), b.dims());
    let pairs = values(a).into_iter().zip(values(b));
    pairs.fold(0.0, |worst, (a, b)| {
        f64::max(worst, if a.is_nan() { f64::INFINITY } else { (a - b).abs() / b.abs().max(1.0) })
    })
}

pub fn config(place: PermutationPlace, diagonal: DiagonalLaw) -> LuLinearConfig {
    LuLinearConfig {
        place,
        diagonal,
        permutation: PermutationConfig::Random { seed: Some(3) },
        ..Default::default()
    }
}

/// A map with random parameters, far from the identity; what is not to be read is large.
pub fn random(n: usize, place: PermutationPlace, law: DiagonalLaw, dtype: DType) -> LuLinear {
    let mut layer = config(place, law).init(n, &device(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
    let matrix = |seed| normal([n, n], 0.7 / (n as f64).sqrt(), seed, dtype);
    let garbage = || Tensor::ones([n, n], (&device(), dtype)).mul_scalar(1e3);
    layer.lower = Param::from_tensor(matrix(1).tril(-1) + garbage().triu(0));
    layer.upper = Param::from_tensor(matrix(2).triu(1) + garbage().tril(0));
    layer.diagonal = Param::from_tensor(normal([n], 0.5, 4, dtype).sub_scalar(1.2));
    let sign = normal([n], 1.0, 5, dtype).sign();
    layer.sign = Param::from_tensor(sign).set_require_grad(false);
    layer.bias = Some(Param::from_tensor(normal([n], 1.0, 6, dtype)));
    layer
}
