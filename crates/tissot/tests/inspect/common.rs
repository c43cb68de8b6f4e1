//! Random flows in f64 and points for them.

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tissot::laws::randomize;
use tissot::presets::{self, Size};
use tissot::{AnyFlow, FlowConfig};

/// The presets at a small size, far from the identity, in f64.
pub fn flows(features: usize, context: usize) -> Vec<(&'static str, AnyFlow)> {
    let size = Size::new(features).with_context(context).with_transforms(2).with_hidden([12, 12]);
    [
        ("nice", presets::nice(&size)),
        ("real_nvp", presets::real_nvp(&size)),
        ("maf", presets::maf(&size)),
        ("iaf", presets::iaf(&size)),
        ("nsf_coupling", presets::nsf_coupling(&size)),
        ("nsf_autoregressive", presets::nsf_autoregressive(&size)),
    ]
    .map(|(name, config)| (name, random(&config, 0.8)))
    .into()
}

/// A flow with noise on its weights, in f64.
pub fn random(config: &FlowConfig, scale: f64) -> AnyFlow {
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(5)).expect("a flow");
    randomize(flow, 3, scale).to_dtype(FloatDType::F64).expect("flex has f64")
}

/// Standard normal points, in f64.
pub fn points<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f64> = (0..shape.iter().product()).map(|_| StandardNormal.sample(&mut rng)).collect();
    Tensor::from_data(TensorData::new(values, shape), (&Device::flex(), DType::F64))
}

/// A tensor's numbers.
pub fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter().collect()
}
