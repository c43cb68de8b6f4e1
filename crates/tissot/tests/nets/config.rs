//! Configurations, seeds and files.

use super::*;
use serde::{Serialize, de::DeserializeOwned};

/// What a network with this configuration refuses to be made with.
fn refusal<T>(made: Result<T, tissot::Error>) -> String {
    match made {
        Ok(_) => panic!("made"),
        Err(error) => error.to_string(),
    }
}

fn mlp(config: MlpConfig) -> String {
    refusal(config.init(2, 0, &[0.0], &Device::flex(), &mut rng(0)))
}

fn made(config: MadeConfig, features: usize, context: usize) -> String {
    refusal(config.init(features, context, &[0.0], &Device::flex(), &mut rng(0)))
}

#[test]
fn what_describes_no_network_is_refused() {
    assert_eq!(
        mlp(MlpConfig { hidden: vec![8, 0], ..Default::default() }),
        "hidden[1]: found 0 units, expected at least 1"
    );
    assert_eq!(
        mlp(MlpConfig { dropout: 1.0, ..Default::default() }),
        "dropout: found 1, expected a probability of at least 0 and below 1"
    );
    assert_eq!(
        mlp(MlpConfig { dropout: f64::NAN, ..Default::default() }),
        "dropout: found NaN, expected a probability of at least 0 and below 1"
    );
    assert_eq!(
        mlp(MlpConfig { activation: Activation::LeakyRelu { slope: f64::INFINITY }, ..Default::default() }),
        "activation.slope: found inf, expected a finite number, such as 0.01"
    );
    assert_eq!(
        refusal(MlpConfig::default().init(2, 0, &[], &Device::flex(), &mut rng(0))),
        "outputs: found 0, expected at least 1; does the univariate have parameters?"
    );
    let residual = ResidualMlpConfig { hidden: 0, ..Default::default() };
    assert_eq!(
        refusal(residual.init(2, 0, &[0.0], &Device::flex(), &mut rng(0))),
        "hidden: found 0 units, expected at least 1"
    );
    assert_eq!(made(MadeConfig::default(), 0, 0), "features: found 0, expected at least 1");
    assert_eq!(
        made(MadeConfig { order: Order::Given(vec![0, 2, 2]), ..Default::default() }, 3, 0),
        "order: found [0, 2, 2], expected each of the 3 features, counted from 0, once"
    );
    assert_eq!(
        made(MadeConfig { blocks: 2, ..Default::default() }, 3, 0),
        "hidden: found 2 widths, expected one, that of all 2 residual blocks"
    );
    assert_eq!(
        made(MadeConfig { hidden: vec![], context_rule: ContextRule::Nflows, ..Default::default() }, 3, 1),
        "context_rule: found Nflows without a hidden layer, expected Input, or hidden layers"
    );
}

#[test]
fn configurations_survive_json() {
    fn check<T: Serialize + DeserializeOwned + PartialEq + std::fmt::Debug>(config: &T) {
        let json = serde_json::to_string(config).expect("JSON");
        assert_eq!(&serde_json::from_str::<T>(&json).expect("the same"), config, "{json}");
    }
    every_made().iter().for_each(|(config, ..)| check(config));
    every_any().iter().for_each(check);
    check(&Activation::LeakyRelu { slope: 0.1 });
    let some: MlpConfig = serde_json::from_str(r#"{"hidden": [3]}"#).expect("defaults for the rest");
    assert_eq!(some, MlpConfig { hidden: vec![3], ..Default::default() });
}

#[test]
fn unknown_fields_are_refused() {
    fn refuses<T: DeserializeOwned>(json: &str) {
        let error = serde_json::from_str::<T>(json).err().expect("refused").to_string();
        assert!(error.starts_with("unknown field `widths`"), "{error}");
    }
    refuses::<MlpConfig>(r#"{"widths": [3]}"#);
    refuses::<ResidualMlpConfig>(r#"{"widths": [3]}"#);
    refuses::<MadeConfig>(r#"{"widths": [3]}"#);
    refuses::<ConditionerConfig>(r#"{"Mlp": {"widths": [3]}}"#);
    refuses::<Activation>(r#"{"LeakyRelu": {"slope": 0.1, "widths": 3}}"#);
}

#[test]
fn a_seed_gives_the_weights() {
    let device = Device::flex();
    for (config, features, context) in
        every_made().into_iter().filter(|(config, ..)| !config.hidden.is_empty())
    {
        let make = |seed| {
            weights(&config.init(features, context, &[0.0], &device, &mut rng(seed)).expect("a network"))
        };
        assert_eq!(make(1), make(1));
        assert_eq!(make(1) == make(2), features == 1 && context == 0, "{config:?}");
    }
    for config in every_any().into_iter().skip(1) {
        let make = |seed| {
            weights(&config.init(Inputs::table(3, 2), &[0.0], &device, &mut rng(seed)).expect("a network"))
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
    }
}

#[test]
fn a_saved_network_computes_the_same() {
    fn check<N: Conditioner<2>>(make: impl Fn(u64) -> N, inputs: usize, context: usize) {
        let device = Device::flex();
        let file = tempfile::tempdir().expect("a folder");
        let path = file.path().join("net.bpk");
        let net = randomised(make(1), 3);
        let (x, c) = (draw(3, inputs, 4, &device, DType::F32), draw(3, context, 5, &device, DType::F32));
        let expected = numbers(run(&net, &x, &c));
        net.save_file(&path).expect("saved");
        let fresh = make(2);
        assert_ne!(numbers(run(&fresh, &x, &c)), expected);
        assert_eq!(numbers(run(&fresh.load_file(&path), &x, &c)), expected);
    }
    let device = Device::flex();
    for (config, features, context) in every_made() {
        let make = |seed| config.init(features, context, &[0.0], &device, &mut rng(seed)).expect("a network");
        check(make, features, context);
    }
    for config in every_any() {
        check(
            |seed| config.init(Inputs::table(3, 2), &[0.0], &device, &mut rng(seed)).expect("a network"),
            3,
            2,
        );
    }
}
