//! normflows' Glow as a configuration of this crate, with its weights: block by block and whole.
//!
//! There a block is stored last layer first, and blocks last to first. Its base, a normal with a mean and a deviation for each
//! channel of each level, is an ActNorm in front of the standard normal here.

use crate::common::golden::Golden;
use burn::module::Param;
use burn::tensor::{Device, FloatDType, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::layers::*;
use tissot::nets::{AnyConditioner, ConvNetConfig, Convolution};
use tissot::univariate::{Affine, AffineOrder, LogScale};
use tissot::{AnyFlow, Bijection, Chain, Context, FlowConfig, Layer, LayerConfig};

const BLOCKS: usize = 2;

fn norm() -> LayerConfig {
    LayerConfig::ActNorm(ActNormConfig::default())
}

/// The layers of one block, and their channels.
fn block(file: &Golden, level: usize, block: usize) -> Vec<LayerConfig> {
    let (p, shape) = file.read(&format!("weights.flows.{level}.{block}.flows.1.P"));
    let order = p.chunks(shape[0]).map(|row| row.iter().position(|&one| one == 1.0).unwrap()).collect();
    let permutation = PermutationConfig::Given(order);
    let linear = LuLinearConfig { permutation, bias: false, ..LuLinearConfig::default() };
    let conv = ConvNetConfig { hidden: 16, learned_scale: false, ..ConvNetConfig::default() };
    let affine = Affine { scale: LogScale::GLOW, order: AffineOrder::ShiftThenScale };
    let coupling = CouplingConfig {
        mask: Mask::FirstHalf,
        univariate: affine.into(),
        conditioner: conv.into(),
        kept_univariate: None,
    };
    vec![norm(), LayerConfig::LuLinear(linear), LayerConfig::Coupling(coupling)]
}

/// The flow, with the base's ActNorms or without.
fn config(file: &Golden, base: bool) -> FlowConfig {
    let squeezed =
        |layers| LayerConfig::Squeezed(SqueezedConfig { order: SqueezeOrder::ChannelMajor, layers });
    let level = |level: usize| {
        let blocks = (0..BLOCKS).rev().flat_map(|b| block(file, level, b));
        blocks.chain(base.then(norm)).collect::<Vec<_>>()
    };
    let on = LayerConfig::Split(SplitConfig { on: Half::First, layers: vec![squeezed(level(0))] });
    let layers = vec![squeezed([level(1), vec![on]].concat())];
    FlowConfig { features: 3, positions: vec![8, 8], layers, ..FlowConfig::default() }
}

struct Weights<'a> {
    file: &'a Golden,
    device: &'a Device,
}

impl Weights<'_> {
    fn vector(&self, key: &str) -> Tensor<1> {
        let (values, _) = self.file.read(&format!("weights.{key}"));
        Tensor::from_data(&values[..], (self.device, burn::tensor::DType::F64))
    }

    fn param<const D: usize>(&self, key: &str) -> Param<Tensor<D>> {
        Param::from_tensor(self.file.tensor(&format!("weights.{key}"), self.device))
    }

    /// `(x - shift) exp(-log_scale)`.
    fn norm(&self, shift: Tensor<1>, log_scale: Tensor<1>) -> ActNorm {
        let mut layer = ActNormConfig::default().init(shift.dims()[0], self.device).unwrap();
        layer.shift = Param::from_tensor((shift * log_scale.clone().neg().exp()).neg());
        layer.log_scale = Param::from_tensor(log_scale.neg());
        layer
    }

    /// The base of a level, on the channels that meet it there; the others stay.
    fn base(&self, latent: usize, channels: usize) -> ActNorm {
        let part = |key: &str| {
            let factor = self.vector(&format!("q0.{latent}.{key}_logs")).mul_scalar(3.0).exp();
            self.vector(&format!("q0.{latent}.{key}")) * factor
        };
        let pad = |v: Tensor<1>| {
            let stay = Tensor::zeros([channels - v.dims()[0]], (self.device, v.dtype()));
            Tensor::cat(vec![stay, v], 0)
        };
        self.norm(pad(part("loc")), pad(part("log_scale")))
    }

    fn convolution(&self, key: &str) -> Convolution {
        Convolution { weight: self.param(&format!("{key}.weight")), bias: self.param(&format!("{key}.bias")) }
    }

    /// Puts the weights of one layer of a block into it.
    fn load(&self, key: &str, layer: &mut Layer) {
        match layer {
            Layer::ActNorm(layer) => {
                *layer = self
                    .norm(self.vector(&format!("{key}.flows.2.t")), self.vector(&format!("{key}.flows.2.s")));
            }
            Layer::LuLinear(layer) => {
                layer.lower = self.param(&format!("{key}.flows.1.L"));
                layer.upper = self.param(&format!("{key}.flows.1.U"));
                layer.diagonal = self.param(&format!("{key}.flows.1.log_S"));
                layer.sign = self.param(&format!("{key}.flows.1.sign_S")).set_require_grad(false);
            }
            Layer::Coupling(layer) => {
                let AnyConditioner::Conv(net) = &mut layer.net else { panic!("{key}: no ConvNet") };
                let net_key = format!("{key}.flows.0.flows.1.param_map.net");
                net.first = self.convolution(&format!("{net_key}.0"));
                net.middle = self.convolution(&format!("{net_key}.2"));
                net.last = self.convolution(&format!("{net_key}.4"));
            }
            other => panic!("{key}: unexpected {other}"),
        }
    }

    fn level(&self, chain: &mut Chain<Layer>, level: usize, channels: usize) {
        let layers = &mut chain.layers;
        for (k, layer) in layers.iter_mut().take(3 * BLOCKS).enumerate() {
            self.load(&format!("flows.{level}.{}", BLOCKS - 1 - k / 3), layer);
        }
        if let Some(Layer::ActNorm(base)) = layers.get_mut(3 * BLOCKS) {
            *base = self.base(level, channels);
        }
    }
}

