//! The forms of the networks, computed once more by hand, and what they refuse.

use super::*;
use burn::nn::Linear;

/// `v W + b` in f64.
fn affine(layer: &Linear, v: &[f64]) -> Vec<f64> {
    let (weight, bias) = (numbers(layer.weight.val()), numbers(layer.bias.as_ref().expect("a bias").val()));
    let n = bias.len();
    (0..n).map(|j| bias[j] + v.iter().enumerate().map(|(i, u)| u * weight[i * n + j]).sum::<f64>()).collect()
}

fn tanh(v: &[f64]) -> Vec<f64> {
    v.iter().map(|u| u.tanh()).collect()
}

fn assert_close(found: &[f64], expected: &[f64]) {
    assert_eq!(found.len(), expected.len());
    assert!(
        found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-5),
        "{found:?}, expected {expected:?}"
    );
}

const X: [f64; 2] = [0.5, -1.5];
const C: [f64; 3] = [1.0, 0.25, -2.0];

fn at_x(net: &impl Conditioner<2>) -> Vec<f64> {
    let device = Device::flex();
    numbers(run(net, &Tensor::from_data([X], &device), &Tensor::from_data([C], &device)))
}

#[test]
fn a_perceptron_is_its_formula() {
    let config = MlpConfig { hidden: vec![4, 3], activation: Activation::Tanh, dropout: 0.0 };
    let net = config.init(2, 3, &[0.0, 0.0], &Device::flex(), &mut rng(1)).expect("a network");
    let net = randomised(net, 2);
    let mut h = [&X[..], &C[..]].concat();
    for layer in &net.hidden {
        h = tanh(&affine(layer, &h));
    }
    assert_close(&at_x(&net), &affine(&net.last, &h));
}

#[test]
fn a_residual_network_is_its_formula() {
    for context in [ContextMode::Gate, ContextMode::Concat] {
        let config = ResidualMlpConfig {
            hidden: 4,
            blocks: 2,
            activation: Activation::Tanh,
            context,
            ..Default::default()
        };
        let net = config.init(2, 3, &[0.0, 0.0], &Device::flex(), &mut rng(1)).expect("a network");
        let net = randomised(net, 2);
        let mut h = affine(&net.initial, &[&X[..], &C[..]].concat());
        for block in &net.blocks {
            assert_eq!(block.gate.is_some(), context == ContextMode::Gate);
            let mut t = affine(&block.second, &tanh(&affine(&block.first, &tanh(&h))));
            if let Some(gate) = &block.gate {
                let g = affine(gate, &C);
                t.iter_mut().zip(g).for_each(|(t, g)| *t /= 1.0 + (-g).exp());
            }
            h.iter_mut().zip(t).for_each(|(h, t)| *h += t);
        }
        assert_close(&at_x(&net), &affine(&net.last, &h));
    }
}

#[test]
fn residual_blocks_start_close_to_the_identity() {
    let config = ResidualMlpConfig { hidden: 50, blocks: 1, ..Default::default() };
    let net = config.init(2, 0, &[0.0], &Device::flex(), &mut rng(1)).expect("a network");
    let largest =
        |layer: &Linear| numbers(layer.weight.val()).into_iter().fold(0.0, |m, w| f64::max(m, w.abs()));
    let (first, second) = (largest(&net.blocks[0].first), largest(&net.blocks[0].second));
    assert!(first > 0.1 && first <= 1.0 / 50f64.sqrt(), "{first}");
    assert!(second > 9e-4 && second <= 1.001e-3, "{second}");
}

#[test]
fn any_conditioner_is_the_network_in_it() {
    let device = Device::flex();
    let net = MlpConfig::default().init(2, 3, &[0.0, 0.0], &device, &mut rng(1)).expect("a network");
    let net = randomised(net, 2);
    let expected = at_x(&net);
    assert_eq!(at_x(&AnyConditioner::Mlp(net)), expected);
    assert_eq!(ConditionerConfig::default(), ConditionerConfig::Mlp(MlpConfig::default()));
}

#[test]
fn dropout_acts_while_training_only() {
    let device = Device::flex().autodiff();
    let x = draw(4, 3, 1, &device, DType::F32);
    let differs = |net: &dyn Fn() -> Vec<f64>| net() != net();
    let mlp = MlpConfig { dropout: 0.5, ..Default::default() };
    let mlp = randomised(mlp.init(3, 0, &[0.0], &device, &mut rng(1)).expect("a network"), 2);
    assert!(differs(&|| numbers(mlp.forward(x.clone(), Context::NONE))));
    assert!(!differs(&|| numbers(mlp.valid().forward(x.clone().inner(), Context::NONE))));
    for blocks in [0, 2] {
        let made = MadeConfig { hidden: vec![64], blocks, dropout: 0.5, ..Default::default() };
        let made = randomised(made.init(3, 0, &[0.0], &device, &mut rng(1)).expect("a network"), 2);
        assert!(differs(&|| numbers(made.forward(x.clone(), Context::NONE))));
        assert!(!differs(&|| numbers(made.valid().forward(x.clone().inner(), Context::NONE))));
    }
}

#[test]
#[should_panic(expected = "the Mlp network conditions tensors of rank 2; found rank 4")]
fn images_are_refused() {
    let device = Device::flex();
    let inputs = Inputs::table(3, 0);
    let net = ConditionerConfig::default().init(inputs, &[0.0], &device, &mut rng(1)).expect("a network");
    let _ = net.forward(Tensor::<4>::zeros([2, 3, 4, 4], &device), Context::NONE);
}

#[test]
#[should_panic(expected = "this network was made for 3 context features; found no context")]
fn a_missing_context_is_refused() {
    let device = Device::flex();
    let net = MadeConfig::default().init(2, 3, &[0.0], &device, &mut rng(1)).expect("a network");
    let _ = net.forward(Tensor::zeros([2, 2], &device), Context::NONE);
}

#[test]
#[should_panic(expected = "this network was made for 2 inputs; found 3")]
fn a_wrong_width_is_refused() {
    let device = Device::flex();
    let net = MadeConfig::default().init(2, 0, &[0.0], &device, &mut rng(1)).expect("a network");
    let _ = net.forward(Tensor::zeros([2, 3], &device), Context::NONE);
}
