//! What a flow of images does, pixel by pixel and level by level.

mod directions;
mod gather;

pub use gather::{ImageSurveyOptions, survey_images};

use serde::Serialize;

/// What a flow of images does. Maps have a number a pixel, row by row from the top.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Images {
    /// Height, width and channels.
    pub shape: [usize; 3],
    /// How many values a number of an image has.
    pub values: usize,
    /// How many images were looked at.
    pub count: usize,
    /// Their mean bits per dimension, an upper bound, and its standard error.
    pub bits_per_dim: (f64, f64),
    /// The largest difference between an image's bits per dimension by its parts and by the model itself.
    pub books_gap: f64,
    /// The levels, the finest first.
    pub levels: Vec<Level>,
    /// The mean over all images, then some of them, those with the fewest bits first.
    pub maps: Vec<PixelMaps>,
    /// The directions that some images are stretched most and least in.
    pub directions: Vec<Directions>,
}

/// Layers at one resolution.
#[derive(Debug, Clone, Serialize)]
pub struct Level {
    /// Its resolution: `14 x 14`.
    pub name: String,
    /// Behind how many squeezes it lies.
    pub squeezes: usize,
    /// What it adds to `log |det J|` at a pixel, on average over images and pixels, in nats.
    pub mean: f64,
}

/// Where in an image its log-probability comes from.
#[derive(Debug, Clone, Serialize)]
pub struct PixelMaps {
    /// The image's number in the set, from 1; `None` for the mean over all.
    pub image: Option<usize>,
    /// Its class.
    pub class: Option<String>,
    /// Its bits per dimension, an upper bound.
    pub bits_per_dim: f64,
    /// The image, `[height, width, channels]`.
    pub pixels: Vec<f64>,
    /// Bits per dimension at each pixel; their mean is `bits_per_dim`.
    pub bits: Vec<f64>,
    /// What each pixel adds to `log |det J|` of the flow, in nats.
    pub log_det: Vec<f64>,
    /// What each pixel adds to the base's log-density.
    pub base: Vec<f64>,
    /// What each pixel adds to `log |det J|` of the layers of each level.
    pub levels: Vec<Vec<f64>>,
}

/// The principal directions of one image.
#[derive(Debug, Clone, Serialize)]
pub struct Directions {
    /// The image's number in the set, from 1.
    pub image: usize,
    /// The image, `[height, width, channels]`.
    pub pixels: Vec<f64>,
    /// Those that are stretched most, the first most.
    pub most: Vec<Direction>,
    /// Those that are stretched least, the first least.
    pub least: Vec<Direction>,
}

/// One direction in the space of images.
#[derive(Debug, Clone, Serialize)]
pub struct Direction {
    /// The singular value.
    pub stretch: f64,
    /// How far off it may be.
    pub error: f64,
    /// The direction, a unit vector `[height, width, channels]`.
    pub pixels: Vec<f64>,
}
