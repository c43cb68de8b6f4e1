//! A gated residual network for images.

use super::conv::Convolution;
use super::{Activation, Conditioner, Inputs, check, init, input};
use crate::bijection::Context;
use crate::error::Error;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};
use tissot_kernels::conv::Maps;

/// How to make a [`ResidualConvNet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ResidualConvNetConfig {
    /// The channels of the hidden layers.
    pub hidden: usize,
    /// How many blocks follow one another.
    pub blocks: usize,
    /// What stands before each convolution of a block.
    pub activation: Activation,
}

impl Default for ResidualConvNetConfig {
    fn default() -> Self {
        Self { hidden: 64, blocks: 2, activation: Activation::default() }
    }
}

impl ResidualConvNetConfig {
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
    ) -> Result<ResidualConvNet, Error> {
        check::channels(inputs, self.hidden)?;
        if self.blocks > 1_000 {
            return Err(Error::config("blocks", self.blocks, "at most 1000"));
        }
        check::common(self.activation, 0.0, last_bias.len())?;
        let n = self.hidden;
        let mut block = || GatedBlock {
            first: Convolution::init(n, n, 3, device, rng),
            second: Convolution::uniform(n, n, 3, init::NEARLY_ZERO, device, rng),
            gate: Convolution::uniform(n, n, 3, init::NEARLY_ZERO, device, rng),
        };
        let blocks = (0..self.blocks).map(|_| block()).collect();
        Ok(ResidualConvNet {
            initial: Convolution::init(inputs.all(), n, 3, device, rng),
            blocks,
            last: Convolution::constant(n, last_bias, 3, device),
            activation: self.activation,
            inputs,
        })
    }
}

/// Two 3x3 convolutions beside a straight path, gated: with `t = act(L0 act(h))`, `h + (L1 t) sigmoid(Lg t)`.
#[derive(Module, Debug)]
pub struct GatedBlock {
    /// `L0`.
    pub first: Convolution,
    /// `L1`.
    pub second: Convolution,
    /// `Lg`.
    pub gate: Convolution,
}

/// A residual network with gates: `h = W0 * [x, c, m] + b0`, then per block `h + (L1 t) sigmoid(Lg t)` with
/// `t = act(L0 act(h))`, last `out = W * act(h) + b`; all convolutions are 3x3, padded with zeros.
///
/// Context features `c` stand behind the image as constant channels, context maps `m` behind them. At its start `W` is 0, so
/// that the output is `b`, and `L1` and `Lg` are drawn from `U(-0.001, 0.001)`.
///
/// The gates are those of Ho et al., "Flow++", 2019, section 3.3 (without its attention and normalisation), after
/// Dauphin et al., "Language Modeling with Gated Convolutional Networks", 2017, eq. 1.
///
/// # Shapes
/// `[batch, inputs, height, width]` -> `[batch, outputs, height, width]`.
#[derive(Module, Debug)]
pub struct ResidualConvNet {
    /// From the inputs.
    pub initial: Convolution,
    /// The blocks, first to last.
    pub blocks: Vec<GatedBlock>,
    /// To the outputs.
    pub last: Convolution,
    #[module(skip)]
    activation: Activation,
    #[module(skip)]
    inputs: Inputs,
}

impl Conditioner<4> for ResidualConvNet {
    /// The outputs at `x`.
    ///
    /// # Panics
    /// Where `x` or the context has other channels than the network was made for.
    fn forward(&self, x: Tensor<4>, context: Context<'_>) -> Tensor<4> {
        let act = self.activation.kernel();
        let mut h = self.initial.apply(Maps::new(input::join_maps(x, context, self.inputs)), None);
        for block in &self.blocks {
            let t = block.first.apply(h.clone().activate(act), Some(self.activation));
            let gate = block.gate.apply(t.clone(), Some(Activation::Sigmoid));
            h = h.add(block.second.apply(t, None).multiply(gate));
        }
        self.last.apply(h.activate(act), None).into_image()
    }
}
