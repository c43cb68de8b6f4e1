//! The flows of normflows 1.7 (Stimper et al. 2023): Glow, and its 1x1 convolution alone.
//!
//! There `forward` is from latent to data, blocks are stored last to first, and so are the layers of a block. The base, a normal
//! with a mean and a deviation for each channel of each level, is an `ActNorm` in front of the standard normal here.

use super::Architecture;
use super::draft::{Draft, Pair, Site};
use super::weights::Weights;
use crate::error::Error;
use crate::layers::{
    ActNormConfig, CouplingConfig, Half, LuLinearConfig, Mask, PermutationConfig, Split, SplitConfig,
    SqueezeOrder, Squeezed, SqueezedConfig,
};
use crate::nets::{AnyConditioner, ConvNetConfig, Convolution};
use crate::univariate::{Affine, AffineOrder, LogScale};
use crate::{Chain, Layer, LayerConfig};

/// How much faster than its parameters GlowBase moves.
const BASE_RATE: f64 = 3.0;

/// A flow, or a single layer.
pub fn read(weights: &Weights<'_>, architecture: &Architecture) -> Result<Draft, Error> {
    weights.pass_over(&["eye", "data_dep_init_done"]);
    if weights.has("log_S") {
        let features = weights.shape("log_S")?.iter().product();
        let positions = architecture.positions.clone();
        let site = Site { features, positions, context: 0, device: weights.device };
        return Ok(Draft { features, context: 0, layers: vec![convolution(weights, &site, "")?] });
    }
    let levels = weights.numbers_in_turn("flows.")?;
    if !weights.any("flows.0.0.flows.") {
        let what =
            "expected flows.LEVEL.STEP.flows.LAYER: of normflows a MultiscaleFlow of GlowBlocks is read";
        return Err(weights.refused("flows.", what));
    }
    let &[height, width] = &architecture.positions[..] else {
        let found = format!("{} numbers", architecture.positions.len());
        return Err(Error::config(
            "positions",
            found,
            "the height and width of the images, which no array tells",
        ));
    };
    // The finest level is stored last.
    let channels = weights.shape(&format!("flows.{}.0.flows.1.log_S", levels - 1))?.iter().product::<usize>();
    let features = channels / 4;
    let site = Site { features, positions: vec![height, width], context: 0, device: weights.device };
    let layer = level(weights, architecture, &site, levels - 1)?;
    Ok(Draft { features, context: 0, layers: vec![layer] })
}

/// A level and, inside it, the coarser ones.
fn level(
    weights: &Weights<'_>,
    architecture: &Architecture,
    site: &Site<'_>,
    level: usize,
) -> Result<Pair, Error> {
    if site.positions.iter().any(|side| side % 2 == 1) {
        let found = format!("sides that {} levels do not halve", weights.numbers("flows.").len());
        return Err(Error::config("positions", found, "a height and width that each level halves"));
    }
    let positions = site.positions.iter().map(|side| side / 2).collect();
    let inside = Site { features: 4 * site.features, positions, ..site.clone() };
    let blocks = weights.numbers_in_turn(&format!("flows.{level}."))?;
    let mut layers = Vec::new();
    for block in (0..blocks).rev() {
        let key = format!("flows.{level}.{block}.flows.");
        layers.push(norm(weights, &inside, &key)?);
        layers.push(convolution(weights, &inside, &format!("{key}1."))?);
        layers.push(coupling(weights, architecture, &inside, &format!("{key}0."))?);
    }
    layers.push(base(weights, &inside, level)?);
    if level > 0 {
        let site = Site { features: inside.features / 2, ..inside.clone() };
        let (config, layer) = self::level(weights, architecture, &site, level - 1)?;
        let config = SplitConfig { on: Half::First, layers: vec![config] };
        layers.push((
            LayerConfig::Split(config),
            Layer::Split(Split::new(Chain::new(vec![layer]), Half::First)),
        ));
    }
    let (configs, layers) = layers.into_iter().unzip();
    let order = SqueezeOrder::ChannelMajor;
    let config = LayerConfig::Squeezed(SqueezedConfig { order, layers: configs });
    Ok((config, Layer::Squeezed(Squeezed::new(Chain::new(layers), order))))
}

