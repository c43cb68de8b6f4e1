//! Models of images: every layer and network of them, every map of pixels.

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::image::{ImageModel, Pixels, Squash};
use tissot::laws::randomize;
use tissot::layers::{
    CheckerboardConfig, CouplingConfig, Half, Mask, SplitConfig, SqueezeOrder, SqueezedConfig,
};
use tissot::nets::{Activation, ConvNetConfig, EmbeddingConfig, ResidualConvNetConfig};
use tissot::presets::{self, ImageSize, Mixing};
use tissot::univariate::{Affine, RationalQuadratic};
use tissot::{FlowConfig, LayerConfig};

const EVENT: [usize; 3] = [2, 4, 4];

/// Before its weights are moved.
fn model(flow: FlowConfig, noise: Option<FlowConfig>, pixels: Pixels, classes: usize) -> ImageModel {
    let names = (0..classes).map(|i| format!("class {i}")).collect();
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    ImageModel::new(flow, noise, pixels, names, &Device::flex(), rng).unwrap()
}

/// Layers that no preset has.
fn unusual() -> FlowConfig {
    let residual = ResidualConvNetConfig { hidden: 5, blocks: 2, activation: Activation::Elu }.into();
    let plain = ConvNetConfig { hidden: 5, activation: Activation::Tanh, learned_scale: false };
    let spline = RationalQuadratic { bins: 4, ..RationalQuadratic::default() };
    let board =
        CheckerboardConfig { odd: true, univariate: spline.into(), conditioner: plain.clone().into() };
    let coupling = CouplingConfig {
        mask: Mask::Odd,
        univariate: Affine::default().into(),
        conditioner: residual,
        kept_univariate: Some(spline.into()),
    };
    let split = SplitConfig { on: Half::Second, layers: vec![LayerConfig::Coupling(coupling.clone())] };
    let layers = vec![LayerConfig::Coupling(coupling), LayerConfig::Split(split)];
    let squeezed = SqueezedConfig { order: SqueezeOrder::PositionMajor, layers };
    FlowConfig {
        features: EVENT[0],
        positions: EVENT[1..].to_vec(),
        context: 2,
        layers: vec![LayerConfig::Checkerboard(board), LayerConfig::Squeezed(squeezed)],
        ..FlowConfig::default()
    }
}

/// All of them, by names, as far from the identity as `scale` says.
pub fn all(scale: f64) -> Vec<(String, ImageModel)> {
    let size = ImageSize::new(EVENT).with_levels(2, 1).with_hidden(6).with_bins(4);
    let pixels = || Pixels::new(EVENT);
    let conditional = size.clone().with_context(3);
    let embedded = |config: FlowConfig| config.with_embedding(EmbeddingConfig::new(2));
    let noise = presets::dequantiser(&size);
    let logit = pixels().with_bits(5).with_squash(Squash::Logit { alpha: 0.05 });
    let both = pixels().with_source_levels(17).with_squash(Squash::LogitBoth { lambda: 0.01 });
    [
        ("glow", model(presets::glow(&size), None, pixels(), 0)),
        ("whole", model(presets::glow(&size.clone().with_mixing(Mixing::Full)), None, pixels(), 0)),
        ("nsf", model(presets::nsf_image(&size), None, logit, 0)),
        ("real_nvp", model(presets::real_nvp_image(&conditional), None, both, 3)),
        ("noise", model(presets::glow(&size), Some(noise), pixels(), 0)),
        (
            "embedded",
            model(
                embedded(presets::glow(&conditional)),
                Some(embedded(presets::dequantiser(&conditional))),
                pixels(),
                3,
            ),
        ),
        ("unusual", model(unusual(), None, pixels(), 2)),
    ]
    .map(|(name, model)| {
        (format!("image_{name}"), ImageModel { flow: randomize(model.flow, 4, scale), ..model })
    })
    .into()
}
