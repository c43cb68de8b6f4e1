//! The law table: every layer, and every univariate in it, in f64 and f32.

mod circular;
#[path = "../common/mod.rs"]
mod common;
mod images;

use burn::tensor::Device;
use common::pointwise::Pointwise;
use common::table::{check, knowing, univariates, wide_affine};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::laws::{Allowed, Laws};
use tissot::layers::*;
use tissot::nets::*;
use tissot::univariate::*;
use tissot::{Layer, LayerConfig, Place};

/// One row: a layer, the events it acts on, and what the laws must know about it.
#[derive(Clone)]
struct Row {
    name: String,
    config: LayerConfig,
    event: Vec<usize>,
    context: usize,
    laws: Laws,
}

impl Row {
    fn new(name: &str, config: LayerConfig, event: &[usize]) -> Self {
        let laws = Laws::new(name).event(event);
        Self { name: name.into(), config, event: event.into(), context: 0, laws }
    }

    fn with(self, laws: impl FnOnce(Laws) -> Laws) -> Self {
        Self { laws: laws(self.laws), ..self }
    }

    fn under(self, context: usize, allowed: impl Fn(usize, usize) -> bool) -> Self {
        let allowed = Allowed::from_fn(self.event[0], context, allowed);
        Self { context, ..self }.with(|laws| laws.context(context).allowed_context(allowed))
    }

    fn check(&self) {
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let device = Device::flex();
        let place =
            Place { positions: &self.event[1..], ..Place::table(self.event[0], self.context, &device) };
        let layer = self.config.init(&place, rng);
        let layer: Layer = layer.unwrap_or_else(|error| panic!("{}: {error}", self.name));
        match self.event.len() {
            1 => check::<2, _>(&self.laws, layer),
            _ => check::<4, _>(&self.laws, layer),
        }
    }
}

/// One configuration of each variant: what [`rows`] is called with.
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

/// The rows of a variant. There is no `_`: a new variant without rows does not compile.
fn rows(variant: &LayerConfig) -> Vec<Row> {
    let at = |name: &str, config: &LayerConfig| {
        [vec![5], vec![2], vec![4, 2, 3]]
            .map(|event| Row::new(&format!("{name} {event:?}"), config.clone(), &event))
    };
    match variant {
        LayerConfig::ActNorm(_) => at("ActNorm", variant).into(),
        LayerConfig::Permutation(_) => permutations(),
        LayerConfig::LuLinear(_) => linear(),
        LayerConfig::FullLinear(_) => full_linear(),
        LayerConfig::Coupling(_) => [couplings(), images::couplings()].concat(),
        LayerConfig::Checkerboard(_) => images::checkerboards(),
        LayerConfig::Split(_) => images::splits(),
        LayerConfig::Squeezed(_) => images::squeezed(),
        LayerConfig::Autoregressive(_) => autoregressive(),
        LayerConfig::Tail(_) => tails(),
        LayerConfig::CircularCoupling(_) => circular::couplings(),
        LayerConfig::CircularAutoregressive(_) => circular::autoregressive(),
        LayerConfig::Rotation(_) => circular::rotations(),
        LayerConfig::Chain(_) => {
            let layers = vec![LayerConfig::ActNorm(ActNormConfig::default()), linear().remove(0).config];
            at("Chain", &LayerConfig::Chain(layers)).map(|row| row.with(Laws::stack)).into()
        }
        LayerConfig::Inverse(_) => {
            let inverse = |layer: LayerConfig| LayerConfig::Inverse(vec![layer]);
            let mut rows: Vec<Row> = at("Inverse of LuLinear", &inverse(linear().remove(0).config)).into();
            let flow = inverse(autoregressive_config(wide_affine(), Order::Ascending, 0));
            rows.push(
                Row::new("Inverse of Autoregressive", flow, &[4])
                    .with(|laws| laws.allowed(Allowed::triangular(4))),
            );
            rows
        }
    }
}

