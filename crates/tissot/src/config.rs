//! A flow as data: what a file holds and a command line makes.

use crate::base::{AnyBase, BaseConfig};
use crate::chain::Chain;
use crate::circles;
use crate::count;
use crate::error::Error;
use crate::flow::Flow;
use crate::layer::{Layer, LayerConfig, Place};
use crate::layers::{TailConfig, Tails};
use crate::nets::EmbeddingConfig;
use burn::tensor::Device;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// The flow that a [`FlowConfig`] makes.
pub type AnyFlow = Flow<Chain<Layer>, AnyBase>;

/// A flow as data: the shape of its samples and of its context, an embedding of the context, its layers, its
/// base.
///
/// As JSON, a missing field takes its default and an unknown one is an error, so that old files stay readable and
/// typing errors are noticed. [`crate::presets`] makes the usual ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FlowConfig {
    /// How many features a sample has; on images, channels.
    pub features: usize,
    /// The height and width of images; empty for tables.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub positions: Vec<usize>,
    /// How many features the context has; 0 for an unconditional flow.
    #[serde(default)]
    pub context: usize,
    /// How many channels the context maps have, which stand beside an image; 0 for none.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub context_maps: usize,
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
    /// The most weights that a flow may have, and the most numbers of a sample or of its context: 2^31.
    ///
    /// More would be no flow but an attack on the memory. While it is made, a flow takes up to 12 bytes a weight.
    pub const MOST_WEIGHTS: u64 = 1 << 31;

    /// The flow, its weights drawn from `rng` on the host: a seed gives the same flow on every device.
    ///
    /// # Errors
    /// [`Error::Config`] naming the first place that describes nothing that works, and for more than
    /// [`FlowConfig::MOST_WEIGHTS`] weights, before any is made.
    pub fn init(&self, device: &Device, rng: &mut dyn Rng) -> Result<AnyFlow, Error> {
        let place = self.place(device)?;
        let count = count::flow(self).all();
        if count > Self::MOST_WEIGHTS {
            let expected = format!("at most {}; make it smaller", Self::MOST_WEIGHTS);
            return Err(Error::config("flow", format!("{count} weights"), expected));
        }
        circles::check(self)?;
        let bijection = place.chain(&self.layers, rng)?;
        let base = self.base.init(&self.event(), place.context, device, rng)?;
        // Drawn last: the other weights of a seed are those of the flow without it.
        let embedding = self.embedding.as_ref().map(|config| config.init(self.context, device, rng));
        Ok(Flow { bijection, base, embedding: embedding.transpose()? })
    }

    /// How many weights the flow has, counted without making it; recorded orders, signs and masks are among them.
    pub fn num_weights(&self) -> u64 {
        count::flow(self).weights
    }

    /// The shape of a sample: `[features]`, or `[channels, height, width]` of images.
    pub fn event(&self) -> Vec<usize> {
        [&[self.features], &self.positions[..]].concat()
    }

    /// Where the first layer stands.
    fn place<'a>(&'a self, device: &'a Device) -> Result<Place<'a>, Error> {
        if let Some(axis) = self.event().iter().position(|&size| size == 0) {
            let key = if axis == 0 { "features" } else { "positions" };
            return Err(Error::config(key, 0, "at least 1"));
        }
        if !matches!(self.positions.len(), 0 | 2) {
            let found = format!("{} numbers", self.positions.len());
            return Err(Error::config("positions", found, "height and width, or none for tables"));
        }
        if self.context_maps > 0 && self.positions.is_empty() {
            return Err(Error::config("context_maps", self.context_maps, "0 for tables"));
        }
        let most = usize::try_from(Self::MOST_WEIGHTS).unwrap_or(usize::MAX);
        let numbers = |channels: usize| {
            self.positions.iter().try_fold(channels, |n, &side| n.checked_mul(side)).unwrap_or(usize::MAX)
        };
        let sizes = [("features", numbers(self.features)), ("context_maps", numbers(self.context_maps))];
        for (key, size) in sizes.into_iter().chain([("context", self.context)]) {
            if size > most {
                return Err(Error::config(
                    key,
                    format!("{size} numbers a sample"),
                    format!("at most {most}"),
                ));
            }
        }
        let context = self.embedding.as_ref().map_or(self.context, |embedding| embedding.features);
        let (positions, context_maps) = (&self.positions[..], self.context_maps);
        Ok(Place { features: self.features, positions, context, context_maps, device })
    }

    /// The same flow with an embedding of its context.
    #[must_use]
    pub fn with_embedding(self, embedding: EmbeddingConfig) -> Self {
        Self { embedding: Some(embedding), ..self }
    }

    /// The same flow behind a [`TailTransform`](crate::layers::TailTransform) of the features that have heavy tails; as it is
    /// where none has.
    #[must_use]
    pub fn with_tails(mut self, tails: Vec<Option<Tails>>) -> Self {
        if tails.iter().any(Option::is_some) {
            self.layers.insert(0, LayerConfig::Tail(TailConfig { tails }));
        }
        self
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

fn is_zero(n: &usize) -> bool {
    *n == 0
}
