//! The workloads of the comparison with other libraries.
//!
//! W1 to W5 and W7 with the parameter counts that zuko and nflows have for them; see `docs/benchmarks.md`.

pub mod planted;

use tissot::base::BaseConfig;
use tissot::layers::{
    AutoregressiveConfig, CouplingConfig, LuLinearConfig, Mask, PermutationConfig, PermutationPlace,
};
use tissot::nets::{ConditionerConfig, MadeConfig, MlpConfig};
use tissot::univariate::{Affine, AnyUnivariate, LogScale, RationalQuadratic};
use tissot::{FlowConfig, LayerConfig};

/// A workload: its flow and the rows of a batch.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The flow.
    pub config: FlowConfig,
    /// Rows of a batch.
    pub batch: usize,
}

/// The names of the workloads.
pub const NAMES: [&str; 6] = ["W1", "W2", "W3", "W4", "W5", "W7"];

/// The workload of one of [`NAMES`].
pub fn workload(name: &str) -> Option<Workload> {
    let affine = AnyUnivariate::from(Affine { scale: LogScale::ZUKO, ..Default::default() });
    let spline = AnyUnivariate::from(RationalQuadratic { bound: 3.0, ..Default::default() });
    let (features, batch, layers) = match name {
        "W1" => (2, 512, couplings(8, 64, affine)),
        "W2" => (43, 256, couplings(10, 256, affine)),
        "W3" => (43, 256, autoregressive(5, 512, affine)),
        "W4" => (43, 256, couplings(10, 128, spline)),
        "W5" => (6, 512, autoregressive(5, 128, spline)),
        "W7" => {
            let linear = LuLinearConfig { place: PermutationPlace::None, ..Default::default() };
            (64, 256, vec![LayerConfig::LuLinear(linear)])
        }
        _ => return None,
    };
    let base = BaseConfig::default();
    Some(Workload { config: FlowConfig { features, context: 0, embedding: None, layers, base }, batch })
}

fn couplings(layers: usize, hidden: usize, univariate: AnyUnivariate) -> Vec<LayerConfig> {
    let layer = |k: usize| {
        let conditioner = MlpConfig { hidden: vec![hidden, hidden], ..Default::default() };
        LayerConfig::Coupling(CouplingConfig {
            mask: if k.is_multiple_of(2) { Mask::Even } else { Mask::Odd },
            univariate,
            conditioner: ConditionerConfig::Mlp(conditioner),
            kept_univariate: None,
        })
    };
    (0..layers).map(layer).collect()
}

fn autoregressive(layers: usize, hidden: usize, univariate: AnyUnivariate) -> Vec<LayerConfig> {
    let layer = |k: usize| {
        let made = MadeConfig { hidden: vec![hidden, hidden], ..Default::default() };
        let mut layers = Vec::new();
        if k > 0 {
            layers.push(LayerConfig::Permutation(PermutationConfig::Reverse));
        }
        layers.push(LayerConfig::Autoregressive(AutoregressiveConfig { univariate, made }));
        layers
    };
    (0..layers).flat_map(layer).collect()
}
