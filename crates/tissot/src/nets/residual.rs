//! The residual network.

use super::tangent::{State, Tangents};
use super::{Activation, Conditioner, check, dense, init, input};
use crate::bijection::Context;
use crate::error::Error;
use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear};
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// How a [`ResidualMlp`] sees its context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContextMode {
    /// Beside the inputs, and once more as a gate on each block.
    #[default]
    Gate,
    /// Beside the inputs only.
    Concat,
}

/// How to make a [`ResidualMlp`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResidualMlpConfig {
    /// The units of every layer but the last.
    pub hidden: usize,
    /// The number of residual blocks.
    pub blocks: usize,
    /// What stands before both linear maps of a block.
    pub activation: Activation,
    /// The probability that a unit within a block is dropped while training, at least 0 and below 1.
    pub dropout: f64,
    /// How the context comes in.
    pub context: ContextMode,
}

impl Default for ResidualMlpConfig {
    fn default() -> Self {
        let (activation, context) = (Activation::default(), ContextMode::default());
        Self { hidden: 64, blocks: 2, activation, dropout: 0.0, context }
    }
}

impl ResidualMlpConfig {
    /// A network from `inputs` values and `context` context features to `last_bias.len()` outputs, which at its
    /// start gives `last_bias` whatever it sees.
    ///
    /// With no inputs and no context it has no blocks and gives the same for every sample.
    ///
    /// # Errors
    /// [`Error::Config`] for no hidden units, a dropout outside `[0, 1)`, no outputs.
    pub fn init(
        &self,
        inputs: usize,
        context: usize,
        last_bias: &[f64],
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Result<ResidualMlp, Error> {
        if self.hidden == 0 {
            return Err(Error::config("hidden", "0 units", "at least 1"));
        }
        check::common(self.activation, self.dropout, last_bias.len())?;
        let (width, units) = (inputs + context, self.hidden);
        let blocks = if width == 0 { 0 } else { self.blocks };
        let gated = context > 0 && self.context == ContextMode::Gate;
        Ok(ResidualMlp {
            initial: init::linear(width.max(1), units, device, rng),
            blocks: (0..blocks)
                .map(|_| ResidualBlock::init(units, gated.then_some(context), device, rng))
                .collect(),
            last: init::constant_linear(units, last_bias, device),
            dropout: DropoutConfig::new(self.dropout).init(),
            activation: self.activation,
            inputs,
            context,
        })
    }
}

/// Two linear maps beside a straight path: `h + L1 act(L0 act(h))`, times `sigmoid(Lc c)` where it is gated.
#[derive(Module, Debug)]
pub struct ResidualBlock {
    /// `L0`, `[hidden, hidden]`.
    pub first: Linear,
    /// `L1`, `[hidden, hidden]`.
    pub second: Linear,
    /// `Lc`, `[context, hidden]`.
    pub gate: Option<Linear>,
}

impl ResidualBlock {
    fn init(units: usize, context: Option<usize>, device: &Device, rng: &mut dyn Rng) -> Self {
        Self {
            first: init::linear(units, units, device, rng),
            second: init::uniform_linear(units, units, init::NEARLY_ZERO, device, rng),
            gate: context.map(|context| init::linear(context, units, device, rng)),
        }
    }
}

/// A residual network: `h = [x, c] W_0 + b_0`, then per block `h + L1 act(L0 act(h)) sigmoid(Lc c)`, last
/// `out = h W + b`, without an activation before it.
///
/// The gates are there under [`ContextMode::Gate`] only. At its start `W` is 0, so that the output is `b`, and the
/// second map of each block is drawn from `U(-0.001, 0.001)`. It is the network that Durkan et al. 2019 put
/// into their spline couplings, with the blocks of He et al. 2016. Dropout stands before the second map of each block and acts
/// wherever the weights are on an autodiff device: evaluate with [`Module::valid`].
///
/// # Shapes
/// `x`: `[batch, inputs]`, context features: `[batch, context]` -> `[batch, outputs]`.
#[derive(Module, Debug)]
pub struct ResidualMlp {
    /// The first map, `[inputs + context, hidden]`. Its only input is a constant 1 in a network without either.
    pub initial: Linear,
    /// The blocks, first to last.
    pub blocks: Vec<ResidualBlock>,
    /// The last map, `[hidden, outputs]`.
    pub last: Linear,
    dropout: Dropout,
    #[module(skip)]
    activation: Activation,
    inputs: usize,
    context: usize,
}

impl Conditioner<2> for ResidualMlp {
    /// The outputs at `x`.
    ///
    /// # Panics
    /// Where `x` or the context has another width than the network was made for.
    fn forward(&self, x: Tensor<2>, context: Context<'_>) -> Tensor<2> {
        let mut h = dense::map(&self.initial, input::join(x, context, self.inputs, self.context), None);
        for block in &self.blocks {
            let t = dense::map(&block.first, self.activation.apply(h.clone()), Some(self.activation));
            let mut t = dense::map(&block.second, self.dropout.forward(t), None);
            if let Some(gate) = &block.gate {
                let c = input::features(context, self.context);
                t = t * dense::map(gate, c, Some(Activation::Sigmoid));
            }
            h = h + t;
        }
        dense::map(&self.last, h, None)
    }

    fn push(&self, x: Tensor<2>, tangents: Tensor<3>, context: Context<'_>) -> Option<Tangents> {
        if self.inputs == 0 {
            return None;
        }
        let x = input::join(x, context, self.inputs, self.context);
        let mut state = State::new(x, tangents).linear(&self.initial);
        for block in &self.blocks {
            let t = state.copy().activate(self.activation).linear(&block.first);
            let mut t = t.activate(self.activation).linear(&block.second);
            if let Some(gate) = &block.gate {
                let c = input::features(context, self.context);
                t = t.scale(&dense::map(gate, c, Some(Activation::Sigmoid)));
            }
            state = state.add(t);
        }
        Some(Tangents::of_linear(state, &self.last))
    }
}
