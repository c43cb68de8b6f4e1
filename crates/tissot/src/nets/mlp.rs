//! The multilayer perceptron.

use super::tangent::{State, Tangents};
use super::{Activation, Conditioner, check, dense, init, input};
use crate::bijection::Context;
use crate::error::Error;
use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear};
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};
use tissot_kernels::few::Pass;

/// How to make an [`Mlp`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MlpConfig {
    /// The units of each hidden layer, first to last; without any the network is a linear map.
    pub hidden: Vec<usize>,
    /// What follows each hidden layer.
    pub activation: Activation,
    /// The probability that a hidden unit is dropped while training, at least 0 and below 1.
    pub dropout: f64,
}

impl Default for MlpConfig {
    fn default() -> Self {
        Self { hidden: vec![64, 64], activation: Activation::default(), dropout: 0.0 }
    }
}

impl MlpConfig {
    /// A network from `inputs` values and `context` context features to `last_bias.len()` outputs, which at its
    /// start gives `last_bias` whatever it sees.
    ///
    /// With no inputs and no context it has no hidden layers and gives the same for every sample.
    ///
    /// # Errors
    /// [`Error::Config`] for a layer without units, a dropout outside `[0, 1)`, no outputs.
    pub fn init(
        &self,
        inputs: usize,
        context: usize,
        last_bias: &[f64],
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Result<Mlp, Error> {
        check::widths(&self.hidden)?;
        check::common(self.activation, self.dropout, last_bias.len())?;
        let mut width = inputs + context;
        let mut hidden = Vec::new();
        if width > 0 {
            for &units in &self.hidden {
                hidden.push(init::linear(width, units, device, rng));
                width = units;
            }
        }
        Ok(Mlp {
            hidden,
            last: init::constant_linear(width.max(1), last_bias, device),
            dropout: DropoutConfig::new(self.dropout).init(),
            activation: self.activation,
            inputs,
            context,
        })
    }
}

/// A multilayer perceptron: `h_0 = [x, c]`, `h_i = dropout(act(h_(i-1) W_i + b_i))`, `out = h_n W + b`.
///
/// The context features `c` stand after the inputs `x`. At its start `W` is 0, so that the output is `b`. Dropout
/// acts wherever the weights are on an autodiff device: evaluate with [`Module::valid`].
///
/// # Shapes
/// `x`: `[batch, inputs]`, context features: `[batch, context]` -> `[batch, outputs]`.
#[derive(Module, Debug)]
pub struct Mlp {
    /// The hidden layers, first to last.
    pub hidden: Vec<Linear>,
    /// The last layer. Its only input is a constant 1 in a network without inputs and context.
    pub last: Linear,
    dropout: Dropout,
    #[module(skip)]
    activation: Activation,
    inputs: usize,
    context: usize,
}

impl Conditioner<2> for Mlp {
    /// The outputs at `x`.
    ///
    /// # Panics
    /// Where `x` or the context has another width than the network was made for.
    fn forward(&self, x: Tensor<2>, context: Context<'_>) -> Tensor<2> {
        let mut h = input::join(x, context, self.inputs, self.context);
        for layer in &self.hidden {
            h = self.dropout.forward(dense::map(layer, h, Some(self.activation)));
        }
        dense::map(&self.last, h, None)
    }

    fn pass(&self, rows: &mut Pass, context: Context<'_>) -> Option<()> {
        match (self.inputs, self.context) {
            (0, 0) => return None,
            (_, 0) => {}
            (_, width) => rows.append(input::features(context, width))?,
        }
        for layer in &self.hidden {
            dense::pass(rows, layer, Some(self.activation), None)?;
        }
        dense::pass(rows, &self.last, None, None)
    }

    fn push(&self, x: Tensor<2>, tangents: Tensor<3>, context: Context<'_>) -> Option<Tangents> {
        if self.inputs == 0 {
            return None;
        }
        let start = State::new(input::join(x, context, self.inputs, self.context), tangents);
        let end = self.hidden.iter().fold(start, |s, layer| s.linear(layer).activate(self.activation));
        Some(Tangents::of_linear(end, &self.last))
    }
}
