//! Flows whose context goes through a network first: the laws with the network inside, densities, files.

mod common;

use burn::module::Module;
use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use common::table::check;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot::base::{BaseConfig, DiagNormalConfig};
use tissot::columns::{Column, Columns, Domain};
use tissot::laws::{Allowed, Grid, Laws, randomize, sums_to_one};
use tissot::nets::{ConditionerConfig, EmbeddingConfig, MlpConfig, ResidualMlpConfig};
use tissot::presets::{self, Size};
use tissot::{AnyFlow, Bijection, Context, FlowConfig, Model, Provenance};

const FEATURES: usize = 3;
const CONTEXT: usize = 2;

/// A flow as the bijection that it holds, the embedding before it.
#[derive(Module, Debug)]
struct Embedded {
    flow: AnyFlow,
}

impl Bijection<2> for Embedded {
    fn forward(&self, x: Tensor<2>, context: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        self.flow.forward(x, context)
    }

    fn inverse(&self, z: Tensor<2>, context: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        self.flow.inverse(z, context)
    }

    fn depends_on_data(&self) -> bool {
        Bijection::<2>::depends_on_data(&self.flow.bijection)
    }

    fn initialize(self, x: Tensor<2>, context: Context<'_>) -> (Self, Tensor<2>) {
        let flow = self.flow.initialize(x.clone(), context);
        let (z, _) = flow.forward(x, context);
        (Self { flow }, z.detach())
    }
}

/// Flows with an embedding wider and narrower than the context, by both networks.
fn flows(features: usize) -> Vec<(&'static str, FlowConfig)> {
    let size = Size::new(features).with_context(CONTEXT).with_transforms(2).with_hidden([12]);
    let mlp = |hidden: Vec<usize>| ConditionerConfig::Mlp(MlpConfig { hidden, ..Default::default() });
    let residual = ConditionerConfig::Residual(ResidualMlpConfig { hidden: 8, ..Default::default() });
    let wide = EmbeddingConfig { features: 5, net: mlp(vec![8]) };
    vec![
        ("maf", presets::maf(&size).with_embedding(wide.clone())),
        ("nsf_coupling", presets::nsf_coupling(&size).with_embedding(wide)),
        ("real_nvp", presets::real_nvp(&size).with_embedding(EmbeddingConfig { features: 1, net: residual })),
        ("linear map", presets::maf(&size).with_embedding(EmbeddingConfig { features: 2, net: mlp(vec![]) })),
    ]
}

fn init(config: &FlowConfig, seed: u64) -> AnyFlow {
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(seed));
    flow.unwrap_or_else(|error| panic!("{error}"))
}

fn draws(rows: usize, width: usize, seed: u64) -> Tensor<2> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f64> = (0..rows * width).map(|_| rng.random_range(-2.0..2.0)).collect();
    Tensor::from_data(TensorData::new(values, [rows, width]), (&Device::flex(), DType::F64))
}

fn host<const D: usize>(x: Tensor<D>) -> Vec<f64> {
    x.into_data().iter().collect()
}

#[test]
fn a_flow_with_an_embedding_keeps_the_laws_of_a_stack() {
    for (name, config) in flows(FEATURES) {
        let laws = Laws::new(format!("{name} with an embedding")).features(FEATURES).stack();
        let laws = laws.context(CONTEXT).allowed_context(Allowed::all(FEATURES, CONTEXT));
        check::<2, _>(&laws, Embedded { flow: init(&config, 5) });
    }
}

#[test]
fn the_context_goes_through_the_network_once_everywhere() {
    let base = BaseConfig::DiagNormal(DiagNormalConfig { conditioner: Some(Default::default()) });
    let (x, context) = (draws(40, FEATURES, 1), draws(40, CONTEXT, 2));
    for (name, config) in flows(FEATURES) {
        let config = FlowConfig { base: base.clone(), ..config };
        let flow = randomize(init(&config, 6), 7, 0.4).to_dtype(FloatDType::F64).unwrap();
        let bare = AnyFlow { embedding: None, ..flow.clone() };
        let features = flow.embed(Context::of(&context)).unwrap();
        assert_eq!(features.dims(), [40, config.embedding.as_ref().unwrap().features]);
        let (outside, inside) = (Context::of(&context), Context::of(&features));
        // A flow without the network, given what the network makes of the context, is the same density.
        let pairs = [
            (host(flow.log_prob(x.clone(), outside)), host(bare.log_prob(x.clone(), inside))),
            (host(flow.forward(x.clone(), outside).0), host(bare.forward(x.clone(), inside).0)),
            (host(flow.inverse(x.clone(), outside).1), host(bare.inverse(x.clone(), inside).1)),
        ];
        for (k, (with, without)) in pairs.into_iter().enumerate() {
            assert_eq!(with, without, "{name}, pair {k}");
        }
        let seeded = || ChaCha8Rng::seed_from_u64(3);
        let drawn: Tensor<2> = flow.sample(40, outside, &mut seeded());
        assert_eq!(host(drawn.clone()), host(bare.sample::<2>(40, inside, &mut seeded())), "{name}");
        let (again, log_prob) = flow.sample_and_log_prob::<2>(40, outside, &mut seeded());
        assert_eq!(host(again), host(drawn.clone()), "{name}");
        for (a, b) in host(log_prob).into_iter().zip(host(flow.log_prob(drawn, outside))) {
            assert!((a - b).abs() < 1e-9 * b.abs().max(1.0), "{name}: {a} and {b}");
        }
        // So are both after their first batch, which sets something where there is an ActNorm.
        let set = |flow: &AnyFlow, context| {
            flow.clone().initialize(x.clone(), context).log_prob(x.clone(), context)
        };
        let (with, without) = (host(set(&flow, outside)), host(set(&bare, inside)));
        assert_eq!(with, without, "{name}");
        assert_eq!(with == host(flow.log_prob(x.clone(), outside)), name == "nsf_coupling", "{name}");
        // Blocks of a long table see the context of their own rows.
        let (many_x, many) = (x.clone().repeat_dim(0, 500), context.clone().repeat_dim(0, 500));
        let last = host(flow.log_prob(many_x, Context::of(&many))).split_off(499 * 40);
        for (a, b) in last.into_iter().zip(host(flow.log_prob(x.clone(), outside))) {
            assert!((a - b).abs() < 1e-9 * b.abs().max(1.0), "{name}: {a} and {b}");
        }
    }
}