/// `(x - shift) exp(-log_scale)`.
fn shifted(
    site: &Site<'_>,
    weights: &Weights<'_>,
    key: &str,
    shift: &[f64],
    log_scale: &[f64],
) -> Result<Pair, Error> {
    let config = LayerConfig::ActNorm(ActNormConfig::default());
    let mut layer = site.layer(&config, weights, key)?;
    if let Layer::ActNorm(layer) = &mut layer {
        let moved = shift.iter().zip(log_scale).map(|(shift, log_scale)| -shift * (-log_scale).exp());
        layer.shift = weights.param(moved.collect(), [site.features]);
        layer.log_scale =
            weights.param(log_scale.iter().map(|log_scale| -log_scale).collect(), [site.features]);
    }
    Ok((config, layer))
}

fn norm(weights: &Weights<'_>, site: &Site<'_>, key: &str) -> Result<Pair, Error> {
    let part = |name: &str| weights.numbers_of(&format!("{key}2.{name}"), site.features);
    shifted(site, weights, key, &part("t")?, &part("s")?)
}

/// The base of a level, on the channels that meet it there; the others stay.
fn base(weights: &Weights<'_>, site: &Site<'_>, level: usize) -> Result<Pair, Error> {
    let key = format!("q0.{level}.");
    let count = if level == 0 { site.features } else { site.features / 2 };
    let part = |name: &str| {
        let values = weights.numbers_of(&format!("{key}{name}"), count)?;
        let rates = weights.numbers_of(&format!("{key}{name}_logs"), count)?;
        let moved = values.into_iter().zip(rates).map(|(value, rate)| value * (BASE_RATE * rate).exp());
        Ok::<_, Error>(std::iter::repeat_n(0.0, site.features - count).chain(moved).collect::<Vec<_>>())
    };
    shifted(site, weights, &key, &part("loc")?, &part("log_scale")?)
}

/// `W = P L U` with `U`'s diagonal `sign_S exp(log_S)`.
fn convolution(weights: &Weights<'_>, site: &Site<'_>, key: &str) -> Result<Pair, Error> {
    let n = site.features;
    let name = |name: &str| format!("{key}{name}");
    let rows = weights.numbers_of(&name("P"), n * n)?;
    let one = |row: &[f64]| row.iter().position(|&entry| entry == 1.0);
    let order: Option<Vec<usize>> = rows.chunks(n.max(1)).map(one).collect();
    let order = order.ok_or_else(|| weights.refused(&name("P"), "found no permutation matrix"))?;
    let permutation = PermutationConfig::Given(order);
    let config =
        LayerConfig::LuLinear(LuLinearConfig { permutation, bias: false, ..LuLinearConfig::default() });
    let mut layer = site.layer(&config, weights, &name("P"))?;
    if let Layer::LuLinear(layer) = &mut layer {
        layer.lower = weights.array(&name("L"), [n, n])?;
        layer.upper = weights.array(&name("U"), [n, n])?;
        layer.diagonal = weights.array(&name("log_S"), [n])?;
        layer.sign = weights.array(&name("sign_S"), [n])?.set_require_grad(false);
    }
    Ok((config, layer))
}

/// `z_2 = (x_2 - shift) sigmoid(u + 2)` under the first half of the channels.
fn coupling(
    weights: &Weights<'_>,
    architecture: &Architecture,
    site: &Site<'_>,
    key: &str,
) -> Result<Pair, Error> {
    let net_key = format!("{key}flows.1.param_map.net.");
    let hidden = weights.shape(&format!("{net_key}0.weight"))?.first().copied().unwrap_or_default();
    let net = ConvNetConfig { hidden, activation: architecture.activation, learned_scale: false };
    let scale = architecture.scale.unwrap_or(LogScale::GLOW);
    let config = LayerConfig::Coupling(CouplingConfig {
        mask: Mask::FirstHalf,
        univariate: Affine { scale, order: AffineOrder::ShiftThenScale }.into(),
        conditioner: net.into(),
        kept_univariate: None,
    });
    let mut layer = site.layer(&config, weights, key)?;
    if let Layer::Coupling(layer) = &mut layer
        && let AnyConditioner::Conv(net) = &mut layer.net
    {
        let put = |place: usize, to: &mut Convolution| {
            let (weight, bias) = (to.weight.dims(), to.bias.dims());
            to.weight = weights.array(&format!("{net_key}{place}.weight"), weight)?;
            to.bias = weights.array(&format!("{net_key}{place}.bias"), bias)?;
            Ok::<_, Error>(())
        };
        put(0, &mut net.first)?;
        put(2, &mut net.middle)?;
        put(4, &mut net.last)?;
    }
    Ok((config, layer))
}
