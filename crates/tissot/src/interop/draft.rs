//! A flow while it is read.

use super::weights::Weights;
use crate::error::Error;
use crate::layer::Place;
use crate::{Layer, LayerConfig};
use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// A layer with what makes it.
pub type Pair = (LayerConfig, Layer);

/// What was read of a flow.
pub struct Draft {
    /// The features of a sample; on images, channels.
    pub features: usize,
    /// The features of the context.
    pub context: usize,
    /// The layers, the one that sees the data first.
    pub layers: Vec<Pair>,
}

/// Where layers are made.
#[derive(Clone)]
pub struct Site<'a> {
    /// The features that come in.
    pub features: usize,
    /// The height and width of images.
    pub positions: Vec<usize>,
    /// The features of the context.
    pub context: usize,
    /// The device.
    pub device: &'a Device,
}

impl Site<'_> {
    /// The layer of a configuration; its weights are all to be replaced. `key` is for the error.
    ///
    /// # Errors
    /// [`Error::Checkpoint`] where it describes nothing that works here.
    pub fn layer(&self, config: &LayerConfig, weights: &Weights<'_>, key: &str) -> Result<Layer, Error> {
        let place = Place {
            features: self.features,
            positions: &self.positions,
            context: self.context,
            context_maps: 0,
            device: self.device,
        };
        let rng = &mut ChaCha8Rng::seed_from_u64(0);
        config.init(&place, rng).map_err(|error| weights.refused(key, error.to_string()))
    }
}
