//! Cases: a layer with random weights, rows for it, and how they are drawn.

use crate::common::table::univariates;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::laws::randomize;
use tissot::{AnyFlow, FlowConfig, LayerConfig};

/// What rows are made of.
#[derive(Clone, Copy, Debug)]
pub enum Values {
    /// Numbers as tables have them, standardised.
    Usual,
    /// Finite ones, up to 1e30; tiny ones, too.
    Large,
    /// Any, also the largest that there are, and what is no number.
    Wild,
}

impl Values {
    fn one(self) -> BoxedStrategy<f64> {
        let usual = -3.0..3.0_f64;
        let tiny = select(vec![0.0, -0.0, 1e-45, -1e-40, 1.2e-38, 1e-30, -1e-10]);
        let large = select(vec![5.0, -5.0, 100.0, 1e6, -1e10, 1e20, -1e30, 1e30]);
        let max = f64::from(f32::MAX);
        let none = select(vec![max, -max, f64::NAN, f64::INFINITY, f64::NEG_INFINITY]);
        match self {
            Self::Usual => usual.boxed(),
            Self::Large => prop_oneof![2 => usual, 1 => tiny, 2 => large].boxed(),
            Self::Wild => prop_oneof![2 => usual, 1 => tiny, 1 => large, 1 => none].boxed(),
        }
    }

    /// So many rows of `n`: each number for itself, or all rows alike, or all numbers.
    fn rows(self, rows: usize, n: usize) -> BoxedStrategy<Vec<f64>> {
        let free = prop::collection::vec(self.one(), rows * n);
        let alike = prop::collection::vec(self.one(), n).prop_map(move |row| row.repeat(rows));
        let equal = self.one().prop_map(move |value| vec![value; rows * n]);
        prop_oneof![3 => free, 1 => alike, 1 => equal].boxed()
    }
}

/// A layer, where it stands, and rows for it.
#[derive(Clone, Debug)]
pub struct Case<const D: usize> {
    /// The flow of one layer.
    pub config: FlowConfig,
    /// Of its weights.
    pub seed: u64,
    /// How many rows.
    pub rows: usize,
    /// `[rows, event]`.
    pub values: Vec<f64>,
    /// `[rows, context]`.
    pub context: Vec<f64>,
}

impl<const D: usize> Case<D> {
    /// The flow, with weights far from its start.
    pub fn flow(&self) -> AnyFlow {
        let flow = self.config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(self.seed));
        randomize(flow.unwrap_or_else(|error| panic!("{error}")), self.seed, 0.7)
    }

    /// The rows.
    pub fn x(&self, dtype: FloatDType) -> Tensor<D> {
        self.tensor(&self.values, dtype)
    }

    /// Other rows of the same shape.
    pub fn tensor(&self, values: &[f64], dtype: FloatDType) -> Tensor<D> {
        let mut shape = [self.rows; D];
        shape[1..].copy_from_slice(&self.config.event());
        tensor(values, shape, dtype)
    }

    /// Their context.
    pub fn context(&self, dtype: FloatDType) -> Option<Tensor<2>> {
        self.context_of(&self.context, dtype)
    }

    /// Another context of the same shape.
    pub fn context_of(&self, values: &[f64], dtype: FloatDType) -> Option<Tensor<2>> {
        let width = self.config.context;
        (width > 0).then(|| tensor(values, [self.rows, width], dtype))
    }
}

/// Values, first as the f32 that they are for either number type.
fn tensor<const D: usize>(values: &[f64], shape: [usize; D], dtype: FloatDType) -> Tensor<D> {
    let values: Vec<f64> = values.iter().map(|&v| f64::from(v as f32)).collect();
    Tensor::from_data(TensorData::new(values, shape), (&Device::flex(), dtype.into()))
}

/// Checks cases of the layers that `layers` gives for an event and the univariates.
pub fn run<const D: usize>(
    values: Values,
    layers: fn(&[usize], &[tissot::univariate::AnyUnivariate]) -> Vec<LayerConfig>,
    check: fn(&Case<D>),
) {
    let univariates: Vec<_> = univariates().into_iter().map(|(_, univariate)| univariate).collect();
    let events: Vec<Vec<usize>> = match D {
        2 => vec![vec![1], vec![2], vec![3], vec![5], vec![9]],
        _ => vec![vec![1, 2, 2], vec![2, 2, 4], vec![3, 2, 2], vec![4, 4, 2]],
    };
    let cases = (select(events), select(vec![0, 1, 2, 5, 17]), select(vec![0_usize, 2]), any::<u64>())
        .prop_flat_map(move |(event, rows, context, seed)| {
            let flow = |layer| FlowConfig {
                features: event[0],
                positions: event[1..].to_vec(),
                context,
                layers: vec![layer],
                ..FlowConfig::default()
            };
            let flows: Vec<FlowConfig> = layers(&event, &univariates).into_iter().map(flow).collect();
            let n = event.iter().product();
            (select(flows), values.rows(rows, n), values.rows(rows, context))
                .prop_map(move |(config, values, context)| Case::<D> { config, seed, rows, values, context })
        });
    let config = Config { failure_persistence: None, max_shrink_iters: 300, ..Config::default() };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let outcome = TestRunner::new_with_rng(config, rng).run(&cases, |case| {
        check(&case);
        Ok(())
    });
    match outcome {
        Ok(()) => {}
        Err(TestError::Fail(why, case)) => panic!("{why}: {case:?}"),
        Err(error) => panic!("{error}"),
    }
}
