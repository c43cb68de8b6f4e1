//! Images that a model is of.

use crate::failure::Failure;
use tissot::image::ImageModel;
use tissot_train::images::{ImageOptions, Images};

/// Opens a set of images of the model's shape; with `resize` makes them so.
///
/// # Errors
/// Where the set cannot be read, and for another shape.
pub fn open(data: &str, model: &ImageModel, resize: bool) -> Result<Images, Failure> {
    let pixels = &model.pixels;
    let shape = [pixels.height, pixels.width, pixels.channels];
    let options = ImageOptions {
        resize: resize.then_some([pixels.height, pixels.width]),
        gray: resize && pixels.channels == 1,
        levels: pixels.source_levels,
        ..ImageOptions::default()
    };
    let images = Images::open(data, &options)?;
    if images.shape() == shape {
        return Ok(images);
    }
    let [[h, w, c], [height, width, channels]] = [images.shape(), shape];
    Err(Failure::Failed(anyhow::anyhow!(
        "{data}: images of {h} x {w} with {c} channels, the model is of {height} x {width} with {channels}; {}",
        if resize { "make them colours first" } else { "--resize makes them fit" }
    )))
}
