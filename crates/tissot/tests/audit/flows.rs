//! Flows of this crate's layers: with a context, of rank 4, in f64, with an index that is out of range.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, FloatDType, Int, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::inspect::audit::{Effort, Kind, Thresholds, audit, audit_samples, quick};
use tissot::inspect::geometry;
use tissot::laws::randomize;
use tissot::layers::{ActNormConfig, LuLinearConfig, PermutationConfig};
use tissot::presets::{Size, maf, nsf_coupling};
use tissot::{AnyFlow, Context, FlowConfig, LayerConfig};

const EFFORT: Effort = Effort { rows: 600, jacobians: 16, samples: 2_000, seed: 3 };

fn made(config: &FlowConfig, scale: f64) -> AnyFlow {
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
    randomize(flow, 2, scale)
}

#[test]
fn a_conditional_flow_is_calibrated_on_its_own_samples_and_not_under_other_contexts() {
    let flow = made(&nsf_coupling(&Size::new(2).with_context(1).with_transforms(2).with_hidden([16])), 0.7);
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let context: Vec<f64> = (0..600).map(|k| f64::from(k % 60) / 20.0 - 1.5).collect();
    let context = Tensor::<2>::from_data(TensorData::new(context, [600, 1]), &Device::flex());
    let x: Tensor<2> = flow.sample(600, Context::of(&context), &mut rng);
    let own = audit(&flow, &x, Context::of(&context), &Thresholds::default(), &EFFORT);
    assert!(own.is_healthy(), "{:?}", own.findings);
    assert!(own.mass.is_none(), "each context has a density of its own");
    for coverage in own.calibration.as_ref().map(|c| c.coverage.clone()).unwrap() {
        assert!((coverage.found - coverage.region).abs() < 3.3 * coverage.error, "{coverage:?}");
    }
    // The base is met under its own context alone.
    let far = context.mul_scalar(-3.0);
    let other = audit(&flow, &x, Context::of(&far), &Thresholds::default(), &EFFORT);
    assert!(other.calibration.unwrap().columns.iter().any(|d| *d > 0.1));
    let samples = audit_samples::<2, _, _>(&flow, Context::of(&far), &Thresholds::default(), &EFFORT);
    assert!(
        samples.is_healthy() && samples.calibration.is_none() && !samples.on_data,
        "{:?}",
        samples.findings
    );
}

#[test]
fn images_are_audited_too() {
    let layers = vec![
        LayerConfig::ActNorm(ActNormConfig::default()),
        LayerConfig::LuLinear(LuLinearConfig::default()),
        LayerConfig::Chain(vec![LayerConfig::Permutation(PermutationConfig::Reverse)]),
    ];
    let config = FlowConfig { features: 2, layers, ..FlowConfig::default() };
    let any = made(&config, 0.3);
    let flow = tissot::Flow::new(any.bijection, [2, 3, 2]);
    let x: Tensor<4> = flow.sample(500, Context::NONE, &mut ChaCha8Rng::seed_from_u64(8));
    let found = audit(&flow, &x, Context::NONE, &Thresholds::default(), &EFFORT);
    assert!(found.is_healthy(), "{:?}", found.findings);
    assert_eq!((found.features, found.calibration.unwrap().columns.len()), (12, 12));
    assert_eq!(found.layers[2].name, "2.0.Permutation");
}

#[test]
fn in_f64_all_is_exact_to_f64() {
    let config = maf(&Size::new(3).with_transforms(2).with_hidden([16]));
    let flow = made(&config, 0.5).to_dtype(FloatDType::F64).unwrap();
    let found = audit_samples::<2, _, _>(&flow, Context::NONE, &Thresholds::default(), &EFFORT);
    assert!(found.is_healthy() && found.precision.is_none() && found.dtype == "f64", "{:?}", found.findings);
    assert!(found.round_trip.from_data.max < 1e-12, "{:?}", found.round_trip);
    assert!(found.layers.iter().all(|layer| layer.log_det.is_some_and(|error| error.max < 1e-12)));
}

#[test]
fn singular_values_are_those_of_the_whole_flow() {
    let config = nsf_coupling(&Size::new(3).with_transforms(2).with_hidden([16]));
    let flow = made(&config, 0.8).to_dtype(FloatDType::F64).unwrap();
    let x: Tensor<2> = flow.sample(16, Context::NONE, &mut ChaCha8Rng::seed_from_u64(6));
    let found = audit(&flow, &x, Context::NONE, &Thresholds::default(), &EFFORT).volume.unwrap();
    let exact = geometry(&flow.bijection, &x, Context::NONE);
    let least = exact.iter().map(|at| at.smallest()).fold(f64::INFINITY, f64::min);
    let greatest = exact.iter().map(|at| at.largest()).fold(0.0, f64::max);
    assert!((found.least / least - 1.0).abs() < 1e-9 && (found.greatest / greatest - 1.0).abs() < 1e-9);
    assert_eq!((found.rows, found.log_det.rows), (16, 16));
}

/// Puts `value` at place 0 of every order.
struct Disorder(i64);

impl ModuleMapper for Disorder {
    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        param.map(|order| {
            let mut values: Vec<i64> = order.clone().into_data().iter::<i64>().collect();
            values[0] = self.0;
            Tensor::from_data(TensorData::new(values, order.dims()), &order.device())
        })
    }
}

#[test]
fn an_index_out_of_range_is_a_finding_and_no_crash() {
    let inside = vec![LayerConfig::Permutation(PermutationConfig::Reverse)];
    for (layer, name) in [(inside[0].clone(), "1.Permutation"), (LayerConfig::Inverse(inside), "1.Inverse")] {
        let layers = vec![LayerConfig::ActNorm(ActNormConfig::default()), layer];
        let config = FlowConfig { features: 3, layers, ..FlowConfig::default() };
        let flow = made(&config, 0.2).map(&mut Disorder(7));
        let found = audit_samples::<2, _, _>(&flow, Context::NONE, &Thresholds::default(), &EFFORT);
        let first = &found.findings[0];
        assert_eq!((first.kind, first.place.as_deref()), (Kind::Order, Some(name)), "{}", found.verdict());
        assert!(
            first.message.contains("index 7 at place 0, expected indices from 0 to 2"),
            "{}",
            first.message
        );
        assert!(found.stopped);
        let x = Tensor::<2>::zeros([4, 3], &Device::flex());
        let quick = quick(&flow, &x, Context::NONE, &Thresholds::default());
        assert_eq!(quick[0].kind, Kind::Order);
    }
}
