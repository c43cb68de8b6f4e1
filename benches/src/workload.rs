//! The workloads of the comparison with other libraries, in their own sizes and in others.
//!
//! W1 to W5 and W7 have the parameter counts that zuko and nflows have for them.

use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use tissot::base::BaseConfig;
use tissot::layers::{
    AutoregressiveConfig, CouplingConfig, LuLinearConfig, Mask, PermutationConfig, PermutationPlace,
};
use tissot::nets::{ConditionerConfig, MadeConfig, MlpConfig};
use tissot::univariate::{Affine, AnyUnivariate, LogScale, RationalQuadratic};
use tissot::{FlowConfig, LayerConfig};

/// The names of the workloads.
pub const NAMES: [&str; 6] = ["W1", "W2", "W3", "W4", "W5", "W7"];

/// How large a workload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Features of a row.
    pub features: usize,
    /// Rows of a batch.
    pub batch: usize,
    /// Transforms, one after another.
    pub layers: usize,
    /// Units of both hidden layers of each conditioner.
    pub hidden: usize,
    /// Bins of each spline.
    pub bins: usize,
}

/// A workload: its flow and the rows of a batch.
#[derive(Clone, Debug)]
pub struct Workload {
    /// The flow.
    pub config: FlowConfig,
    /// Its size.
    pub size: Size,
}

/// The workload of one of [`NAMES`], in another size where that follows: `W3` or `W3:features=533,batch=64`.
///
/// # Errors
/// What is wrong with `spec`, in one line.
///
/// ```
/// let work = tissot_benches::workload("W3:features=533").unwrap();
/// assert_eq!((work.config.features, work.size.hidden), (533, 512));
/// assert!(tissot_benches::workload("W3:colour=1").is_err());
/// ```
pub fn workload(spec: &str) -> Result<Workload, String> {
    let (name, changes) = spec.split_once(':').unwrap_or((spec, ""));
    let size = |features, batch, layers, hidden| Size { features, batch, layers, hidden, bins: 8 };
    let mut size = match name {
        "W1" => size(2, 512, 8, 64),
        "W2" => size(43, 256, 10, 256),
        "W3" => size(43, 256, 5, 512),
        "W4" => size(43, 256, 10, 128),
        "W5" => size(6, 512, 5, 128),
        "W7" => size(64, 256, 1, 0),
        _ => return Err(format!("found the workload {name:?}, expected one of {}", NAMES.join(", "))),
    };
    for change in changes.split(',').filter(|change| !change.is_empty()) {
        let wrong = || {
            format!("found {change:?}, expected such as features=64, batch=1, layers=4, hidden=64, bins=16")
        };
        let (key, value) = change.split_once('=').ok_or_else(wrong)?;
        let field = match key {
            "features" => &mut size.features,
            "batch" => &mut size.batch,
            "layers" => &mut size.layers,
            "hidden" => &mut size.hidden,
            "bins" => &mut size.bins,
            _ => return Err(wrong()),
        };
        *field = value.parse().ok().filter(|&value| value > 0).ok_or_else(wrong)?;
    }
    let affine = AnyUnivariate::from(Affine { scale: LogScale::ZUKO, ..Default::default() });
    let spline = AnyUnivariate::from(RationalQuadratic { bound: 3.0, bins: size.bins, ..Default::default() });
    let layers = match name {
        "W1" | "W2" => couplings(size, affine),
        "W3" => autoregressive(size, affine),
        "W4" => couplings(size, spline),
        "W5" => autoregressive(size, spline),
        _ => (0..size.layers).map(|_| linear()).collect(),
    };
    let base = BaseConfig::default();
    Ok(Workload {
        config: FlowConfig { features: size.features, layers, base, ..FlowConfig::default() },
        size,
    })
}

/// `n` rows of standard normal numbers.
pub fn rows(n: usize, features: usize, device: &Device, rng: &mut dyn Rng) -> Tensor<2> {
    let values: Vec<f32> = (0..n * features).map(|_| StandardNormal.sample(rng)).collect();
    Tensor::from_data(TensorData::new(values, [n, features]), device)
}

fn couplings(size: Size, univariate: AnyUnivariate) -> Vec<LayerConfig> {
    let layer = |k: usize| {
        let conditioner = MlpConfig { hidden: vec![size.hidden; 2], ..Default::default() };
        LayerConfig::Coupling(CouplingConfig {
            mask: if k.is_multiple_of(2) { Mask::Even } else { Mask::Odd },
            univariate,
            conditioner: ConditionerConfig::Mlp(conditioner),
            kept_univariate: None,
        })
    };
    (0..size.layers).map(layer).collect()
}

fn autoregressive(size: Size, univariate: AnyUnivariate) -> Vec<LayerConfig> {
    let layer = |k: usize| {
        let made = MadeConfig { hidden: vec![size.hidden; 2], ..Default::default() };
        let mut layers = Vec::new();
        if k > 0 {
            layers.push(LayerConfig::Permutation(PermutationConfig::Reverse));
        }
        layers.push(LayerConfig::Autoregressive(AutoregressiveConfig { univariate, made }));
        layers
    };
    (0..size.layers).flat_map(layer).collect()
}

fn linear() -> LayerConfig {
    LayerConfig::LuLinear(LuLinearConfig { place: PermutationPlace::None, ..Default::default() })
}
