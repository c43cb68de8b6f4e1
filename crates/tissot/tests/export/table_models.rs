//! Models of tables: every layer, univariate, network and base, far from the identity.

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::base::{BaseConfig, DiagNormalConfig, StudentTConfig};
use tissot::columns::{Column, Columns, Domain};
use tissot::laws::randomize;
use tissot::layers::{
    ActNormConfig, AutoregressiveConfig, CouplingConfig, DiagonalLaw, Half, LinearStart, LuLinearConfig,
    Mask, PermutationConfig, PermutationPlace, SplitConfig, TailConfig, Tails,
};
use tissot::nets::{
    Activation, ConditionerConfig, ContextMode, ContextRule, EmbeddingConfig, MadeConfig, MlpConfig, Order,
    ResidualMlpConfig,
};
use tissot::presets::{self, ImageSize, Size};
use tissot::univariate::{
    Affine, AffineOrder, AnyUnivariate, LogScale, RationalQuadratic, Shift, SplineParams,
};
use tissot::{FlowConfig, LayerConfig, Model, Provenance};

/// A model of real columns, its weights moved by noise of this scale.
pub fn table(config: FlowConfig, seed: u64, scale: f64) -> Model {
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(seed)).unwrap();
    let column = |i: usize| Column {
        name: format!("c{i}"),
        domain: Domain::Real,
        cut: 0.0,
        mean: 0.3 - (i % 4) as f64,
        std: 1.5 + (i % 4) as f64,
    };
    let columns = |n: usize| Columns((0..n).map(column).collect());
    Model {
        flow: randomize(flow, seed + 1, scale),
        columns: columns(config.event().iter().product()),
        context: columns(config.context),
        config,
        provenance: Provenance::default(),
    }
}

fn flow(features: usize, context: usize, layers: Vec<LayerConfig>) -> FlowConfig {
    FlowConfig { features, context, layers, ..FlowConfig::default() }
}

fn coupling(mask: Mask, univariate: AnyUnivariate, conditioner: ConditionerConfig) -> LayerConfig {
    LayerConfig::Coupling(CouplingConfig { mask, univariate, conditioner, kept_univariate: None })
}

fn autoregressive(univariate: AnyUnivariate, made: MadeConfig) -> LayerConfig {
    LayerConfig::Autoregressive(AutoregressiveConfig { univariate, made })
}

fn mlp() -> ConditionerConfig {
    MlpConfig { hidden: vec![7, 6], activation: Activation::Tanh, dropout: 0.5 }.into()
}

fn made() -> MadeConfig {
    MadeConfig { hidden: vec![9, 8], activation: Activation::Silu, dropout: 0.5, ..MadeConfig::default() }
}

fn affine() -> AnyUnivariate {
    Affine::default().into()
}

fn univariates() -> Vec<AnyUnivariate> {
    let scales = [
        LogScale::Exp,
        LogScale::ZUKO,
        LogScale::NFLOWS_COUPLING,
        LogScale::GLOW,
        LogScale::NFLOWS_AUTOREGRESSIVE,
        LogScale::Softplus { epsilon: 0.0 },
        LogScale::Tanh { bound: 1.5 },
        LogScale::Atan { clamp: 1.2 },
    ];
    let splines = [
        SplineParams::default(),
        SplineParams::nflows(1.5),
        SplineParams::Nflows { min_width: 1e-3, min_height: 2e-3, min_derivative: 1e-2, logit_scale: 1.0 },
        SplineParams::zuko(),
        SplineParams::FreeEnds { min_width: 1e-3, min_derivative: 1e-2 },
    ];
    let orders = [AffineOrder::ScaleThenShift, AffineOrder::ShiftThenScale];
    let affine = scales.iter().enumerate().map(|(i, &scale)| Affine { scale, order: orders[i % 2] }.into());
    let spline = splines.map(|parameters| RationalQuadratic { bins: 5, bound: 3.0, parameters }.into());
    std::iter::once(Shift.into()).chain(affine).chain(spline).collect()
}

/// Each univariate in both arrangements.
fn of_univariates() -> impl Iterator<Item = (String, FlowConfig)> {
    univariates().into_iter().enumerate().flat_map(|(i, univariate)| {
        let layers =
            vec![coupling(Mask::FirstHalf, univariate, mlp()), coupling(Mask::Odd, univariate, mlp())];
        let couplings = (format!("coupling_{i}"), flow(3, 0, layers));
        let layers = vec![autoregressive(univariate, made())];
        [couplings, (format!("autoregressive_{i}"), flow(3, 0, layers))]
    })
}

