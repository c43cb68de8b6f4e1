//! How many numbers a configuration asks for, counted before any is made.
//!
//! A configuration is a few bytes and can ask for any amount of memory. What comes from outside is held to a size here,
//! first; the count is that of the weights that are made, to the last one, as the tests of this file hold it.

use crate::base::BaseConfig;
use crate::config::FlowConfig;
use crate::layer::LayerConfig;
use crate::layers::{Half, Mask, PermutationPlace};
use crate::nets::{ConditionerConfig, ContextMode, ContextRule, MadeConfig};
use crate::univariate::{AnyUnivariate, SplineParams};

/// Numbers that a flow holds; sums and products end at the largest `u64`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Count {
    /// The weights: what a file records.
    pub weights: u64,
    /// Places of features and pixels, made anew each time.
    pub places: u64,
}

impl Count {
    fn of(weights: u64) -> Self {
        Self { weights, places: 0 }
    }

    pub fn and(self, other: Self) -> Self {
        Self {
            weights: self.weights.saturating_add(other.weights),
            places: self.places.saturating_add(other.places),
        }
    }

    /// All of them.
    pub fn all(self) -> u64 {
        self.weights.saturating_add(self.places)
    }
}

/// Where a layer stands, as [`Place`](crate::Place) has it, in numbers that do not overflow.
#[derive(Clone, Copy)]
struct Extent {
    features: u64,
    area: u64,
    context: u64,
    maps: u64,
}

/// The numbers of a flow.
pub(crate) fn flow(config: &FlowConfig) -> Count {
    let context = config.embedding.as_ref().map_or(config.context, |embedding| embedding.features) as u64;
    let area = config.positions.iter().fold(1, |area: u64, &side| area.saturating_mul(side as u64));
    let features = config.features as u64;
    let start = Extent { features, area, context, maps: config.context_maps as u64 };
    let embedding = config.embedding.as_ref().map_or(0, |embedding| {
        network(&embedding.net, config.context as u64, 0, 0, embedding.features as u64)
    });
    let base = match &config.base {
        BaseConfig::StandardNormal => Count::default(),
        BaseConfig::Torus(_) => Count { weights: 0, places: features },
        BaseConfig::DiagNormal(base) => {
            let moved = features.saturating_mul(2);
            let net = base.conditioner.as_ref().map_or(0, |net| network(net, 0, context, 0, moved));
            Count::of(net.saturating_add(moved))
        }
        BaseConfig::StudentT(_) => Count::of(features),
    };
    chain(&config.layers, start).and(base).and(Count::of(embedding))
}

fn chain(layers: &[LayerConfig], at: Extent) -> Count {
    layers.iter().map(|config| layer(config, at)).fold(Count::default(), Count::and)
}

fn layer(config: &LayerConfig, at: Extent) -> Count {
    let Extent { features: n, area, context, maps } = at;
    match config {
        LayerConfig::ActNorm(_) | LayerConfig::Permutation(_) => Count::of(n.saturating_mul(2)),
        LayerConfig::Tail(config) => {
            let heavy = config.tails.iter().flatten().count() as u64;
            Count { weights: heavy.saturating_mul(4), places: n.saturating_mul(2) }
        }
        LayerConfig::FullLinear(config) => {
            Count::of(n.saturating_mul(n).saturating_add(n.saturating_mul(u64::from(config.bias))))
        }
        LayerConfig::LuLinear(config) => {
            let order = if config.place == PermutationPlace::None { 0 } else { 2 };
            let vectors = 2 + order + u64::from(config.bias);
            Count::of(n.saturating_mul(n).saturating_mul(2).saturating_add(n.saturating_mul(vectors)))
        }
        LayerConfig::Coupling(config) => {
            let kept = kept(&config.mask, n);
            let outputs = (n - kept).saturating_mul(params(&config.univariate));
            let own = config.kept_univariate.map_or(0, |univariate| kept.saturating_mul(params(&univariate)));
            let net = network(&config.conditioner, kept, context, maps, outputs);
            Count { weights: net.saturating_add(own), places: n.saturating_mul(2) }
        }
        LayerConfig::Checkerboard(config) => {
            let outputs = n.saturating_mul(params(&config.univariate));
            let net = network(&config.conditioner, n, context, maps, outputs);
            Count { weights: net.saturating_add(area), places: n.saturating_mul(area).saturating_mul(2) }
        }
        LayerConfig::Autoregressive(config) => {
            Count::of(made(&config.made, n, 0, context, n.saturating_mul(params(&config.univariate))))
        }
        LayerConfig::CircularCoupling(config) => {
            let seen = kept(&config.mask, n);
            let circles = |side: bool| circular(&config.circular, n, |i| is_kept(&config.mask, i, n) == side);
            let spline = config.spline.into();
            let outputs = elements(n - seen, circles(false), &config.univariate, &spline);
            let inputs = seen.saturating_add(circles(true));
            let net = network(&config.conditioner, inputs, context, maps, outputs);
            Count { weights: net, places: n.saturating_mul(4).saturating_add(outputs) }
        }
        LayerConfig::CircularAutoregressive(config) => {
            let circles = circular(&config.circular, n, |_| true);
            let outputs = elements(n, circles, &config.univariate, &config.spline.into());
            let net = made(&config.made, n, circles, context, outputs);
            Count { weights: net, places: n.saturating_mul(4).saturating_add(outputs) }
        }
        LayerConfig::Rotation(config) => Count { weights: config.circular.len() as u64, places: n },
        LayerConfig::Split(config) => {
            let features = match config.on {
                Half::First => n.div_ceil(2),
                Half::Second => n / 2,
            };
            chain(&config.layers, Extent { features, ..at })
        }
        LayerConfig::Squeezed(config) => {
            let (features, maps) = (n.saturating_mul(4), maps.saturating_mul(4));
            chain(&config.layers, Extent { features, area: area / 4, maps, ..at })
        }
        LayerConfig::Chain(layers) | LayerConfig::Inverse(layers) => chain(layers, at),
    }
}

