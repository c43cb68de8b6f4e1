//! The rows of layers that are for images.

use super::Row;
use super::common::table::{knowing, univariates, wide_affine};
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::laws::{Allowed, Laws, randomize};
use tissot::layers::*;
use tissot::nets::*;
use tissot::univariate::*;
use tissot::{Bijection, Context, Layer, LayerConfig, Place};

fn conv() -> ConditionerConfig {
    ConvNetConfig { hidden: 6, activation: Activation::Tanh, learned_scale: true }.into()
}

fn gated() -> ConditionerConfig {
    ResidualConvNetConfig { hidden: 5, blocks: 1, activation: Activation::Tanh }.into()
}

fn coupling(mask: Mask, univariate: AnyUnivariate, conditioner: ConditionerConfig) -> LayerConfig {
    LayerConfig::Coupling(CouplingConfig { mask, univariate, conditioner, kept_univariate: None })
}

/// Whether position `j` is in the neighbourhood of `i` that two 3x3 convolutions see, on images of this width.
fn near(i: usize, j: usize, width: usize, reach: usize) -> bool {
    (i / width).abs_diff(j / width) <= reach && (i % width).abs_diff(j % width) <= reach
}

pub(super) fn couplings() -> Vec<Row> {
    let event = [3, 2, 3];
    let mut rows = Vec::new();
    let mut add = |name: &str, mask: Mask, univariate: AnyUnivariate, conditioner: ConditionerConfig| {
        let kept = mask.kept(3).unwrap();
        let allowed = Allowed::from_fn(18, 18, |i, j| i == j || (!kept[i / 6] && kept[j / 6]));
        let row = Row::new(name, coupling(mask, univariate, conditioner), &event);
        rows.push(row.with(|laws| knowing(laws, &univariate).allowed(allowed)));
    };
    let spline = univariates().remove(9).1;
    add("Coupling of images, affine, ConvNet", Mask::FirstHalf, wide_affine(), conv());
    add("Coupling of images, spline, ConvNet", Mask::Kept(vec![1]), spline, conv());
    add("Coupling of images, shift, ConvNet", Mask::SecondHalf, Shift.into(), conv());
    add("Coupling of images, affine, gated", Mask::Odd, wide_affine(), gated());
    for conditioner in [conv(), gated()] {
        let config = coupling(Mask::FirstHalf, wide_affine(), conditioner);
        let row = Row::new("Coupling of images with context", config, &[2, 2, 3]);
        let laws = |laws: Laws| laws.context(2).allowed_context(Allowed::from_fn(12, 2, |i, _| i >= 6));
        rows.push(Row { context: 2, ..row }.with(laws));
    }
    rows
}

pub(super) fn checkerboards() -> Vec<Row> {
    let mut rows = Vec::new();
    let spline = univariates().remove(9).1;
    for (name, odd, univariate) in
        [("affine", false, wide_affine()), ("spline", true, spline), ("shift", true, Shift.into())]
    {
        let config = CheckerboardConfig { odd, univariate, conditioner: conv() };
        let keeps = move |element: usize| ((element % 12 / 4 + element % 4) % 2 == 1) == odd;
        let allowed =
            Allowed::from_fn(24, 24, |i, j| i == j || (!keeps(i) && keeps(j) && near(i % 12, j % 12, 4, 2)));
        let row = Row::new(&format!("Checkerboard {name}"), LayerConfig::Checkerboard(config), &[2, 3, 4]);
        rows.push(row.with(|laws| knowing(laws, &univariate).allowed(allowed)));
    }
    rows
}

/// Layers that move every channel, for the inside of others.
fn step() -> Vec<LayerConfig> {
    vec![
        LayerConfig::ActNorm(ActNormConfig::default()),
        LayerConfig::LuLinear(LuLinearConfig::default()),
        coupling(Mask::FirstHalf, wide_affine(), conv()),
    ]
}

pub(super) fn splits() -> Vec<Row> {
    let linear = || {
        vec![LayerConfig::ActNorm(ActNormConfig::default()), LayerConfig::LuLinear(LuLinearConfig::default())]
    };
    let mut rows = Vec::new();
    for (on, moves) in
        [(Half::First, [true, true, true, false, false]), (Half::Second, [false, false, false, true, true])]
    {
        let config = LayerConfig::Split(SplitConfig { on, layers: linear() });
        let allowed = Allowed::from_fn(5, 5, |i, j| i == j || (moves[i] && moves[j]));
        let row = Row::new(&format!("Split {on:?} of tables"), config, &[5]);
        rows.push(row.with(|laws| laws.stack().allowed(allowed)));
    }
    let config = LayerConfig::Split(SplitConfig { on: Half::First, layers: step() });
    // Channel 0 is kept by the coupling inside and mixed at each position alone.
    let allowed = Allowed::from_fn(16, 16, |i, j| match i / 4 {
        0 => j < 8 && j % 4 == i % 4,
        1 => j < 8,
        _ => i == j,
    });
    rows.push(Row::new("Split of images", config, &[4, 2, 2]).with(|laws| laws.stack().allowed(allowed)));
    rows
}