/// Each activation, in each kind of network.
fn of_activations() -> impl Iterator<Item = (String, FlowConfig)> {
    let activations = [
        Activation::Relu,
        Activation::LeakyRelu { slope: 0.2 },
        Activation::Elu,
        Activation::Selu,
        Activation::Silu,
        Activation::Gelu,
        Activation::Mish,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::Softplus,
    ];
    activations.into_iter().enumerate().map(|(i, activation)| {
        let mlp = MlpConfig { hidden: vec![6], activation, dropout: 0.0 }.into();
        let residual = ResidualMlpConfig { hidden: 5, activation, ..ResidualMlpConfig::default() }.into();
        let made = MadeConfig { activation, ..made() };
        let layers = vec![
            coupling(Mask::Even, affine(), mlp),
            coupling(Mask::SecondHalf, affine(), residual),
            autoregressive(affine(), made),
        ];
        (format!("activation_{i}"), flow(3, 0, layers))
    })
}

/// Networks with and without context.
fn of_networks() -> Vec<(String, FlowConfig)> {
    let residual = |context| {
        ResidualMlpConfig { hidden: 6, blocks: 2, context, dropout: 0.3, ..ResidualMlpConfig::default() }
            .into()
    };
    let blocks = MadeConfig { hidden: vec![10], blocks: 2, ..made() };
    let nflows = |made| MadeConfig { context_rule: ContextRule::Nflows, ..made };
    let given = MadeConfig { order: Order::Given(vec![2, 0, 3, 1]), ..made() };
    let descending = MadeConfig { order: Order::Descending, ..blocks.clone() };
    let linear = MadeConfig { hidden: vec![], ..made() };
    let mut found: Vec<(String, FlowConfig)> = [
        ("gate", coupling(Mask::Even, affine(), residual(ContextMode::Gate))),
        ("concat", coupling(Mask::Odd, affine(), residual(ContextMode::Concat))),
        ("mlp", coupling(Mask::Kept(vec![3, 1]), affine(), mlp())),
        (
            "linear",
            coupling(Mask::Odd, affine(), MlpConfig { hidden: vec![], ..MlpConfig::default() }.into()),
        ),
        ("made", autoregressive(affine(), given)),
        ("made_blocks", autoregressive(affine(), descending)),
        ("made_linear", autoregressive(affine(), linear)),
        ("made_nflows", autoregressive(affine(), nflows(made()))),
        ("made_nflows_blocks", autoregressive(affine(), nflows(blocks))),
    ]
    .into_iter()
    .flat_map(|(name, layer)| {
        [0, 2].map(|context| (format!("{name}_{context}"), flow(4, context, vec![layer.clone()])))
    })
    .collect();
    for (name, made) in [("one", made()), ("one_nflows", nflows(made()))] {
        let layer = autoregressive(RationalQuadratic::default().into(), made);
        found.extend([0, 2].map(|c| (format!("{name}_{c}"), flow(1, c, vec![layer.clone()]))));
    }
    found
}

/// Linear maps and what holds layers.
fn of_layers() -> Vec<(String, FlowConfig)> {
    let mut found = Vec::new();
    let laws = [DiagonalLaw::Exp, DiagonalLaw::Softplus { epsilon: 1e-3 }];
    for place in [PermutationPlace::None, PermutationPlace::Before, PermutationPlace::After] {
        for (i, diagonal) in laws.into_iter().enumerate() {
            for start in [LinearStart::Identity, LinearStart::RandomRotation] {
                let permutation = PermutationConfig::Given(vec![2, 0, 3, 1]);
                let linear = LuLinearConfig { place, permutation, diagonal, bias: i == 0, start };
                let name = format!("lu_{place:?}_{i}_{start:?}");
                found.push((name, flow(4, 0, vec![LayerConfig::LuLinear(linear)])));
            }
        }
    }
    for (name, tails) in [
        ("tail", vec![None, Some(Tails::both(0.4)), Some(Tails { lower: 1.5, upper: 0.05 }), None]),
        ("tails", vec![Some(Tails::both(0.2)); 4]),
    ] {
        let layers = vec![LayerConfig::Tail(TailConfig { tails }), coupling(Mask::Even, affine(), mlp())];
        found.push((name.into(), flow(4, 0, layers)));
    }
    let order = |config| LayerConfig::Permutation(config);
    let spline: AnyUnivariate = RationalQuadratic { bins: 4, ..RationalQuadratic::default() }.into();
    let both = CouplingConfig {
        mask: Mask::Even,
        univariate: spline,
        conditioner: mlp(),
        kept_univariate: Some(spline),
    };
    let norm = || LayerConfig::ActNorm(ActNormConfig::default());
    let split = |on| {
        let layers = vec![norm(), coupling(Mask::Even, affine(), mlp()), order(PermutationConfig::Reverse)];
        LayerConfig::Split(SplitConfig { on, layers })
    };
    let inside = vec![autoregressive(affine(), made()), LayerConfig::LuLinear(LuLinearConfig::default())];
    let layers = vec![
        norm(),
        order(PermutationConfig::Random { seed: Some(3) }),
        LayerConfig::Coupling(both),
        split(Half::First),
        order(PermutationConfig::Given(vec![1, 4, 0, 2, 3])),
        split(Half::Second),
        LayerConfig::Chain(vec![LayerConfig::Inverse(inside), norm()]),
    ];
    found.push(("nested".into(), flow(5, 0, layers.clone())));
    found.push(("nested_context".into(), flow(5, 2, layers)));
    found
}

