//! The models of nflows 0.14.

use super::weights::{Weights, sorted};
use super::{FEATURES, HIDDEN, couplings, reversing};
use tissot::layers::AutoregressiveConfig;
use tissot::nets::{
    AnyConditioner, ConditionerConfig, ContextRule, Made, MadeConfig, Mlp, MlpConfig, ResidualMlp,
    ResidualMlpConfig,
};
use tissot::univariate::{Affine, AnyUnivariate, LogScale, RationalQuadratic, SplineParams};
use tissot::{FlowConfig, Layer, LayerConfig};

fn spline(logit_scale: f64) -> AnyUnivariate {
    RationalQuadratic { bins: 8, bound: 3.0, parameters: SplineParams::nflows(logit_scale) }.into()
}

fn affine(scale: LogScale) -> AnyUnivariate {
    Affine { scale, ..Affine::default() }.into()
}

fn mlp() -> ConditionerConfig {
    ConditionerConfig::Mlp(MlpConfig { hidden: vec![HIDDEN; 2], ..MlpConfig::default() })
}

fn residual_made() -> MadeConfig {
    let context_rule = ContextRule::Nflows;
    MadeConfig { hidden: vec![HIDDEN], blocks: 2, context_rule, ..MadeConfig::default() }
}

pub fn rqs_coupling() -> FlowConfig {
    couplings(0, spline((HIDDEN as f64).sqrt()), &mlp())
}

pub fn rqs_coupling_context() -> FlowConfig {
    let net = ResidualMlpConfig { hidden: HIDDEN, blocks: 2, ..ResidualMlpConfig::default() };
    couplings(3, spline((HIDDEN as f64).sqrt()), &ConditionerConfig::Residual(net))
}

pub fn affine_coupling() -> FlowConfig {
    couplings(0, affine(LogScale::NFLOWS_COUPLING), &mlp())
}

pub fn rqs_autoregressive(context: usize) -> FlowConfig {
    reversing(context, &AutoregressiveConfig { univariate: spline(1.0), made: residual_made() })
}

pub fn maf() -> FlowConfig {
    let made = MadeConfig { hidden: vec![HIDDEN; 2], ..MadeConfig::default() };
    reversing(0, &AutoregressiveConfig { univariate: affine(LogScale::NFLOWS_AUTOREGRESSIVE), made })
}

pub fn maf_context() -> FlowConfig {
    let univariate = affine(LogScale::NFLOWS_AUTOREGRESSIVE);
    reversing(3, &AutoregressiveConfig { univariate, made: residual_made() })
}

/// Layer `k` with its weights.
pub fn load(weights: &Weights<'_>, k: usize, config: &LayerConfig, layer: Layer) -> Layer {
    let layer_key = format!("_transforms.{k}");
    match (layer, config) {
        (Layer::Coupling(mut layer), LayerConfig::Coupling(config)) => {
            let kept = config.mask.kept(FEATURES).unwrap();
            let which = |side: bool| (0..FEATURES).filter(|&i| kept[i] == side).collect::<Vec<_>>();
            assert_eq!(weights.indices(&format!("{layer_key}.identity_features")), which(true));
            assert_eq!(weights.indices(&format!("{layer_key}.transform_features")), which(false));
            let key = format!("{layer_key}.transform_net");
            // there all shifts, then all scales; here both of one feature side by side
            let moved = FEATURES / 2;
            let outputs: Vec<usize> = (0..moved).flat_map(|e| [e, moved + e]).collect();
            let outputs = matches!(config.univariate, AnyUnivariate::Affine(_)).then_some(&outputs[..]);
            match &mut layer.net {
                AnyConditioner::Mlp(net) => plain(weights, &key, outputs, net),
                AnyConditioner::Residual(net) => residual(weights, &key, outputs, net),
                other => panic!("{key}: no network of tables: {other}"),
            }
            Layer::Coupling(layer)
        }
        (Layer::Autoregressive(mut layer), LayerConfig::Autoregressive(config)) => {
            let key = format!("{layer_key}.autoregressive_net");
            // there scale, shift; here shift, scale
            let outputs: Vec<usize> = (0..FEATURES).flat_map(|e| [2 * e + 1, 2 * e]).collect();
            let outputs = matches!(config.univariate, AnyUnivariate::Affine(_)).then_some(&outputs[..]);
            made(weights, &key, outputs, &mut layer.net);
            layer.net = layer.net.rezero();
            Layer::Autoregressive(layer)
        }
        (Layer::Permutation(layer), _) => {
            let order: Vec<usize> = layer.indices().into_data().iter::<i64>().map(|i| i as usize).collect();
            assert_eq!(weights.indices(&format!("{layer_key}._permutation")), order);
            Layer::Permutation(layer)
        }
        (layer, config) => panic!("{layer_key} is {config:?}: {layer}"),
    }
}

fn plain(weights: &Weights<'_>, key: &str, outputs: Option<&[usize]>, net: &mut Mlp) {
    for (i, layer) in net.hidden.iter_mut().enumerate() {
        *layer = weights.linear(&format!("{key}.{}", 2 * i), None, None);
    }
    net.last = weights.linear(&format!("{key}.{}", 2 * net.hidden.len()), outputs, None);
}

fn residual(weights: &Weights<'_>, key: &str, outputs: Option<&[usize]>, net: &mut ResidualMlp) {
    net.initial = weights.linear(&format!("{key}.initial_layer"), None, None);
    for (i, block) in net.blocks.iter_mut().enumerate() {
        let key = format!("{key}.blocks.{i}");
        block.first = weights.linear(&format!("{key}.linear_layers.0"), None, None);
        block.second = weights.linear(&format!("{key}.linear_layers.1"), None, None);
        if let Some(gate) = &mut block.gate {
            *gate = weights.linear(&format!("{key}.context_layer"), None, None);
        }
    }
    net.last = weights.linear(&format!("{key}.final_layer"), outputs, None);
}

fn made(weights: &Weights<'_>, key: &str, outputs: Option<&[usize]>, net: &mut Made) {
    let degrees: Vec<usize> = (0..HIDDEN).map(|unit| unit % (FEATURES - 1) + 1).collect();
    for own in net.degrees() {
        sorted(&degrees, own);
    }
    let units = sorted(&degrees, &net.degrees()[0]);
    let units = Some(&units[..]);
    net.layers[0].linear = weights.linear(&format!("{key}.initial_layer"), units, None);
    for (i, layer) in net.layers[1..].iter_mut().enumerate() {
        layer.linear = weights.linear(&format!("{key}.blocks.{i}.linear"), units, units);
    }
    if let Some(layer) = &mut net.context_layer {
        *layer = weights.linear(&format!("{key}.context_layer"), units, None);
    }
    for (i, block) in net.blocks.iter_mut().enumerate() {
        let key = format!("{key}.blocks.{i}");
        block.first.linear = weights.linear(&format!("{key}.linear_layers.0"), units, units);
        block.second.linear = weights.linear(&format!("{key}.linear_layers.1"), units, units);
        if let Some(layer) = &mut block.context_layer {
            *layer = weights.linear(&format!("{key}.context_layer"), units, None);
        }
    }
    net.last.linear = weights.linear(&format!("{key}.final_layer"), outputs, units);
}