#[test]
fn densities_under_an_embedded_context_sum_to_one() {
    let (_, config) = flows(1).remove(0);
    let flow = randomize(init(&config, 7), 8, 0.4).to_dtype(FloatDType::F64).unwrap();
    for seed in 0..3 {
        let context = draws(1, CONTEXT, seed);
        let log_density = |points: TensorData| {
            let x = Tensor::<2>::from_data(points, (&Device::flex(), DType::F64));
            let context = context.clone().repeat_dim(0, x.dims()[0]);
            flow.log_prob(x, Context::of(&context))
        };
        let grid = Grid { features: 1, low: -30.0, high: 30.0, cells: 6_000 };
        sums_to_one("maf", grid, 1e-3, log_density).unwrap_or_else(|violation| panic!("{violation}"));
    }
}

#[test]
fn a_saved_model_has_its_embedding() {
    let column =
        |name: &str| Column { name: name.into(), domain: Domain::Real, cut: 0.0, mean: 1.0, std: 2.0 };
    let columns = |names: &[&str]| Columns(names.iter().map(|name| column(name)).collect());
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.tissot");
    for (name, config) in flows(FEATURES) {
        assert_eq!(FlowConfig::from_json(&config.to_json().unwrap()).unwrap(), config, "{name}");
        let model = Model {
            flow: randomize(init(&config, 9), 10, 0.4),
            config,
            columns: columns(&["x", "y", "z"]),
            context: columns(&["c", "d"]),
            provenance: Provenance::default(),
        };
        model.save(&path).unwrap();
        let loaded = Model::load(&path, &Device::flex()).unwrap();
        assert_eq!(loaded.num_params(), model.num_params(), "{name}");
        let (rows, context) = (host(draws(20, FEATURES, 4)), host(draws(20, CONTEXT, 5)));
        assert_eq!(loaded.log_prob(&rows, &context), model.log_prob(&rows, &context), "{name}");
        let z = model.transform(&rows, &context);
        assert_eq!(loaded.transform(&rows, &context), z, "{name}");
        for (x, back) in rows.iter().zip(loaded.inverse_transform(&z, &context)) {
            assert!((x - back).abs() < 1e-4 * x.abs().max(1.0), "{name}: {x} came back as {back}");
        }
    }
}

/// As the first version of the format had it.
const OLD: &str =
    r#"{ "features": 2, "context": 1, "layers": [{ "ActNorm": {} }], "base": "StandardNormal" }"#;

#[test]
fn a_flow_from_before_there_were_embeddings_loads_and_stays_as_it_was() {
    let config = FlowConfig::from_json(OLD).unwrap();
    assert_eq!(config.embedding, None);
    let (old, new): (serde_json::Value, serde_json::Value) =
        (serde_json::from_str(OLD).unwrap(), serde_json::from_str(&config.to_json().unwrap()).unwrap());
    assert_eq!(
        old.as_object().unwrap().keys().collect::<Vec<_>>(),
        new.as_object().unwrap().keys().collect::<Vec<_>>()
    );
    // The weights of a seed are those that they were, whether a network stands before them or not.
    let size = Size::new(2).with_context(2).with_transforms(1).with_hidden([4]);
    let plain = init(&presets::maf(&size), 1);
    let with = init(&presets::maf(&size).with_embedding(EmbeddingConfig::new(2)), 1);
    let without = AnyFlow { embedding: None, ..with.clone() };
    let bytes = |flow: AnyFlow| {
        let (x, context) = (draws(5, 2, 1).cast(DType::F32), draws(5, 2, 2).cast(DType::F32));
        host(randomize(flow, 2, 0.5).log_prob(x, Context::of(&context)))
    };
    assert_eq!(bytes(plain), bytes(without.clone()));
    assert_ne!(bytes(with), bytes(without));
}

#[test]
fn embeddings_of_nothing_are_refused() {
    let wrong = |config: FlowConfig| {
        config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap_err().to_string()
    };
    let none = presets::maf(&Size::new(2)).with_embedding(EmbeddingConfig::new(3));
    assert_eq!(wrong(none), "embedding: found no context, expected a flow with context features");
    let maf = presets::maf(&Size::new(2).with_context(1));
    assert_eq!(
        wrong(maf.clone().with_embedding(EmbeddingConfig::new(0))),
        "embedding.features: found 0, expected at least 1"
    );
    let net = ConditionerConfig::Mlp(MlpConfig { hidden: vec![0], ..Default::default() });
    assert_eq!(
        wrong(maf.with_embedding(EmbeddingConfig { features: 2, net })),
        "embedding.net.hidden[0]: found 0 units, expected at least 1"
    );
}
