//! The embedding of a context: a network before everything that is conditioned on it.

use super::{AnyConditioner, ConditionerConfig, Inputs, init};
use crate::error::Error;
use burn::nn::Linear;
use burn::tensor::Device;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// How to make the network that a context goes through once, before the bijection and the base see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmbeddingConfig {
    /// How many features come out of it: the width of the context for the bijection and the base.
    pub features: usize,
    /// The network.
    #[serde(default)]
    pub net: ConditionerConfig,
}

impl EmbeddingConfig {
    /// To `features` features, by the default network.
    pub fn new(features: usize) -> Self {
        Self { features, net: ConditionerConfig::default() }
    }

    /// The network from `context` context features. Its last layer is drawn like the others, and not 0 as a
    /// conditioner's is: the context is seen from the first step on.
    ///
    /// # Errors
    /// [`Error::Config`] without context or features, and where the network's configuration describes none.
    pub fn init(&self, context: usize, device: &Device, rng: &mut dyn Rng) -> Result<AnyConditioner, Error> {
        if context == 0 {
            return Err(Error::config("embedding", "no context", "a flow with context features"));
        }
        if self.features == 0 {
            return Err(Error::config("embedding.features", 0, "at least 1"));
        }
        if self.net.takes_images() {
            return Err(Error::config("embedding.net", "a convolutional network", "Mlp or Residual"));
        }
        let inputs = Inputs::table(context, 0);
        let net = self.net.init(inputs, &vec![0.0; self.features], device, rng);
        let mut net = net.map_err(|error| error.within("embedding.net"))?;
        let mut draw = |last: &mut Linear| {
            let [inputs, outputs] = last.weight.dims();
            *last = init::linear(inputs, outputs, device, rng);
        };
        match &mut net {
            AnyConditioner::Mlp(net) => draw(&mut net.last),
            AnyConditioner::Residual(net) => draw(&mut net.last),
            AnyConditioner::Conv(_) | AnyConditioner::ResidualConv(_) => unreachable!("refused above"),
        }
        Ok(net)
    }
}