fn flow(file: &Golden, base: bool, dtype: FloatDType) -> AnyFlow {
    let device = Device::flex();
    // Through JSON, because the flow is to be one that a file can hold.
    let config = FlowConfig::from_json(&config(file, base).to_json().unwrap()).unwrap();
    let mut flow = config.init(&device, &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
    let weights = Weights { file, device: &device };
    let Some(Layer::Squeezed(outer)) = flow.bijection.layers.first_mut() else { panic!("no Squeezed") };
    weights.level(&mut outer.inner, 1, 12);
    let Some(Layer::Split(split)) = outer.inner.layers.last_mut() else { panic!("no Split") };
    let Some(Layer::Squeezed(inner)) = split.inner.layers.first_mut() else { panic!("no Squeezed inside") };
    weights.level(&mut inner.inner, 0, 24);
    flow.to_dtype(dtype).unwrap()
}

/// normflows' latents, coarsest first and flat, as the image that the flow makes.
fn image(z: Tensor<2>) -> Tensor<4> {
    let order = SqueezeOrder::ChannelMajor;
    let batch = z.dims()[0];
    let on = order.unsqueeze(z.clone().narrow(1, 0, 96).reshape([batch, 24, 2, 2]));
    order.unsqueeze(Tensor::cat(vec![on, z.narrow(1, 96, 96).reshape([batch, 6, 4, 4])], 1))
}

/// What the peer has after the block that ends at `level`, of a full-size output here.
fn seen(z: Tensor<4>, level: usize) -> Tensor<4> {
    let order = SqueezeOrder::ChannelMajor;
    let z = order.squeeze(z);
    if level == 1 { z } else { order.squeeze(z.narrow(1, 0, 6)) }
}

#[track_caller]
fn close<const D: usize>(what: &str, found: Tensor<D>, expected: Tensor<D>, most: f64) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let (found, expected) = (found.into_data(), expected.into_data());
    for (i, (found, expected)) in found.iter::<f64>().zip(expected.iter::<f64>()).enumerate() {
        let gap = (found - expected).abs() / expected.abs().max(1.0);
        assert!(gap <= most, "{what}, number {i}: found {found}, expected {expected}, apart by {gap:e}");
    }
}

#[test]
fn glow_is_that_of_normflows() {
    let (file, device) = (Golden::open("normflows_glow"), Device::flex());
    for (dtype, most) in [(FloatDType::F64, 1e-9), (FloatDType::F32, 1e-4)] {
        let (bare, whole) = (flow(&file, false, dtype), flow(&file, true, dtype));
        let images = |key: &str| file.tensor::<4>(&format!("io.{key}"), &device).cast(dtype);
        let rows = |key: &str| file.tensor::<1>(&format!("io.{key}"), &device).cast(dtype);
        let latents = |key: &str| image(file.tensor::<2>(&format!("io.{key}"), &device).cast(dtype));
        let (z, log_det) = bare.bijection.forward(images("x"), Context::NONE);
        close("z", z, latents("z"), most);
        close("log_det", log_det, rows("ladj"), most);
        let (x, log_det) = bare.bijection.inverse(latents("z"), Context::NONE);
        close("x", x, images("x_inv"), most);
        close("inverse log_det", log_det, rows("ladj_inv"), most);
        close("log_prob", whole.log_prob(images("x"), Context::NONE), rows("log_prob"), most);

        // After each block: the peer's outputs 1, 2 (level 1) and 4, 5 (level 0); 0 and 3 are squeezes.
        let (mut layer, mut sum) = (0, None::<Tensor<1>>);
        bare.bijection.walk(images("x"), Context::NONE, &mut |name, z, log_det| {
            let total = sum.take().map_or(log_det.clone(), |sum| sum + log_det.clone());
            layer += 1;
            if layer % 3 != 0 {
                sum = Some(total);
                return;
            }
            let block = layer / 3 - 1;
            let (level, number) = (1 - block / BLOCKS, 1 + block + block / BLOCKS);
            let expected = images(&format!("layer_out.{number}"));
            close(&format!("output after {name}"), seen(z.clone(), level), expected, most);
            close(&format!("log_det of {name}'s block"), total, rows(&format!("layer_ladj.{number}")), most);
        });
        assert_eq!(layer, 3 * BLOCKS * 2);

        for scale in [1, 10] {
            let (x, found) = (images(&format!("heavy_{scale}.x")), rows(&format!("heavy_{scale}.log_prob")));
            close(&format!("log_prob at {scale}"), whole.log_prob(x, Context::NONE), found, most);
        }
    }
}