fn tails() -> Vec<Row> {
    let row = |name: &str, tails: &[Option<Tails>], event: &[usize]| {
        let config = LayerConfig::Tail(TailConfig { tails: tails.to_vec() });
        Row::new(&format!("Tail {name} {event:?}"), config, event)
    };
    let (light, heavy) = (None, Some(Tails::both(0.4)));
    let askew = Some(Tails { lower: 0.05, upper: 1.5 });
    vec![
        row("all", &[heavy, askew, heavy], &[3]),
        row("some", &[light, heavy, light, askew], &[4]),
        row("channels", &[askew, light], &[2, 2, 3]),
    ]
}

fn permutations() -> Vec<Row> {
    let orders = [
        ("reverse", PermutationConfig::Reverse),
        ("random", PermutationConfig::Random { seed: Some(3) }),
        ("given", PermutationConfig::Given(vec![2, 0, 3, 1])),
    ];
    let row = |(name, order): (&str, PermutationConfig), event: &[usize]| {
        let row = Row::new(&format!("Permutation {name} {event:?}"), LayerConfig::Permutation(order), event);
        row.with(Laws::volume_preserving)
    };
    orders.into_iter().flat_map(|order| [row(order.clone(), &[4]), row(order, &[4, 2, 2])]).collect()
}

fn full_linear() -> Vec<Row> {
    let row = |(bias, start): (bool, LinearStart), event: &[usize]| {
        let config = LayerConfig::FullLinear(FullLinearConfig { bias, start });
        let positions: usize = event[1..].iter().product();
        let size = event.iter().product();
        let allowed = Allowed::from_fn(size, size, |i, j| i % positions == j % positions);
        let row = Row::new(&format!("FullLinear {start:?} {event:?}"), config, event);
        row.with(|laws| laws.allowed(allowed))
    };
    let kinds = [(true, LinearStart::Identity), (false, LinearStart::RandomRotation)];
    kinds.into_iter().flat_map(|kind| [row(kind, &[5]), row(kind, &[3, 2, 2])]).collect()
}

fn linear() -> Vec<Row> {
    let mut rows = Vec::new();
    for place in [PermutationPlace::None, PermutationPlace::Before, PermutationPlace::After] {
        for diagonal in [DiagonalLaw::Exp, DiagonalLaw::Softplus { epsilon: 1e-3 }] {
            let config = LuLinearConfig { place, diagonal, ..LuLinearConfig::default() };
            for event in [vec![5], vec![3, 2, 2]] {
                let name = format!("LuLinear {place:?} {diagonal:?} {event:?}");
                let all = Allowed::from_fn(event.iter().product(), event.iter().product(), |i, j| {
                    let positions: usize = event[1..].iter().product();
                    i % positions == j % positions
                });
                let row = Row::new(&name, LayerConfig::LuLinear(config.clone()), &event);
                rows.push(row.with(|laws| laws.allowed(all)));
            }
        }
    }
    let bare =
        LuLinearConfig { bias: false, start: LinearStart::RandomRotation, ..LuLinearConfig::default() };
    rows.push(Row::new("LuLinear rotation, no bias", LayerConfig::LuLinear(bare), &[6]));
    rows
}

fn mlp() -> ConditionerConfig {
    MlpConfig { hidden: vec![16, 16], activation: Activation::Tanh, ..MlpConfig::default() }.into()
}

