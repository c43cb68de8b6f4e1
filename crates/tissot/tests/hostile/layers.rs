//! The layers that are tried.

use tissot::LayerConfig;
use tissot::layers::*;
use tissot::nets::*;
use tissot::univariate::{AnyUnivariate, RationalQuadratic};

/// One configuration of each variant: what [`of`] is called with.
fn variants() -> Vec<LayerConfig> {
    vec![
        LayerConfig::ActNorm(ActNormConfig::default()),
        LayerConfig::Permutation(PermutationConfig::Reverse),
        LayerConfig::LuLinear(LuLinearConfig::default()),
        LayerConfig::FullLinear(FullLinearConfig::default()),
        LayerConfig::Coupling(CouplingConfig::default()),
        LayerConfig::Autoregressive(AutoregressiveConfig::default()),
        LayerConfig::Checkerboard(CheckerboardConfig::default()),
        LayerConfig::Split(SplitConfig::default()),
        LayerConfig::Squeezed(SqueezedConfig::default()),
        LayerConfig::Tail(TailConfig::default()),
        LayerConfig::CircularCoupling(CircularCouplingConfig::default()),
        LayerConfig::CircularAutoregressive(CircularAutoregressiveConfig::default()),
        LayerConfig::Rotation(RotationConfig::default()),
        LayerConfig::Chain(Vec::new()),
        LayerConfig::Inverse(Vec::new()),
    ]
}

/// Layers of tables `[features]`.
pub fn tables(event: &[usize], univariates: &[AnyUnivariate]) -> Vec<LayerConfig> {
    variants().iter().flat_map(|variant| of(variant, event, univariates)).collect()
}

/// Layers of images `[channels, height, width]`.
pub fn images(event: &[usize], univariates: &[AnyUnivariate]) -> Vec<LayerConfig> {
    tables(event, univariates)
}

/// The layers of a variant for an event. There is no `_`: a new variant without layers does not compile.
fn of(variant: &LayerConfig, event: &[usize], univariates: &[AnyUnivariate]) -> Vec<LayerConfig> {
    let (features, table) = (event[0], event.len() == 1);
    let inner = vec![
        LayerConfig::LuLinear(LuLinearConfig::default()),
        LayerConfig::ActNorm(ActNormConfig::default()),
    ];
    match variant {
        LayerConfig::ActNorm(_) | LayerConfig::Permutation(_) => vec![variant.clone()],
        LayerConfig::LuLinear(_) => linear(),
        LayerConfig::FullLinear(_) => {
            let start = LinearStart::RandomRotation;
            vec![variant.clone(), LayerConfig::FullLinear(FullLinearConfig { start, bias: false })]
        }
        LayerConfig::Tail(_) => {
            let tails = |k: usize| k.is_multiple_of(2).then_some(Tails { lower: 0.1, upper: 0.7 });
            vec![LayerConfig::Tail(TailConfig { tails: (0..features).map(tails).collect() })]
        }
        LayerConfig::Coupling(_) if features == 1 => Vec::new(),
        LayerConfig::Coupling(_) => {
            let networks = if table { networks() } else { convolutions() };
            couplings(&networks, univariates)
        }
        LayerConfig::Autoregressive(_) if table => autoregressive(univariates),
        LayerConfig::Checkerboard(_) if !table => {
            let networks = convolutions();
            let board = |(i, &univariate): (usize, &AnyUnivariate)| {
                let conditioner = networks[i % networks.len()].clone();
                LayerConfig::Checkerboard(CheckerboardConfig { odd: i % 2 == 0, univariate, conditioner })
            };
            univariates.iter().enumerate().map(board).collect()
        }
        LayerConfig::Squeezed(_) if !table => {
            vec![LayerConfig::Squeezed(SqueezedConfig { layers: inner, ..Default::default() })]
        }
        LayerConfig::Autoregressive(_) | LayerConfig::Checkerboard(_) | LayerConfig::Squeezed(_) => {
            Vec::new()
        }
        LayerConfig::Rotation(_) => {
            let circular = (0..features).step_by(2).collect();
            vec![LayerConfig::Rotation(RotationConfig { circular, phase: 1.0, learned: true })]
        }
        LayerConfig::CircularCoupling(_) if table && features > 1 => circular(features, univariates).0,
        LayerConfig::CircularAutoregressive(_) if table => circular(features, univariates).1,
        LayerConfig::CircularCoupling(_) | LayerConfig::CircularAutoregressive(_) => Vec::new(),
        LayerConfig::Split(_) if features == 1 => Vec::new(),
        LayerConfig::Split(_) => [Half::First, Half::Second]
            .map(|on| LayerConfig::Split(SplitConfig { on, layers: inner.clone() }))
            .into(),
        LayerConfig::Chain(_) => vec![LayerConfig::Chain(inner), variant.clone()],
        // An inverse takes nothing that depends on data.
        LayerConfig::Inverse(_) => {
            let layers =
                linear().into_iter().chain(if table { autoregressive(univariates) } else { Vec::new() });
            layers.map(|layer| LayerConfig::Inverse(vec![layer])).collect()
        }
    }
}