/// Bases and embeddings.
fn of_bases() -> Vec<(String, FlowConfig)> {
    let mut found = Vec::new();
    let net = |hidden| Some(ConditionerConfig::Mlp(MlpConfig { hidden, ..MlpConfig::default() }));
    let gate = ResidualMlpConfig { hidden: 5, ..ResidualMlpConfig::default() };
    let bases = [
        ("diag", 0, BaseConfig::DiagNormal(DiagNormalConfig { conditioner: None })),
        ("diag_context", 2, BaseConfig::DiagNormal(DiagNormalConfig { conditioner: net(vec![4]) })),
        ("diag_gate", 2, BaseConfig::DiagNormal(DiagNormalConfig { conditioner: Some(gate.clone().into()) })),
        ("student", 0, BaseConfig::StudentT(StudentTConfig { degrees_of_freedom: 3.0 })),
        ("student_thin", 2, BaseConfig::StudentT(StudentTConfig { degrees_of_freedom: 40.0 })),
    ];
    for (name, context, base) in bases {
        let layers = vec![coupling(Mask::Even, affine(), mlp())];
        let config = FlowConfig { base, ..flow(3, context, layers) };
        if context > 0 {
            for (kind, net) in [("mlp", mlp()), ("residual", gate.clone().into())] {
                let embedding = EmbeddingConfig { features: 3, net };
                found.push((format!("{name}_{kind}"), config.clone().with_embedding(embedding)));
            }
        }
        found.push((name.into(), config));
    }
    found
}

/// The usual architectures.
fn of_presets() -> Vec<(String, FlowConfig)> {
    let size = Size::new(4).with_context(1).with_transforms(3).with_hidden([12, 12]);
    [
        ("nice", presets::nice(&size)),
        ("real_nvp", presets::real_nvp(&size)),
        ("maf", presets::maf(&size)),
        ("iaf", presets::iaf(&size)),
        ("nsf_coupling", presets::nsf_coupling(&size)),
        ("nsf_autoregressive", presets::nsf_autoregressive(&size)),
    ]
    .map(|(name, config)| (name.to_owned(), config))
    .into()
}

/// Every domain, in the columns and in the context.
fn of_domains(scale: f64) -> (String, Model) {
    let size = Size::new(6).with_context(3).with_transforms(2).with_hidden([10]);
    let mut model = table(presets::nsf_coupling(&size), 5, scale);
    let domains = [
        Domain::Real,
        Domain::Positive,
        Domain::Bounded(-1.0, 9.0),
        Domain::Periodic(-180.0, 180.0),
        Domain::Integer,
        Domain::Integer,
    ];
    for (column, domain) in model.columns.0.iter_mut().zip(domains) {
        (column.domain, column.mean, column.std) = (domain, 0.4, 1.3);
    }
    (model.columns.0[3].cut, model.columns.0[3].mean, model.columns.0[3].std) = (-100.0, 170.0, 60.0);
    for (column, domain) in model.context.0.iter_mut().zip([Domain::Integer, Domain::Positive, Domain::Real])
    {
        column.domain = domain;
    }
    ("domains".into(), model)
}

/// A table whose rows are images.
fn of_images(scale: f64) -> (String, Model) {
    let size = ImageSize::new([2, 4, 4]).with_context(1).with_levels(1, 1).with_hidden(5);
    ("rows_of_images".into(), table(presets::glow(&size), 7, scale))
}

/// All of them, by names, as far from the identity as `scale` says.
pub fn all(scale: f64) -> Vec<(String, Model)> {
    let configs = of_univariates()
        .chain(of_activations())
        .chain(of_networks())
        .chain(of_layers())
        .chain(of_bases())
        .chain(of_presets());
    let models = configs.enumerate().map(|(i, (name, config))| (name, table(config, 10 * i as u64, scale)));
    models.chain([of_domains(scale), of_images(scale)]).collect()
}
