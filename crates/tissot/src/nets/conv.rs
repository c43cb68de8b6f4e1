//! Glow's convolutional network.

use super::{Activation, Conditioner, Inputs, check, init, input};
use crate::bijection::Context;
use crate::error::Error;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};
use tissot_kernels::conv::{Layer, Maps, network};

/// How fast a learned scale of the outputs moves: `exp(3 s)`, as in Glow's code.
const SCALE_RATE: f64 = 3.0;

/// How to make a [`ConvNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConvNetConfig {
    /// The channels of the two hidden layers.
    pub hidden: usize,
    /// What follows each hidden layer.
    pub activation: Activation,
    /// A learned factor `exp(3 s)` of each output channel (Kingma and Dhariwal 2018, in their code).
    pub learned_scale: bool,
}

impl Default for ConvNetConfig {
    fn default() -> Self {
        Self { hidden: 128, activation: Activation::default(), learned_scale: true }
    }
}

impl ConvNetConfig {
    /// A network to `last_bias.len()` channels, which at its start gives `last_bias` whatever it sees.
    ///
    /// # Errors
    /// [`Error::Config`] for no hidden channels, no inputs, no outputs.
    pub fn init(
        &self,
        inputs: Inputs,
        last_bias: &[f64],
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Result<ConvNet, Error> {
        check::channels(inputs, self.hidden)?;
        check::common(self.activation, 0.0, last_bias.len())?;
        let log_scale = || Param::from_tensor(Tensor::zeros([last_bias.len()], device));
        Ok(ConvNet {
            first: Convolution::init(inputs.all(), self.hidden, 3, device, rng),
            middle: Convolution::init(self.hidden, self.hidden, 1, device, rng),
            last: Convolution::constant(self.hidden, last_bias, 3, device),
            log_scale: self.learned_scale.then(log_scale),
            activation: self.activation,
            inputs,
        })
    }
}

/// Three convolutions: 3x3, 1x1, 3x3, padded with zeros so that height and width stay.
///
/// `h = act(W1 * [x, c, m] + b1)`, `h' = act(W2 * h + b2)`, `out = (W3 * h' + b3) exp(3 s)`, the last factor where it is
/// learned. Context features `c` stand behind the image as constant channels, context maps `m` behind them. At its start `W3`
/// and `s` are 0, so that the output is `b3`.
///
/// Kingma and Dhariwal, "Glow: Generative Flow with Invertible 1x1 Convolutions", 2018, sections 3.3 and 5; the factor is of their
/// code.
///
/// # Shapes
/// `[batch, inputs, height, width]` -> `[batch, outputs, height, width]`.
#[derive(Module, Debug)]
pub struct ConvNet {
    /// 3x3, from the inputs.
    pub first: Convolution,
    /// 1x1.
    pub middle: Convolution,
    /// 3x3, to the outputs.
    pub last: Convolution,
    /// `s`, `[outputs]`.
    pub log_scale: Option<Param<Tensor<1>>>,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    inputs: Inputs,
}

impl Conditioner<4> for ConvNet {
    /// The outputs at `x`.
    ///
    /// # Panics
    /// Where `x` or the context has other channels than the network was made for.
    fn forward(&self, x: Tensor<4>, context: Context<'_>) -> Tensor<4> {
        let [first, middle] = [&self.first, &self.middle].map(|c| c.layer(Some(self.activation)));
        let mut last = self.last.layer(None);
        if let Some(s) = &self.log_scale {
            let factors = s.val().mul_scalar(SCALE_RATE).exp();
            last.bias = last.bias.map(|bias| bias * factors.clone());
            last.factors = Some(factors);
        }
        network(input::join_maps(x, context, self.inputs), [first, middle, last])
    }
}

/// A convolution with stride 1, padded with zeros so that height and width stay.
///
/// # Shapes
/// `[batch, inputs, height, width]` -> `[batch, outputs, height, width]`.
#[derive(Module, Debug)]
pub struct Convolution {
    /// `[outputs, inputs, size, size]`.
    pub weight: Param<Tensor<4>>,
    /// `[outputs]`.
    pub bias: Param<Tensor<1>>,
}

impl Convolution {
    /// Weights and biases from `U(-k, k)`, `k = 1 / sqrt(inputs size^2)`, PyTorch's default.
    pub(super) fn init(
        inputs: usize,
        outputs: usize,
        size: usize,
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Self {
        let k = 1.0 / ((inputs * size * size) as f64).sqrt();
        Self::uniform(inputs, outputs, size, k, device, rng)
    }

    /// Weights and biases from `U(-k, k)`.
    pub(super) fn uniform(
        inputs: usize,
        outputs: usize,
        size: usize,
        k: f64,
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Self {
        let weight = init::uniform([outputs, inputs, size, size], k, device, rng);
        Self { weight, bias: init::uniform([outputs], k, device, rng) }
    }

    /// Gives `bias` whatever it sees.
    pub(super) fn constant(inputs: usize, bias: &[f64], size: usize, device: &Device) -> Self {
        let weight = init::zeros([bias.len(), inputs, size, size], device);
        Self { weight, bias: init::values(bias, device) }
    }

    pub(super) fn apply(&self, x: Maps, activation: Option<Activation>) -> Maps {
        x.convolve(self.layer(activation))
    }

    fn layer(&self, activation: Option<Activation>) -> Layer {
        Layer {
            weight: self.weight.val(),
            factors: None,
            bias: Some(self.bias.val()),
            activation: activation.map(|a| a.kernel()),
        }
    }
}