/// Couplings and autoregressive layers of lines and circles.
fn circular(features: usize, univariates: &[AnyUnivariate]) -> (Vec<LayerConfig>, Vec<LayerConfig>) {
    let circular = |i: usize| (i % 2 * (features - 1)..features).step_by(2).collect();
    let each = |(i, &univariate): (usize, &AnyUnivariate)| {
        let conditioner = networks()[i % 3].clone();
        let coupling =
            CircularCouplingConfig { circular: circular(i), univariate, conditioner, ..Default::default() };
        let made = MadeConfig { hidden: vec![9, 9], ..Default::default() };
        let autoregressive =
            CircularAutoregressiveConfig { circular: circular(i), univariate, made, ..Default::default() };
        (LayerConfig::CircularCoupling(coupling), LayerConfig::CircularAutoregressive(autoregressive))
    };
    univariates.iter().enumerate().map(each).unzip()
}

fn linear() -> Vec<LayerConfig> {
    let softplus = DiagonalLaw::Softplus { epsilon: 1e-3 };
    [
        LuLinearConfig::default(),
        LuLinearConfig { diagonal: softplus, place: PermutationPlace::Before, ..Default::default() },
        LuLinearConfig { start: LinearStart::RandomRotation, bias: false, ..Default::default() },
    ]
    .map(LayerConfig::LuLinear)
    .into()
}

fn networks() -> Vec<ConditionerConfig> {
    vec![
        MlpConfig { hidden: vec![7], ..Default::default() }.into(),
        MlpConfig { hidden: vec![4, 4], activation: Activation::Tanh, ..Default::default() }.into(),
        ResidualMlpConfig { hidden: 5, blocks: 1, ..Default::default() }.into(),
    ]
}

fn convolutions() -> Vec<ConditionerConfig> {
    vec![
        ConvNetConfig { hidden: 4, ..Default::default() }.into(),
        ResidualConvNetConfig { hidden: 3, blocks: 1, ..Default::default() }.into(),
    ]
}

fn couplings(networks: &[ConditionerConfig], univariates: &[AnyUnivariate]) -> Vec<LayerConfig> {
    let mut all = Vec::new();
    for (i, &univariate) in univariates.iter().enumerate() {
        for conditioner in networks.iter().cloned() {
            let mask = if i % 2 == 0 { Mask::Odd } else { Mask::FirstHalf };
            let kept_univariate = (i % 3 == 0).then(|| RationalQuadratic::default().into());
            all.push(LayerConfig::Coupling(CouplingConfig {
                mask,
                univariate,
                conditioner,
                kept_univariate,
            }));
        }
    }
    all
}

fn autoregressive(univariates: &[AnyUnivariate]) -> Vec<LayerConfig> {
    let nets = [
        MadeConfig { hidden: vec![9, 9], ..Default::default() },
        MadeConfig { hidden: vec![8], blocks: 1, order: Order::Descending, ..Default::default() },
    ];
    let layer = |(i, &univariate): (usize, &AnyUnivariate)| {
        LayerConfig::Autoregressive(AutoregressiveConfig { univariate, made: nets[i % 2].clone() })
    };
    univariates.iter().enumerate().map(layer).collect()
}