fn couplings() -> Vec<Row> {
    let coupling = |mask: Mask, univariate: AnyUnivariate| CouplingConfig {
        mask,
        univariate,
        conditioner: mlp(),
        kept_univariate: None,
    };
    let row = |name: String, config: CouplingConfig, n: usize| {
        let kept = config.mask.kept(n).unwrap_or_default();
        let allowed = Allowed::from_fn(n, n, |i, j| i == j || (!kept[i] && kept[j]));
        let univariate = config.univariate;
        let row = Row::new(&name, LayerConfig::Coupling(config), &[n]);
        row.with(|laws| knowing(laws, &univariate).allowed(allowed))
    };
    let mut rows: Vec<Row> = univariates()
        .into_iter()
        .map(|(name, univariate)| {
            row(format!("Coupling {name}"), coupling(Mask::Kept(vec![2]), univariate), 5)
        })
        .collect();
    for mask in [Mask::FirstHalf, Mask::SecondHalf, Mask::Odd, Mask::Kept(vec![0, 3])] {
        let name = format!("Coupling {mask:?}");
        rows.push(row(name, coupling(mask, wide_affine()), 5));
    }
    let spline = univariates().remove(9).1;
    let both = CouplingConfig { kept_univariate: Some(spline), ..coupling(Mask::Even, spline) };
    rows.push(row("Coupling with a spline of the kept".into(), both, 4));
    for (name, conditioner) in [
        ("Mlp", mlp()),
        ("Residual gate", ResidualMlpConfig { hidden: 16, ..ResidualMlpConfig::default() }.into()),
    ] {
        let config = CouplingConfig { conditioner, ..coupling(Mask::Odd, wide_affine()) };
        let row = row(format!("Coupling {name} with context"), config, 4);
        rows.push(row.under(2, |i, _| i % 2 == 0));
    }
    rows
}

fn autoregressive_config(univariate: AnyUnivariate, order: Order, blocks: usize) -> LayerConfig {
    let hidden = if blocks == 0 { vec![24, 24] } else { vec![24] };
    let made = MadeConfig { hidden, blocks, order, activation: Activation::Tanh, ..MadeConfig::default() };
    LayerConfig::Autoregressive(AutoregressiveConfig { univariate, made })
}

fn autoregressive() -> Vec<Row> {
    let mut rows: Vec<Row> = univariates()
        .into_iter()
        .map(|(name, univariate)| {
            let config = autoregressive_config(univariate, Order::Ascending, 0);
            let row = Row::new(&format!("Autoregressive {name}"), config, &[4]);
            row.with(|laws| knowing(laws, &univariate).allowed(Allowed::triangular(4)))
        })
        .collect();
    let affine = wide_affine();
    let backwards = autoregressive_config(affine, Order::Descending, 0);
    let upper = Allowed::from_fn(4, 4, |i, j| j >= i);
    rows.push(Row::new("Autoregressive descending", backwards, &[4]).with(|laws| laws.allowed(upper)));
    let given = autoregressive_config(affine, Order::Given(vec![2, 0, 3, 1]), 2);
    let place = [1, 3, 0, 2];
    let allowed = Allowed::from_fn(4, 4, move |i, j| place[j] <= place[i]);
    rows.push(
        Row::new("Autoregressive given order, residual", given, &[4]).with(|laws| laws.allowed(allowed)),
    );
    let plain = autoregressive_config(affine, Order::Ascending, 0);
    rows.push(Row::new("Autoregressive with context", plain.clone(), &[3]).under(2, |_, _| true));
    rows.push(Row::new("Autoregressive, one feature, context", plain.clone(), &[1]).under(2, |_, _| true));
    let spline = autoregressive_config(univariates().remove(9).1, Order::Ascending, 0);
    rows.push(Row::new("Autoregressive, one feature", spline, &[1]).with(|laws| laws.spread(2.0)));
    rows
}

#[test]
fn every_layer_keeps_every_law() {
    for variant in variants() {
        rows(&variant).iter().for_each(Row::check);
    }
}

#[test]
fn couplings_of_images_keep_every_law() {
    let device = Device::flex();
    for (name, univariate) in univariates() {
        let net = Pointwise::new(2, 2 * univariate.num_params(), &univariate.start(), &device);
        let coupling = Coupling::new(net, univariate, &[true, false, false, true], &device);
        let laws = knowing(Laws::new(format!("Coupling of images {name}")).event(&[4, 2, 2]), &univariate);
        check::<4, _>(&laws, coupling);
    }
}

#[test]
fn every_config_survives_json() {
    for variant in variants() {
        for row in rows(&variant) {
            let text = serde_json::to_string(&row.config).unwrap();
            assert_eq!(serde_json::from_str::<LayerConfig>(&text).unwrap(), row.config, "{}", row.name);
        }
    }
}
