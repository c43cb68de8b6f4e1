//! Forward-mode Jacobians by the layers' own rules against reverse-mode differentiation.

use crate::common::{flows, points, random};
use burn::module::Module;
use burn::tensor::Tensor;
use tissot::inspect::jacobian::derivatives;
use tissot::inspect::{jacobians, push};
use tissot::layers::{
    ActNormConfig, AutoregressiveConfig, CouplingConfig, LuLinearConfig, Mask, PermutationConfig,
};
use tissot::nets::{Activation, ContextMode, ContextRule, MadeConfig, MlpConfig, ResidualMlpConfig};
use tissot::univariate::{Affine, RationalQuadratic, Shift};
use tissot::{Bijection, Chain, Context, FlowConfig, LayerConfig};

fn agree<const D: usize, B: Bijection<D>>(name: &str, bijection: &B, x: &Tensor<D>, context: Context<'_>) {
    let found = jacobians(bijection, x, context);
    let expected = derivatives(bijection, x, context);
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        for (a, b) in found.values().iter().zip(expected.by_x.values()) {
            assert!((a - b).abs() < 1e-10 * b.abs().max(1.0), "{name}: {a} is not {b}");
        }
    }
}

#[test]
fn every_preset_has_the_jacobian_of_differentiation() {
    // 700 samples of 5 features are two passes.
    let (x, c) = (points([700, 5], 1), points([700, 2], 2));
    for (name, flow) in flows(5, 2) {
        agree::<2, _>(name, &flow.bijection, &x, Context::of(&c));
    }
    let one = random(&tissot::presets::nsf_autoregressive(&tissot::presets::Size::new(1)), 0.8);
    agree::<2, _>("one feature", &one.bijection, &points([4, 1], 3), Context::NONE);
}

#[test]
fn every_network_has_the_jacobian_of_differentiation() {
    let activations =
        [Activation::Relu, Activation::LeakyRelu { slope: 0.2 }, Activation::Elu, Activation::Gelu];
    let (x, c) = (points([9, 4], 1), points([9, 2], 2));
    for activation in activations {
        for gates in [ContextMode::Gate, ContextMode::Concat] {
            let residual = ResidualMlpConfig { hidden: 10, activation, context: gates, ..Default::default() };
            let mlp = MlpConfig { hidden: vec![9, 8], activation, ..Default::default() };
            let coupling = |conditioner, mask, univariate| {
                let kept_univariate = Some(RationalQuadratic::default().into());
                LayerConfig::Coupling(CouplingConfig { mask, univariate, conditioner, kept_univariate })
            };
            let rule = if gates == ContextMode::Gate { ContextRule::Nflows } else { ContextRule::Input };
            let made = |hidden: Vec<usize>, blocks| {
                let made =
                    MadeConfig { hidden, blocks, activation, context_rule: rule, ..Default::default() };
                LayerConfig::Autoregressive(AutoregressiveConfig {
                    univariate: Affine::default().into(),
                    made,
                })
            };
            let layers = vec![
                coupling(residual.into(), Mask::Kept(vec![0, 1, 3]), RationalQuadratic::default().into()),
                coupling(mlp.into(), Mask::SecondHalf, Shift.into()),
                made(vec![11, 10], 0),
                LayerConfig::Inverse(vec![made(vec![8], 2)]),
                made(vec![12], 2),
            ];
            let config = FlowConfig { features: 4, context: 2, layers, ..FlowConfig::default() };
            let flow = random(&config, 0.5);
            agree::<2, _>(&format!("{activation:?}, {gates:?}"), &flow.bijection, &x, Context::of(&c));
        }
    }
}

#[test]
fn layers_along_axis_1_have_it_on_images() {
    let layers = vec![
        LayerConfig::ActNorm(ActNormConfig::default()),
        LayerConfig::Permutation(PermutationConfig::Reverse),
        LayerConfig::LuLinear(LuLinearConfig::default()),
    ];
    let config = FlowConfig { features: 3, layers, ..FlowConfig::default() };
    let flow = random(&config, 0.5);
    agree::<4, _>("image", &flow.bijection, &points([3, 3, 2, 2], 1), Context::NONE);
}

/// `z = x + x^3`, without a rule of its own.
#[derive(Module, Debug)]
struct Cubic {
    scale: f64,
}

impl<const D: usize> Bijection<D> for Cubic {
    fn forward(&self, x: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let batch = x.dims()[0];
        let slope = x.clone().square().mul_scalar(3.0 * self.scale).add_scalar(1.0).log();
        let log_det = slope.reshape([batch as i32, -1]).sum_dim(1).squeeze_dim(1);
        (x.clone() + x.powi_scalar(3).mul_scalar(self.scale), log_det)
    }

    fn inverse(&self, z: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        unimplemented!("{z}")
    }
}

#[test]
fn a_layer_without_a_rule_is_differentiated() {
    let chain = Chain::new(vec![Cubic { scale: 1.0 }, Cubic { scale: 0.5 }]);
    let x = points([4, 3], 1);
    agree::<2, _>("cubic", &chain, &x, Context::NONE);
    agree::<2, _>("cubic in a tuple", &(chain.clone(), Cubic { scale: 0.1 }), &x, Context::NONE);
    // Fewer directions than features.
    let directions = points([4, 2, 3], 2);
    let (_, moved) = push(&chain, x.clone(), directions.clone(), Context::NONE);
    let (moved, directions) = (crate::common::host(moved), crate::common::host(directions));
    for (b, at) in derivatives(&chain, &x, Context::NONE).iter().enumerate() {
        for k in 0..2 {
            for i in 0..3 {
                let place = (b * 2 + k) * 3;
                let expected: f64 = (0..3).map(|j| at.by_x.entry(i, j) * directions[place + j]).sum();
                assert!((moved[place + i] - expected).abs() < 1e-12 * expected.abs().max(1.0));
            }
        }
    }
}

#[test]
fn few_directions_go_through_the_networks_themselves() {
    let (x, directions) = (points([6, 5], 1), points([6, 1, 5], 2));
    for (name, flow) in flows(5, 0) {
        let (_, moved) = push(&flow.bijection, x.clone(), directions.clone(), Context::NONE);
        let (moved, along) = (crate::common::host(moved), crate::common::host(directions.clone()));
        for (b, at) in derivatives(&flow.bijection, &x, Context::NONE).iter().enumerate() {
            for i in 0..5 {
                let expected: f64 = (0..5).map(|j| at.by_x.entry(i, j) * along[b * 5 + j]).sum();
                let found = moved[b * 5 + i];
                assert!(
                    (found - expected).abs() < 1e-10 * expected.abs().max(1.0),
                    "{name}: {found}, {expected}"
                );
            }
        }
    }
}
