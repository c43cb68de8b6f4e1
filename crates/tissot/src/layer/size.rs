//! How many numbers a configuration asks for, counted before any of them is made.
//!
//! A file may ask for anything. Counted are floats, which do not overflow and are exact for whatever fits into memory.

use super::LayerConfig;
use crate::base::BaseConfig;
use crate::config::FlowConfig;
use crate::layers::{CouplingConfig, Half, LuLinearConfig, Mask, PermutationPlace};
use crate::nets::{ConditionerConfig, ContextMode, ContextRule, Inputs, MadeConfig};
use crate::univariate::{AnyUnivariate, SplineParams, Univariate};
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
        LayerConfig::Tail(config) => 4.0 * config.tails.iter().flatten().count() as f64,
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
        AnyUnivariate::RationalQuadratic(spline) => {
            let free = matches!(spline.parameters, SplineParams::FreeEnds { .. });
            (3.0 * spline.bins as f64 + if free { 1.0 } else { -1.0 }).max(0.0)
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::presets::{self, ImageSize, Size};
    use burn::module::{Module, ModuleVisitor, Param};
    use burn::tensor::{Device, Int, Tensor};
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;
    use serde_json::json;

    #[test]
    fn it_counts_what_is_made() {
        let json = |value: serde_json::Value| FlowConfig::from_json(&value.to_string()).unwrap();
        let size = Size::new(3).with_context(2).with_transforms(2).with_hidden([5, 4]);
        let images = ImageSize::new([3, 4, 4]).with_context(2).with_levels(2, 1).with_hidden(5);
        let residual = json!({"Residual": {"hidden": 6, "blocks": 3}});
        let concat = json!({"Residual": {"hidden": 6, "context": "Concat"}});
        let affine = json!({"Affine": {}});
        let free = json!({"FreeEnds": {"min_width": 1e-3, "min_derivative": 1e-3}});
        let spline = json!({"RationalQuadratic": {"bins": 5, "parameters": free}});
        let made =
            |fields: serde_json::Value| json!({"Autoregressive": {"univariate": affine, "made": fields}});
        let blocks = json!({"hidden": [7], "blocks": 2});
        let nflows = json!({"hidden": [7], "blocks": 2, "context_rule": "Nflows"});
        let coupling = |mask: serde_json::Value, net: &serde_json::Value| {
            let (univariate, own) = (&affine, &spline);
            json!({"Coupling": {
                "mask": mask, "conditioner": net, "univariate": univariate, "kept_univariate": own,
            }})
        };
        let layers = json!([
            {"ActNorm": {}},
            {"LuLinear": {}},
            {"Tail": {"tails": [null, {"lower": 0.1, "upper": 0.4}, null, null, {"lower": 0.3, "upper": 0.3}]}},
            {"LuLinear": {"place": "None", "bias": false}},
            {"Chain": [{"Permutation": "Reverse"}, {"Inverse": [coupling(json!("SecondHalf"), &residual)]}]},
            coupling(json!({"Kept": [4, 1, 4]}), &concat),
            {"Split": {"layers": [coupling(json!("Odd"), &residual), made(nflows.clone())]}},
            {"Split": {"on": "Second", "layers": [made(blocks.clone())]}},
            made(nflows.clone()),
            made(json!({"hidden": []})),
        ]);
        let base = |context: usize| {
            let net = (context > 0).then(|| json!({"Residual": {"hidden": 4}}));
            json!({"DiagNormal": {"conditioner": net}})
        };
        let flow = |features: usize, context: usize, layers: &serde_json::Value| {
            let base = base(context);
            json(json!({"features": features, "context": context, "layers": layers, "base": base}))
        };
        let board = json!([{"Checkerboard": {"conditioner": {"ResidualConv": {"hidden": 4}}}}]);
        let plain =
            json!([{"Checkerboard": {"conditioner": {"Conv": {"hidden": 4, "learned_scale": false}}}}]);
        let squeezed = json!([{"Squeezed": {"layers": board}}, plain[0]]);
        let boards =
            json!({"features": 2, "positions": [4, 6], "context": 1, "context_maps": 3, "layers": squeezed});
        let alone = json!([made(blocks), made(nflows)]);
        let embedding = json!({"features": 3, "net": residual});
        let student = json!({"features": 2, "context": 4, "layers": [], "base": {"StudentT": {}}, "embedding": embedding});
        let configs = [
            presets::nice(&size),
            presets::maf(&size),
            presets::nsf_coupling(&size),
            presets::nsf_autoregressive(&size),
            presets::glow(&images),
            presets::nsf_image(&images),
            presets::real_nvp_image(&images),
            presets::dequantiser(&images),
            flow(5, 0, &layers),
            flow(5, 2, &layers),
            flow(1, 0, &alone),
            flow(1, 2, &alone),
            json(boards),
            json(student),
        ];
        for config in configs {
            let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
            assert_eq!(of_flow(&config), count(&flow) as f64, "{config:?}");
        }
    }

    /// The floats and integers of a module.
    fn count<M: Module>(module: &M) -> usize {
        struct Count(usize);
        impl ModuleVisitor for Count {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0 += param.val().shape().num_elements();
            }
            fn visit_int<const D: usize>(&mut self, param: &Param<Tensor<D, Int>>) {
                self.0 += param.val().shape().num_elements();
            }
        }
        let mut count = Count(0);
        module.visit(&mut count);
        count.0
    }
}
