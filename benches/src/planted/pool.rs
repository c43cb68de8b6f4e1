//! Trained flows of all presets.

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot::presets::{self, Size};
use tissot::univariate::{Affine, AnyUnivariate, LogScale, RationalQuadratic, SplineParams};
use tissot::{AnyFlow, Context, FlowConfig, LayerConfig};
use tissot_train::Adam;

/// Rows of a training step.
const BATCH: usize = 256;

/// An architecture of `tissot::presets`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// `nice`.
    Nice,
    /// `real_nvp`.
    RealNvp,
    /// `maf`.
    Maf,
    /// `iaf`.
    Iaf,
    /// `nsf_coupling`.
    NsfCoupling,
    /// `nsf_autoregressive`.
    NsfAutoregressive,
}

impl Preset {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Nice, Self::RealNvp, Self::Maf, Self::Iaf, Self::NsfCoupling, Self::NsfAutoregressive];

    fn config(self, size: &Size) -> FlowConfig {
        match self {
            Self::Nice => presets::nice(size),
            Self::RealNvp => presets::real_nvp(size),
            Self::Maf => presets::maf(size),
            Self::Iaf => presets::iaf(size),
            Self::NsfCoupling => presets::nsf_coupling(size),
            Self::NsfAutoregressive => presets::nsf_autoregressive(size),
        }
    }
}

/// A trained flow.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Its architecture.
    pub preset: Preset,
    /// Whether its scales and splines have laws without bounds, that let a fault through.
    pub unbounded: bool,
    /// The width of its samples.
    pub features: usize,
    /// The flow, without gradients.
    pub flow: AnyFlow,
}

/// Rows of a density that every preset can learn: bent and correlated normals.
pub fn rows(n: usize, features: usize, rng: &mut dyn Rng) -> Tensor<2> {
    use rand_distr::{Distribution, StandardNormal};
    let mut values: Vec<f64> = Vec::with_capacity(n * features);
    for _ in 0..n {
        let first: f64 = StandardNormal.sample(rng);
        let mut last = first;
        values.push(first);
        for k in 1..features {
            let noise: f64 = StandardNormal.sample(rng);
            let bent: f64 = if k % 2 == 1 { 0.5 * (last * last - 1.0) } else { 0.8 * last };
            last = 0.6 * bent.clamp(-4.0, 4.0) + 0.6 * noise;
            values.push(last);
        }
    }
    Tensor::from_data(TensorData::new(values, [n, features]), &Device::flex())
}

/// Every scale `exp(u)`, every spline under nflows' law with the smallest minima that are allowed.
fn unbounded(layers: &mut [LayerConfig]) {
    let law = |univariate: &mut AnyUnivariate| match univariate {
        AnyUnivariate::Affine(affine) => *affine = Affine { scale: LogScale::Exp, ..*affine },
        AnyUnivariate::RationalQuadratic(spline) => {
            let least = 1e-5;
            let parameters = SplineParams::Nflows {
                min_width: least,
                min_height: least,
                min_derivative: least,
                logit_scale: 1.0,
            };
            *spline = RationalQuadratic { parameters, ..*spline };
        }
        AnyUnivariate::Shift(_) => {}
    };
    for layer in layers {
        match layer {
            LayerConfig::Coupling(config) => law(&mut config.univariate),
            LayerConfig::Autoregressive(config) => law(&mut config.univariate),
            LayerConfig::Chain(inside) | LayerConfig::Inverse(inside) => unbounded(inside),
            _ => {}
        }
    }
}

/// Trains a small flow for `steps` steps.
///
/// # Panics
/// Where the preset cannot be made.
pub fn train(preset: Preset, features: usize, free: bool, steps: u32, seed: u64) -> Trained {
    let size = Size::new(features).with_transforms(4).with_hidden([32, 32]);
    let mut config = preset.config(&size);
    if free {
        unbounded(&mut config.layers);
    }
    let flow = fit(&config, steps, seed, |n, rng| rows(n, features, rng));
    Trained { preset, unbounded: free, features, flow }
}

/// Trains a flow on fresh rows at each of `steps` steps.
///
/// # Panics
/// Where it cannot be made.
pub fn fit(
    config: &FlowConfig,
    steps: u32,
    seed: u64,
    mut draw: impl FnMut(usize, &mut dyn Rng) -> Tensor<2>,
) -> AnyFlow {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let flow = config.init(&Device::flex(), &mut rng).unwrap_or_else(|error| panic!("{error}"));
    let first = draw(BATCH, &mut rng);
    let mut flow = flow.initialize(first, Context::NONE).train();
    let mut adam = Adam::default().init();
    for step in 0..steps {
        let rate = 4e-3 * 0.5 * (1.0 + (std::f64::consts::PI * f64::from(step) / f64::from(steps)).cos());
        let loss = flow.log_prob(draw(BATCH, &mut rng), Context::NONE).mean().neg();
        let grads = GradientsParams::from_grads(loss.backward(), &flow);
        flow = adam.step(rate, flow, grads);
    }
    flow.valid()
}