/// How many of `n` features a mask keeps.
fn kept(mask: &Mask, n: u64) -> u64 {
    match mask {
        Mask::FirstHalf | Mask::Even => n.div_ceil(2),
        Mask::SecondHalf | Mask::Odd => n / 2,
        Mask::Kept(given) => {
            let mut given: Vec<u64> = given.iter().map(|&i| i as u64).filter(|&i| i < n).collect();
            given.sort_unstable();
            given.dedup();
            given.len() as u64
        }
    }
}

/// Whether a mask keeps a feature of `n`.
fn is_kept(mask: &Mask, feature: usize, n: u64) -> bool {
    match mask {
        Mask::FirstHalf => (feature as u64) < n.div_ceil(2),
        Mask::SecondHalf => feature as u64 >= n.div_ceil(2),
        Mask::Even => feature.is_multiple_of(2),
        Mask::Odd => !feature.is_multiple_of(2),
        Mask::Kept(given) => given.contains(&feature),
    }
}

/// The parameters of an element.
fn params(univariate: &AnyUnivariate) -> u64 {
    match univariate {
        AnyUnivariate::Shift(_) => 1,
        AnyUnivariate::Affine(_) => 2,
        AnyUnivariate::RationalQuadratic(spline) => {
            let thrice = (spline.bins as u64).saturating_mul(3);
            match spline.parameters {
                SplineParams::FreeEnds { .. } => thrice.saturating_add(1),
                SplineParams::Circular { .. } => thrice,
                SplineParams::Bounded { .. } | SplineParams::Nflows { .. } | SplineParams::Zuko { .. } => {
                    thrice.saturating_sub(1)
                }
            }
        }
    }
}

/// How many of the features that are named circular exist and are `seen`, each once.
fn circular(named: &[usize], n: u64, seen: impl Fn(usize) -> bool) -> u64 {
    let mut named: Vec<usize> = named.iter().copied().filter(|&i| (i as u64) < n && seen(i)).collect();
    named.sort_unstable();
    named.dedup();
    named.len() as u64
}

/// The parameters of `n` elements, `circles` of which have those of a spline of a circle.
fn elements(n: u64, circles: u64, line: &AnyUnivariate, circle: &AnyUnivariate) -> u64 {
    let lines = n.saturating_sub(circles).saturating_mul(params(line));
    lines.saturating_add(circles.saturating_mul(params(circle)))
}

/// The weights and biases of a linear map.
fn linear(inputs: u64, outputs: u64) -> u64 {
    inputs.saturating_add(1).saturating_mul(outputs)
}

/// The same of a 3x3 convolution.
fn convolution(inputs: u64, outputs: u64) -> u64 {
    linear(inputs.saturating_mul(9), outputs)
}

fn network(config: &ConditionerConfig, values: u64, context: u64, maps: u64, outputs: u64) -> u64 {
    let inputs = values.saturating_add(context).saturating_add(maps);
    match config {
        ConditionerConfig::Mlp(config) => {
            let hidden = if inputs == 0 { &[][..] } else { &config.hidden };
            let (sum, last) = perceptron(inputs, hidden);
            sum.saturating_add(linear(last.max(1), outputs))
        }
        ConditionerConfig::Residual(config) => {
            let units = config.hidden as u64;
            let gated = context > 0 && config.context == ContextMode::Gate;
            let gate = if gated { linear(context, units) } else { 0 };
            let block = linear(units, units).saturating_mul(2).saturating_add(gate);
            let blocks = if inputs == 0 { 0 } else { config.blocks as u64 };
            linear(inputs.max(1), units)
                .saturating_add(block.saturating_mul(blocks))
                .saturating_add(linear(units, outputs))
        }
        ConditionerConfig::Conv(config) => {
            let units = config.hidden as u64;
            let scale = if config.learned_scale { outputs } else { 0 };
            convolution(inputs, units)
                .saturating_add(linear(units, units))
                .saturating_add(convolution(units, outputs))
                .saturating_add(scale)
        }
        ConditionerConfig::ResidualConv(config) => {
            let units = config.hidden as u64;
            let blocks = convolution(units, units).saturating_mul(3).saturating_mul(config.blocks as u64);
            convolution(inputs, units).saturating_add(blocks).saturating_add(convolution(units, outputs))
        }
    }
}

/// The weights of linear maps one after another, and the width of the last.
fn perceptron(inputs: u64, hidden: &[usize]) -> (u64, u64) {
    hidden.iter().fold((0, inputs), |(sum, width), &units| {
        (u64::saturating_add(sum, linear(width, units as u64)), units as u64)
    })
}

fn made(config: &MadeConfig, features: u64, twice: u64, context: u64, outputs: u64) -> u64 {
    if features == 1 && context == 0 {
        return linear(1, outputs);
    }
    let beside = context > 0 && (features == 1 || config.context_rule == ContextRule::Input);
    let (inside, through) = if beside { (context, 0) } else { (0, context) };
    let (sum, last) = perceptron(features.saturating_add(twice).saturating_add(inside), &config.hidden);
    let per_layer = |units: u64| if through == 0 { 0 } else { linear(through, units) };
    let first = config.hidden.first().map_or(0, |&units| per_layer(units as u64));
    let block = linear(last, last).saturating_mul(2).saturating_add(per_layer(last));
    sum.saturating_add(first)
        .saturating_add(block.saturating_mul(config.blocks as u64))
        .saturating_add(linear(last, outputs))
}

#[cfg(test)]
mod tests;
