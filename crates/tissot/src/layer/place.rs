//! Where a layer stands.

use super::{Layer, LayerConfig};
use crate::chain::Chain;
use crate::error::Error;
use burn::tensor::Device;
use rand::Rng;

/// Where a layer stands: what comes in, what it is conditioned on, and the device.
#[derive(Clone, Copy, Debug)]
pub struct Place<'a> {
    /// The features that come in; on images, the channels.
    pub features: usize,
    /// The height and width of images; empty for tables.
    pub positions: &'a [usize],
    /// How many context features there are.
    pub context: usize,
    /// How many channels the context maps have.
    pub context_maps: usize,
    /// The device.
    pub device: &'a Device,
}

impl<'a> Place<'a> {
    /// In a flow of tables of `features` columns, under `context` features of context.
    pub fn table(features: usize, context: usize, device: &'a Device) -> Self {
        Self { features, positions: &[], context, context_maps: 0, device }
    }

    /// In a flow of images `[channels, height, width]` without context.
    pub fn image(channels: usize, positions: &'a [usize; 2], device: &'a Device) -> Self {
        Self { positions, ..Self::table(channels, 0, device) }
    }

    /// The layers of a list, first to last.
    ///
    /// # Errors
    /// [`Error::Config`] naming the layer that describes nothing that works.
    pub fn chain(&self, configs: &[LayerConfig], rng: &mut dyn Rng) -> Result<Chain<Layer>, Error> {
        let layer = |(i, config): (usize, &LayerConfig)| {
            config.init(self, rng).map_err(|error| error.within(&format!("layers[{i}]")))
        };
        configs.iter().enumerate().map(layer).collect::<Result<Vec<_>, _>>().map(Chain::new)
    }
}
