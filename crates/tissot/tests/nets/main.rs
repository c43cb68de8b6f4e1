//! What every conditioner keeps: its start, its masks, its gradients, its files and its configuration.

mod config;
mod forms;
mod golden;
mod laws;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot::Context;
use tissot::nets::*;

fn rng(seed: u64) -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(seed)
}

/// Sets every float weight to a draw from U(-1, 1).
struct Randomise(ChaCha8Rng);

impl ModuleMapper for Randomise {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|t| {
            let drawn =
                (0..t.shape().num_elements()).map(|_| self.0.random_range(-1.0..1.0)).collect::<Vec<f64>>();
            let data = TensorData::new(drawn, t.shape());
            Tensor::from_data(data, (&t.device(), t.dtype())).set_require_grad(t.is_require_grad())
        })
    }
}

fn randomised<M: Module>(net: M, seed: u64) -> M {
    net.map(&mut Randomise(rng(seed)))
}

/// `[rows, columns]` of draws from U(-1, 1).
fn draw(rows: usize, columns: usize, seed: u64, device: &Device, dtype: DType) -> Tensor<2> {
    let mut rng = rng(seed);
    let values: Vec<f64> = (0..rows * columns).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new(values, [rows, columns]), (device, dtype))
}

fn numbers<const D: usize>(t: Tensor<D>) -> Vec<f64> {
    t.into_data().iter::<f64>().collect()
}

fn run(net: &impl Conditioner<2>, x: &Tensor<2>, c: &Tensor<2>) -> Tensor<2> {
    net.forward(x.clone(), if c.dims()[1] == 0 { Context::NONE } else { Context::of(c) })
}

/// All weights, in the order of a visit.
fn weights<M: Module>(net: &M) -> Vec<f64> {
    struct All(Vec<f64>);
    impl ModuleVisitor for All {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            self.0.extend(numbers(param.val()));
        }
    }
    let mut all = All(Vec::new());
    net.visit(&mut all);
    all.0
}

/// A masked network of each kind: 1, 2 and 5 features, several orders, plain and residual, all ways of a context.
fn every_made() -> Vec<(MadeConfig, usize, usize)> {
    let given = |order: &[usize]| Order::Given(order.to_vec());
    let orders = [
        (1, Order::Ascending),
        (2, Order::Ascending),
        (2, Order::Descending),
        (5, Order::Ascending),
        (5, Order::Descending),
        (5, given(&[3, 0, 4, 1, 2])),
    ];
    let mut all = Vec::new();
    for (features, order) in orders {
        for (hidden, blocks) in [(vec![], 0), (vec![9], 0), (vec![8, 11], 0), (vec![8], 2)] {
            for (context, rule) in
                [(0, ContextRule::Input), (3, ContextRule::Input), (3, ContextRule::Nflows)]
            {
                if hidden.is_empty() && rule == ContextRule::Nflows {
                    continue;
                }
                let config = MadeConfig {
                    hidden: hidden.clone(),
                    blocks,
                    order: order.clone(),
                    activation: Activation::Tanh,
                    dropout: 0.0,
                    context_rule: rule,
                };
                all.push((config, features, context));
            }
        }
    }
    all
}

fn every_any() -> Vec<ConditionerConfig> {
    let residual = |context| {
        let config =
            ResidualMlpConfig { hidden: 7, activation: Activation::Tanh, context, ..Default::default() };
        ConditionerConfig::Residual(config)
    };
    let mlp =
        |hidden| ConditionerConfig::Mlp(MlpConfig { hidden, activation: Activation::Tanh, dropout: 0.0 });
    vec![mlp(vec![]), mlp(vec![6, 5]), residual(ContextMode::Gate), residual(ContextMode::Concat)]
}
