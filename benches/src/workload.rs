//! The workloads of the comparison with other libraries, in their own sizes and in others.
//!
//! They have the parameter counts that zuko and nflows have for them. W6 is Glow as nflows makes it.

use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use rand_distr::{Distribution, StandardNormal};
use tissot::layers::{
    AutoregressiveConfig, CouplingConfig, LinearStart, LuLinearConfig, Mask, PermutationConfig,
    PermutationPlace, SplitConfig, SqueezedConfig,
};
use tissot::nets::{ConditionerConfig, ConvNetConfig, MadeConfig, MlpConfig};
use tissot::univariate::{Affine, AnyUnivariate, LogScale, RationalQuadratic};
use tissot::{FlowConfig, LayerConfig};

/// The names of the workloads.
pub const NAMES: [&str; 7] = ["W1", "W2", "W3", "W4", "W5", "W6", "W7"];

/// Those of tables.
pub const TABLES: [&str; 6] = ["W1", "W2", "W3", "W4", "W5", "W7"];

/// How large a workload is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    /// Features of a row; channels of an image.
    pub features: usize,
    /// Height and width of an image; 0 for tables.
    pub side: usize,
    /// Rows of a batch.
    pub batch: usize,
    /// Levels of a flow of images.
    pub levels: usize,
    /// Transforms, one after another; on images at each level.
    pub layers: usize,
    /// Units, or channels, of both hidden layers of each conditioner.
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
    let table = |features, batch, layers, hidden| Size {
        features,
        side: 0,
        batch,
        levels: 0,
        layers,
        hidden,
        bins: 8,
    };
    let mut size = match name {
        "W1" => table(2, 512, 8, 64),
        "W2" => table(43, 256, 10, 256),
        "W3" => table(43, 256, 5, 512),
        "W4" => table(43, 256, 10, 128),
        "W5" => table(6, 512, 5, 128),
        "W6" => Size { side: 32, levels: 3, ..table(3, 16, 8, 128) },
        "W7" => table(64, 256, 1, 0),
        _ => return Err(format!("found the workload {name:?}, expected one of {}", NAMES.join(", "))),
    };
    for change in changes.split(',').filter(|change| !change.is_empty()) {
        let wrong = || {
            format!("found {change:?}, expected such as features=64, batch=1, layers=4, hidden=64, bins=16")
        };
        let (key, value) = change.split_once('=').ok_or_else(wrong)?;
        let field = match key {
            "features" => &mut size.features,
            "side" if size.side > 0 => &mut size.side,
            "levels" if size.levels > 0 => &mut size.levels,
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
        "W6" => glow(size),
        _ => (0..size.layers).map(|_| linear()).collect(),
    };
    let positions = if size.side > 0 { vec![size.side; 2] } else { Vec::new() };
    let config = FlowConfig { features: size.features, positions, layers, ..FlowConfig::default() };
    Ok(Workload { config, size })
}

/// `n` samples of standard normal numbers, of the shape that `config` has.
///
/// # Panics
/// Where that shape is not of rank `D`.
pub fn samples<const D: usize>(
    n: usize,
    config: &FlowConfig,
    device: &Device,
    rng: &mut dyn Rng,
) -> Tensor<D> {
    let shape = [&[n], &config.event()[..]].concat();
    let values: Vec<f32> = (0..shape.iter().product()).map(|_| StandardNormal.sample(rng)).collect();
    Tensor::from_data(TensorData::new(values, shape), device)
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

/// nflows' Glow: at each level ActNorm, a 1x1 convolution and an affine coupling, then half of the channels go on.
fn glow(size: Size) -> Vec<LayerConfig> {
    let step = || {
        let net = ConvNetConfig { hidden: size.hidden, learned_scale: false, ..Default::default() };
        let coupling = CouplingConfig {
            mask: Mask::FirstHalf,
            univariate: Affine { scale: LogScale::NFLOWS_COUPLING, ..Default::default() }.into(),
            conditioner: net.into(),
            kept_univariate: None,
        };
        let linear = LuLinearConfig { start: LinearStart::RandomRotation, ..Default::default() };
        [
            LayerConfig::ActNorm(Default::default()),
            LayerConfig::LuLinear(linear),
            LayerConfig::Coupling(coupling),
        ]
    };
    let level = |inside: Vec<LayerConfig>| {
        let layers = (0..size.layers).flat_map(|_| step()).chain(inside).collect();
        vec![LayerConfig::Squeezed(SqueezedConfig { layers, ..Default::default() })]
    };
    (1..size.levels).fold(level(Vec::new()), |inside, _| {
        level(vec![LayerConfig::Split(SplitConfig { layers: inside, ..Default::default() })])
    })
}

fn linear() -> LayerConfig {
    LayerConfig::LuLinear(LuLinearConfig { place: PermutationPlace::None, ..Default::default() })
}
