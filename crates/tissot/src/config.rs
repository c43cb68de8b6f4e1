//! A flow as data: what a file holds and a command line makes.

use crate::base::{AnyBase, BaseConfig};
use crate::chain::Chain;
use crate::error::Error;
use crate::flow::Flow;
use crate::layer::{Layer, LayerConfig};
use crate::nets::EmbeddingConfig;
use burn::tensor::Device;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// The flow that a [`FlowConfig`] makes.
pub type AnyFlow = Flow<Chain<Layer>, AnyBase>;

/// A flow as data: the width of its samples and of its context, an embedding of the context, its layers, its
/// base.
///
/// As JSON, a missing field takes its default and an unknown one is an error, so that old files stay readable and
/// typing errors are noticed. [`crate::presets`] makes the usual ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowConfig {
    /// How many features a sample has.
    pub features: usize,
    /// How many features the context has; 0 for an unconditional flow.
    #[serde(default)]
    pub context: usize,
    /// A network that the context goes through once, before the layers and the base; they see it as it is without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<EmbeddingConfig>,
    /// The layers, the one that sees the data first.
    pub layers: Vec<LayerConfig>,
    /// The distribution of the latent.
    #[serde(default)]
    pub base: BaseConfig,
}

impl FlowConfig {
    /// The flow, its weights drawn from `rng` on the host: a seed gives the same flow on every device.
    ///
    /// # Errors
    /// [`Error::Config`] naming the first place that describes nothing that works.
    pub fn init(&self, device: &Device, rng: &mut dyn Rng) -> Result<AnyFlow, Error> {
        if self.features == 0 {
            return Err(Error::config("features", 0, "at least 1"));
        }
        let context = self.embedding.as_ref().map_or(self.context, |embedding| embedding.features);
        let bijection = Chain::from_configs(&self.layers, self.features, context, device, rng)?;
        let base = self.base.init(self.features, context, device, rng)?;
        // Drawn last: the other weights of a seed are those of the flow without it.
        let embedding = self.embedding.as_ref().map(|config| config.init(self.context, device, rng));
        Ok(Flow { bijection, base, embedding: embedding.transpose()? })
    }

    /// The same flow with an embedding of its context.
    #[must_use]
    pub fn with_embedding(self, embedding: EmbeddingConfig) -> Self {
        Self { embedding: Some(embedding), ..self }
    }

    /// As JSON, for people.
    ///
    /// # Errors
    /// [`Error::Config`] where a number cannot be written (not finite).
    pub fn to_json(&self) -> Result<String, Error> {
        serde_json::to_string_pretty(self).map_err(|error| Error::config("flow", error, "finite numbers"))
    }

    /// From JSON.
    ///
    /// # Errors
    /// [`Error::Config`] with the line and column of what does not fit.
    pub fn from_json(text: &str) -> Result<Self, Error> {
        serde_json::from_str(text)
            .map_err(|error| Error::config("flow", error, "a flow's configuration as JSON"))
    }
}
