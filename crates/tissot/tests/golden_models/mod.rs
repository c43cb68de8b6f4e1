//! The architectures of the golden files: as configurations of this crate, and with the other libraries' weights.
//!
//! A peer's weight is `[outputs, inputs]` and this crate's `[inputs, outputs]`. Rows are put into the order of this
//! crate's parameters, and a MADE's hidden units into the order of their degrees; nothing else is done to a number.

mod nflows;
mod weights;
mod zuko;

use crate::common::Golden;
use burn::tensor::{Device, FloatDType};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::layers::{AutoregressiveConfig, CouplingConfig, Mask, PermutationConfig};
use tissot::nets::ConditionerConfig;
use tissot::univariate::AnyUnivariate;
use tissot::{AnyFlow, FlowConfig, Layer, LayerConfig};
use weights::Weights;

/// The features of every golden flow.
pub const FEATURES: usize = 6;

/// The units of every hidden layer.
const HIDDEN: usize = 32;

/// Puts a peer's weights into layer `K` as its configuration describes it.
type Load = fn(&Weights<'_>, usize, &LayerConfig, Layer) -> Layer;

/// The flow of a golden file, with the weights that stand there.
pub fn flow(name: &str, golden: &Golden, device: &Device, dtype: FloatDType) -> AnyFlow {
    let (config, load): (FlowConfig, Load) = match name {
        "nflows_rqs_coupling" | "parity_nflows_rqs_coupling" => (nflows::rqs_coupling(), nflows::load),
        "nflows_rqs_coupling_context" => (nflows::rqs_coupling_context(), nflows::load),
        "nflows_affine_coupling" => (nflows::affine_coupling(), nflows::load),
        "nflows_rqs_autoregressive" => (nflows::rqs_autoregressive(0), nflows::load),
        "nflows_rqs_autoregressive_context" => (nflows::rqs_autoregressive(3), nflows::load),
        "nflows_maf" | "parity_nflows_maf" => (nflows::maf(), nflows::load),
        "nflows_maf_context" => (nflows::maf_context(), nflows::load),
        "zuko_maf" => (zuko::maf(3), zuko::load),
        "parity_zuko_maf" => (zuko::maf(0), zuko::load),
        "zuko_nsf" => (zuko::nsf(), zuko::load),
        "zuko_nsf_coupling" => (zuko::nsf_coupling(), zuko::load),
        "zuko_realnvp" => (zuko::realnvp(), zuko::load),
        "zuko_nice" => (zuko::nice(), zuko::load),
        other => panic!("no golden architecture has the name {other}"),
    };
    // through JSON, because the flow is to be one that a file can hold
    let config = FlowConfig::from_json(&config.to_json().unwrap()).unwrap();
    let mut flow = config.init(device, &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
    let weights = Weights { golden, device };
    let layers = std::mem::take(&mut flow.bijection.layers).into_iter().zip(&config.layers).enumerate();
    flow.bijection.layers = layers.map(|(k, (layer, config))| load(&weights, k, config, layer)).collect();
    flow.to_dtype(dtype).unwrap()
}

/// Four couplings that keep 0, 2, 4 and 1, 3, 5 in turn.
fn couplings(context: usize, univariate: AnyUnivariate, conditioner: &ConditionerConfig) -> FlowConfig {
    let layer = |k: usize| {
        LayerConfig::Coupling(CouplingConfig {
            mask: if k.is_multiple_of(2) { Mask::Even } else { Mask::Odd },
            univariate,
            conditioner: conditioner.clone(),
            kept_univariate: None,
        })
    };
    of(context, (0..4).map(layer).collect())
}

/// Three autoregressive layers with the features reversed between them.
fn reversing(context: usize, layer: &AutoregressiveConfig) -> FlowConfig {
    let layer = |k: usize| match k % 2 {
        0 => LayerConfig::Autoregressive(layer.clone()),
        _ => LayerConfig::Permutation(PermutationConfig::Reverse),
    };
    of(context, (0..5).map(layer).collect())
}

fn of(context: usize, layers: Vec<LayerConfig>) -> FlowConfig {
    FlowConfig { features: FEATURES, context, layers, ..FlowConfig::default() }
}
