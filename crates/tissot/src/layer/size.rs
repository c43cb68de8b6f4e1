//! How many numbers a configuration asks for, counted before any of them is made.
//!
//! A file may ask for anything. Counted are floats, which do not overflow and are exact for whatever fits into memory.

use super::LayerConfig;
use crate::base::BaseConfig;
use crate::config::FlowConfig;
use crate::layers::{CouplingConfig, Half, LuLinearConfig, Mask, PermutationPlace};
use crate::nets::{ConditionerConfig, ContextMode, ContextRule, Inputs, MadeConfig};
use crate::univariate::{AnyUnivariate, Univariate};
use std::collections::BTreeSet;

/// What a layer sees.
#[derive(Clone, Copy)]
struct Seen {
    features: usize,
    positions: usize,
    context: usize,
    maps: usize,
}

/// The parameters of the flow that a configuration makes, those that are not trained too; where it makes none, any number.
pub(crate) fn of_flow(config: &FlowConfig) -> f64 {
    let (embedding, context) = match &config.embedding {
        None => (0.0, config.context),
        Some(e) => (of_net(&e.net, Inputs::table(config.context, 0), e.features as f64), e.features),
    };
    let positions = config.positions.iter().fold(1_usize, |all, &size| all.saturating_mul(size));
    let seen = Seen { features: config.features, positions, context, maps: config.context_maps };
    let n = config.features as f64;
    let base = match &config.base {
        BaseConfig::StandardNormal => 0.0,
        BaseConfig::DiagNormal(config) => {
            let net = config.conditioner.as_ref();
            2.0 * n + net.map_or(0.0, |net| of_net(net, Inputs::table(0, context), 2.0 * n))
        }
        BaseConfig::StudentT(_) => n,
    };
    embedding + base + of_layers(&config.layers, seen)
}

fn of_layers(layers: &[LayerConfig], seen: Seen) -> f64 {
    layers.iter().map(|layer| of_layer(layer, seen)).sum()
}

fn of_layer(layer: &LayerConfig, seen: Seen) -> f64 {
    let n = seen.features as f64;
    match layer {
        LayerConfig::ActNorm(_) | LayerConfig::Permutation(_) => 2.0 * n,
        LayerConfig::LuLinear(config) => of_linear(config, n),
        LayerConfig::Coupling(config) => of_coupling(config, seen),
        LayerConfig::Checkerboard(config) => {
            let net = of_net(&config.conditioner, seen.inputs(seen.features), n * count(&config.univariate));
            net + seen.positions as f64
        }
        LayerConfig::Autoregressive(config) => of_made(&config.made, seen, count(&config.univariate)),
        LayerConfig::Split(config) => {
            let features = match config.on {
                Half::First => seen.features.div_ceil(2),
                Half::Second => seen.features / 2,
            };
            of_layers(&config.layers, Seen { features, ..seen })
        }
        LayerConfig::Squeezed(config) => {
            let features = seen.features.saturating_mul(4);
            let (positions, maps) = (seen.positions / 4, seen.maps.saturating_mul(4));
            of_layers(&config.layers, Seen { features, positions, maps, ..seen })
        }
        LayerConfig::Chain(layers) | LayerConfig::Inverse(layers) => of_layers(layers, seen),
    }
}

impl Seen {
    fn inputs(self, values: usize) -> Inputs {
        Inputs { values, context: self.context, maps: self.maps }
    }
}

fn count(univariate: &AnyUnivariate) -> f64 {
    match univariate {
        // In floats: a number of bins that is multiplied may overflow. None are less than nothing.
        AnyUnivariate::RationalQuadratic(spline) => (3.0 * spline.bins as f64 - 1.0).max(0.0),
        other => other.num_params() as f64,
    }
}

fn of_linear(config: &LuLinearConfig, n: f64) -> f64 {
    let permutation = if config.place == PermutationPlace::None { 0.0 } else { 2.0 * n };
    let bias = if config.bias { n } else { 0.0 };
    2.0 * n * n + 2.0 * n + permutation + bias
}

fn of_coupling(config: &CouplingConfig, seen: Seen) -> f64 {
    let n = seen.features;
    let kept = match &config.mask {
        Mask::FirstHalf | Mask::Even => n.div_ceil(2),
        Mask::SecondHalf | Mask::Odd => n / 2,
        Mask::Kept(given) => given.iter().collect::<BTreeSet<_>>().len().min(n),
    };
    let net = of_net(&config.conditioner, seen.inputs(kept), (n - kept) as f64 * count(&config.univariate));
    net + config.kept_univariate.as_ref().map_or(0.0, |own| kept as f64 * count(own))
}

/// A linear map with its bias.
fn map(inputs: f64, outputs: f64) -> f64 {
    (inputs + 1.0) * outputs
}

/// Maps one after another between layers of these widths.
fn maps(widths: impl IntoIterator<Item = f64>) -> f64 {
    let mut widths = widths.into_iter();
    let first = widths.next().unwrap_or_default();
    widths.fold((first, 0.0), |(from, all), to| (to, all + map(from, to))).1
}

fn floats(widths: &[usize]) -> impl Iterator<Item = f64> {
    widths.iter().map(|&width| width as f64)
}

fn of_net(config: &ConditionerConfig, inputs: Inputs, outputs: f64) -> f64 {
    let Inputs { values, context, maps: channels } = inputs;
    let (seen, context) = (values as f64 + context as f64 + channels as f64, context as f64);
    match config {
        ConditionerConfig::Mlp(_) if seen == 0.0 => map(1.0, outputs),
        ConditionerConfig::Mlp(config) => {
            maps([seen].into_iter().chain(floats(&config.hidden)).chain([outputs]))
        }
        ConditionerConfig::Residual(config) => {
            let hidden = config.hidden as f64;
            let blocks = if seen == 0.0 { 0.0 } else { config.blocks as f64 };
            let gated = context > 0.0 && config.context == ContextMode::Gate;
            let gate = if gated { map(context, hidden) } else { 0.0 };
            map(seen.max(1.0), hidden) + blocks * (2.0 * map(hidden, hidden) + gate) + map(hidden, outputs)
        }
        ConditionerConfig::Conv(config) => {
            let hidden = config.hidden as f64;
            let scale = if config.learned_scale { outputs } else { 0.0 };
            map(9.0 * seen, hidden) + map(hidden, hidden) + map(9.0 * hidden, outputs) + scale
        }
        ConditionerConfig::ResidualConv(config) => {
            let (hidden, blocks) = (config.hidden as f64, config.blocks as f64);
            map(9.0 * seen, hidden) + blocks * 3.0 * map(9.0 * hidden, hidden) + map(9.0 * hidden, outputs)
        }
    }
}

fn of_made(config: &MadeConfig, seen: Seen, params: f64) -> f64 {
    let (n, context) = (seen.features as f64, seen.context as f64);
    if seen.features == 1 && seen.context == 0 {
        return map(1.0, params);
    }
    let beside = seen.features == 1 || config.context_rule == ContextRule::Input;
    let inputs = if beside { n + context } else { n };
    let hidden = config.hidden.first().map_or(0.0, |&units| units as f64);
    let through = if beside || seen.context == 0 { 0.0 } else { map(context, hidden) };
    let blocks = config.blocks as f64 * (2.0 * map(hidden, hidden) + through);
    maps([inputs].into_iter().chain(floats(&config.hidden)).chain([n * params])) + through + blocks
}