pub(super) fn squeezed() -> Vec<Row> {
    let mut rows = Vec::new();
    for order in [SqueezeOrder::ChannelMajor, SqueezeOrder::PositionMajor] {
        let config = LayerConfig::Squeezed(SqueezedConfig { order, layers: step() });
        rows.push(Row::new(&format!("Squeezed {order:?}"), config, &[2, 2, 4]).with(Laws::stack));
    }
    // A 1x1 convolution inside mixes the pixels of a block of 2 x 2 and no others.
    let linear = vec![LayerConfig::LuLinear(LuLinearConfig::default())];
    let config = LayerConfig::Squeezed(SqueezedConfig { layers: linear, ..SqueezedConfig::default() });
    let block = |place: usize| (place / 4 / 2, place % 4 / 2);
    let allowed = Allowed::from_fn(16, 16, |i, j| block(i) == block(j));
    rows.push(Row::new("Squeezed LuLinear", config, &[1, 4, 4]).with(|laws| laws.stack().allowed(allowed)));
    // Two levels, the second one inside a split, with context.
    let inner = LayerConfig::Squeezed(SqueezedConfig { layers: step(), ..SqueezedConfig::default() });
    let split = LayerConfig::Split(SplitConfig { on: Half::First, layers: vec![inner] });
    let layers = [step(), vec![split]].concat();
    let config = LayerConfig::Squeezed(SqueezedConfig { layers, ..SqueezedConfig::default() });
    let row = Row::new("Two levels", config, &[1, 4, 4]).with(|laws| laws.stack().context(2));
    rows.push(Row { context: 2, ..row });
    rows
}

/// A layer under context maps that are the same for every sample.
#[derive(Module, Debug)]
struct UnderMaps {
    layer: Layer,
    maps: Tensor<4>,
}

impl UnderMaps {
    fn with<const D: usize, R>(&self, x: &Tensor<D>, go: impl FnOnce(Context<'_>) -> R) -> R {
        let [_, c, h, w] = self.maps.dims();
        let maps = self.maps.clone().cast(x.dtype()).expand([x.dims()[0], c, h, w]);
        go(Context { features: None, maps: Some(&maps) })
    }
}

impl Bijection<4> for UnderMaps {
    fn forward(&self, x: Tensor<4>, _: Context<'_>) -> (Tensor<4>, Tensor<1>) {
        self.with(&x.clone(), |context| self.layer.forward(x, context))
    }
    fn inverse(&self, z: Tensor<4>, _: Context<'_>) -> (Tensor<4>, Tensor<1>) {
        self.with(&z.clone(), |context| self.layer.inverse(z, context))
    }
}

#[test]
fn layers_under_context_maps_keep_every_law() {
    let device = Device::flex();
    let inner = LayerConfig::Squeezed(SqueezedConfig { layers: step(), ..SqueezedConfig::default() });
    let board = CheckerboardConfig { univariate: wide_affine(), conditioner: gated(), odd: true };
    let flow = LayerConfig::Chain(vec![LayerConfig::Checkerboard(board), inner]);
    let place = Place { context_maps: 2, ..Place::image(1, &[2, 4], &device) };
    let layer = flow.init(&place, &mut ChaCha8Rng::seed_from_u64(3)).unwrap();
    let maps = Tensor::<1>::from_floats([0.3, -1.0, 2.0, 0.1, -0.7, 0.9, 1.1, -0.2], &device);
    let maps = Tensor::cat(vec![maps.clone(), maps.flip([0])], 0).reshape([1, 2, 2, 4]);
    let under = UnderMaps { layer, maps };
    let laws = Laws::new("under context maps").event(&[1, 2, 4]).stack();
    super::check::<4, _>(&laws, under.clone());

    // And the maps matter.
    let random = randomize(under.clone(), 1, 1.0);
    let x = Tensor::<4>::ones([1, 1, 2, 4], &device);
    let other = UnderMaps { maps: random.maps.clone() + 1.0, ..random.clone() };
    let z = |layer: &UnderMaps| layer.forward(x.clone(), Context::NONE).0.into_data();
    assert_ne!(z(&random), z(&other));
}
