//! The models of zuko 1.6.0.

use super::weights::{Weights, sorted};
use super::{FEATURES, HIDDEN, couplings, of};
use tissot::layers::AutoregressiveConfig;
use tissot::nets::{AnyConditioner, ConditionerConfig, Made, MadeConfig, MaskedLinear, MlpConfig, Order};
use tissot::univariate::{Affine, AnyUnivariate, LogScale, RationalQuadratic, Shift, SplineParams};
use tissot::{FlowConfig, Layer, LayerConfig};

fn spline(bound: f64) -> AnyUnivariate {
    RationalQuadratic { bins: 8, bound, parameters: SplineParams::zuko() }.into()
}

fn affine() -> AnyUnivariate {
    Affine { scale: LogScale::ZUKO, ..Affine::default() }.into()
}

fn mlp() -> ConditionerConfig {
    ConditionerConfig::Mlp(MlpConfig { hidden: vec![HIDDEN; 2], ..MlpConfig::default() })
}

/// Three layers that take the features upwards, downwards, upwards.
fn autoregressive(context: usize, univariate: AnyUnivariate) -> FlowConfig {
    let layer = |order: Order| {
        let made = MadeConfig { hidden: vec![HIDDEN; 2], order, ..MadeConfig::default() };
        LayerConfig::Autoregressive(AutoregressiveConfig { univariate, made })
    };
    of(context, [Order::Ascending, Order::Descending, Order::Ascending].map(layer).into())
}

pub fn maf(context: usize) -> FlowConfig {
    autoregressive(context, affine())
}

pub fn nsf() -> FlowConfig {
    autoregressive(3, spline(5.0))
}

pub fn nsf_coupling() -> FlowConfig {
    couplings(3, spline(3.0), &mlp())
}

pub fn realnvp() -> FlowConfig {
    couplings(3, affine(), &mlp())
}

pub fn nice() -> FlowConfig {
    couplings(3, Shift.into(), &mlp())
}

/// Layer `k` with its weights.
pub fn load(weights: &Weights<'_>, k: usize, config: &LayerConfig, layer: Layer) -> Layer {
    let layer_key = format!("transform.transforms.{k}");
    let key = format!("{layer_key}.hyper");
    match (layer, config) {
        (Layer::Coupling(mut layer), LayerConfig::Coupling(config)) => {
            let kept: Vec<usize> = config.mask.kept(FEATURES).unwrap().into_iter().map(usize::from).collect();
            assert_eq!(weights.indices(&format!("{layer_key}.mask")), kept);
            let AnyConditioner::Mlp(net) = &mut layer.net else { panic!("{layer_key} has no perceptron") };
            for (i, layer) in net.hidden.iter_mut().chain([&mut net.last]).enumerate() {
                *layer = weights.linear(&format!("{key}.{}", 2 * i), None, None);
            }
            Layer::Coupling(layer)
        }
        (Layer::Autoregressive(mut layer), LayerConfig::Autoregressive(config)) => {
            // there the place of each feature; here the features by their place
            let places = weights.indices(&format!("{layer_key}.order"));
            for (place, feature) in config.made.order.features(FEATURES).unwrap().into_iter().enumerate() {
                assert_eq!(places[feature], place, "{layer_key}.order of feature {feature}");
            }
            made(weights, &key, &mut layer.net);
            layer.net = layer.net.rezero();
            Layer::Autoregressive(layer)
        }
        (layer, config) => panic!("{layer_key} is {config:?}: {layer}"),
    }
}

fn made(weights: &Weights<'_>, key: &str, net: &mut Made) {
    let own = net.degrees().to_vec();
    let mut below: Option<(Vec<usize>, Vec<usize>)> = None;
    for (i, layer) in net.layers.iter_mut().enumerate() {
        let key = format!("{key}.{}", 2 * i);
        let mask = weights.golden.read(&format!("weights.{key}.mask"));
        let degrees = degrees(&mask, below.as_ref().map(|(degrees, _)| &degrees[..]));
        let units = sorted(&degrees, &own[i]);
        put(weights, &key, layer, Some(&units), below.as_ref().map(|(_, units)| &units[..]));
        below = Some((degrees, units));
    }
    let last = format!("{key}.{}", 2 * net.layers.len());
    put(weights, &last, &mut net.last, None, below.as_ref().map(|(_, units)| &units[..]));
}

/// The degrees of a layer's units: to how many features its mask leads. `below` has those of the units below; none
/// where the features themselves, then the context, are below.
fn degrees((mask, shape): &(Vec<f64>, Vec<usize>), below: Option<&[usize]>) -> Vec<usize> {
    let row = |row: &[f64]| match below {
        None => row[..FEATURES].iter().filter(|&&open| open != 0.0).count(),
        Some(below) => {
            row.iter().zip(below).filter(|(open, _)| **open != 0.0).map(|(_, d)| *d).max().unwrap()
        }
    };
    mask.chunks(shape[1]).map(row).collect()
}

/// One masked map, after a check that both masks are the same.
fn put(
    weights: &Weights<'_>,
    key: &str,
    to: &mut MaskedLinear,
    outputs: Option<&[usize]>,
    inputs: Option<&[usize]>,
) {
    let (mask, shape) = weights.golden.read(&format!("weights.{key}.mask"));
    let forbidden: Vec<bool> = to.forbidden().into_data().iter().collect();
    let at = |order: Option<&[usize]>, k: usize| order.map_or(k, |order| order[k]);
    for (i, o) in (0..shape[1]).flat_map(|i| (0..shape[0]).map(move |o| (i, o))) {
        let open = mask[at(outputs, o) * shape[1] + at(inputs, i)] != 0.0;
        assert_eq!(open, !forbidden[i * shape[0] + o], "{key}: the mask from unit {i} to unit {o}");
    }
    to.linear = weights.linear(key, outputs, inputs);
}
