//! Configurations: as JSON, and what is refused.

use super::*;
use tissot::Circles;
use tissot::LayerConfig;
use tissot::base::BaseConfig;
use tissot::layers::*;
use tissot::univariate::RationalQuadratic;

fn refused(config: &FlowConfig) -> String {
    config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0)).expect_err("a refusal").to_string()
}

#[test]
fn configurations_survive_json() {
    for (name, _, config) in cases() {
        assert_eq!(FlowConfig::from_json(&config.to_json().unwrap()).unwrap(), config, "{name}");
    }
    let short = r#"{"features": 2, "base": {"Torus": {"features": [1]}},
        "layers": [{"Rotation": {"circular": [1]}}, {"CircularCoupling": {"circular": [1]}},
                   {"CircularAutoregressive": {"circular": [1]}}]}"#;
    let config = FlowConfig::from_json(short).unwrap();
    assert_eq!(config.base, BaseConfig::Torus(Circles::new([1])));
    config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
    let unknown = r#"{"features": 1, "layers": [{"Rotation": {"phases": 1}}]}"#;
    assert!(FlowConfig::from_json(unknown).unwrap_err().to_string().contains("unknown field `phases`"));
}

#[test]
fn circles_that_are_none_are_refused_by_name() {
    let size = Size::new(2).with_transforms(1);
    let of = |circular: &[usize]| refused(&nsf_circular_coupling(&size, circular));
    assert_eq!(of(&[]), "base.circular: found no features, expected at least 1");
    assert_eq!(of(&[2]), "base.circular: found feature 2, expected 0 to 1");
    assert_eq!(of(&[0, 0]), "base.circular: found feature 0 twice, expected each once");
    let base = |bound| BaseConfig::Torus(Circles { features: vec![0], bound });
    let alone = |bound| refused(&FlowConfig { features: 1, base: base(bound), ..FlowConfig::default() });
    assert_eq!(alone(-1.0), "base.bound: found -1, expected a number from 1e-6 to 1e6");
    assert!(alone(f64::NAN).starts_with("base.bound: found NaN,"));
}

#[test]
fn a_spline_with_ends_moves_no_circle() {
    let spline = RationalQuadratic::default();
    let layer = CircularCouplingConfig { circular: vec![0], spline, ..Default::default() };
    let layers = vec![LayerConfig::CircularCoupling(layer)];
    let found = refused(&FlowConfig { features: 2, layers, ..FlowConfig::default() });
    assert!(found.starts_with("layers[0].spline.parameters: found Bounded"), "{found}");
    assert!(found.ends_with("expected Circular"), "{found}");
    let rotation = RotationConfig { circular: vec![0], phase: f64::INFINITY, learned: true };
    let layers = vec![LayerConfig::Rotation(rotation)];
    let found = refused(&FlowConfig { features: 1, layers, ..FlowConfig::default() });
    assert_eq!(found, "layers[0].phase: found inf, expected a number from -1e6 to 1e6");
    let layers = vec![LayerConfig::CircularAutoregressive(Default::default())];
    let found = refused(&FlowConfig { features: 1, layers, ..FlowConfig::default() });
    assert_eq!(found, "layers[0].circular: found no features, expected at least 1");
}

#[test]
fn layers_that_tear_circles_are_refused() {
    let layers = [
        LayerConfig::LuLinear(LuLinearConfig::default()),
        LayerConfig::ActNorm(ActNormConfig::default()),
        LayerConfig::Permutation(PermutationConfig::Reverse),
        LayerConfig::Coupling(CouplingConfig::default()),
        LayerConfig::Autoregressive(AutoregressiveConfig::default()),
        LayerConfig::Split(SplitConfig::default()),
    ];
    for layer in layers {
        let (_, _, mut config) = cases().remove(4);
        config.layers.push(LayerConfig::Inverse(vec![layer]));
        assert_eq!(
            refused(&config),
            "layers[6].layers[0].layer: found one that does not know circles, expected CircularCoupling, \
             CircularAutoregressive, Rotation or Tail under the base Torus"
        );
    }
    let (_, _, config) = cases().remove(4);
    let heavy = Some(Tails::both(0.4));
    let found = refused(&config.clone().with_tails(vec![heavy, None]));
    assert_eq!(found, "layers[0].tails: found tails of feature 0, expected none: it is circular");
    config
        .clone()
        .with_tails(vec![None, heavy])
        .init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0))
        .unwrap();
    let other = FlowConfig { base: BaseConfig::Torus(Circles::new([1])), ..config };
    assert_eq!(
        refused(&other),
        "layers[1].circular: found [0] with the bound 3.141592653589793, expected [1] with the bound \
         3.141592653589793, those of the base"
    );
}

#[test]
fn images_have_no_circles() {
    for layer in [
        LayerConfig::CircularCoupling(CircularCouplingConfig { circular: vec![0], ..Default::default() }),
        LayerConfig::CircularAutoregressive(CircularAutoregressiveConfig {
            circular: vec![0],
            ..Default::default()
        }),
    ] {
        let config =
            FlowConfig { features: 2, positions: vec![2, 2], layers: vec![layer], ..FlowConfig::default() };
        let found = refused(&config);
        assert!(found.starts_with("layers[0].Circular"), "{found}");
        assert!(found.ends_with(": found images, expected tables"), "{found}");
    }
    let base = BaseConfig::Torus(Circles::new([0]));
    let found = refused(&FlowConfig { features: 2, positions: vec![2, 2], base, ..FlowConfig::default() });
    assert!(
        found.starts_with("base: found a base for tables, expected StandardNormal for images"),
        "{found}"
    );
}
