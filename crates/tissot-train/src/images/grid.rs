//! Many images as one picture.

use std::io::Write;
use std::path::Path;

use image::codecs::png::PngEncoder;
use image::{ExtendedColorType, ImageEncoder};

use super::ImageError;
use crate::table::TableError;
use crate::table::output::{Output, Target};

/// The sides that tiles have at least.
const TILE: usize = 32;

/// The shade between tiles.
const GAP: u8 = 128;

/// A picture in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grid {
    /// Height, width and channels.
    pub shape: [usize; 3],
    /// The bytes, row by row, channels last.
    pub pixels: Vec<u8>,
}

/// Draws the images `[n, height, width, channels]`, whose values are 0 to `levels - 1`, row by row into a grid that is nearly
/// square.
///
/// Lines of one grey pixel are between them; pixels of small images become squares of pixels, so that each image has at least 32
/// of them along its longer side.
///
/// # Panics
/// Where there are no images or no whole ones, more or fewer channels than 1 or 3, or levels other than 2 to 256.
#[must_use]
pub fn grid(images: &[u8], [height, width, channels]: [usize; 3], levels: usize) -> Grid {
    let image = height * width * channels;
    assert!(image > 0 && !images.is_empty() && images.len().is_multiple_of(image), "no whole images");
    let n = images.len() / image;
    let columns = ((n * height) as f64 / width as f64).sqrt().round().clamp(1.0, n as f64) as usize;
    let rows = n.div_ceil(columns);
    let scale = TILE.div_ceil(height.max(width));
    let (down, across) = (height * scale + 1, width * scale + 1);
    let shape = [rows * down - 1, columns * across - 1, channels];
    let mut pixels = vec![GAP; shape.iter().product()];
    for (i, image) in images.chunks_exact(image).enumerate() {
        let (top, left) = (i / columns * down, i % columns * across);
        for row in 0..height * scale {
            for column in 0..width * scale {
                let from = (row / scale * width + column / scale) * channels;
                let to = ((top + row) * shape[1] + left + column) * channels;
                pixels[to..][..channels].copy_from_slice(&image[from..][..channels]);
                pixels[to..][..channels].iter_mut().for_each(|value| *value = shade(*value, levels));
            }
        }
    }
    Grid { shape, pixels }
}

/// A value as a shade from 0 to 255.
fn shade(value: u8, levels: usize) -> u8 {
    assert!((2..=256).contains(&levels), "{levels} levels, expected 2 to 256");
    let last = levels - 1;
    ((usize::from(value).min(last) * 255 + last / 2) / last) as u8
}

/// One image `[height, width, channels]`, whose values are 0 to `levels - 1`, as it is.
///
/// # Panics
/// Where the bytes are not one image.
#[must_use]
pub fn picture(image: &[u8], shape: [usize; 3], levels: usize) -> Grid {
    assert_eq!(image.len(), shape.iter().product::<usize>(), "the bytes of one image");
    Grid { shape, pixels: image.iter().map(|&value| shade(value, levels)).collect() }
}

impl Grid {
    /// The picture as a PNG file.
    ///
    /// # Panics
    /// For channels other than 1 (grey) and 3 (red, green, blue).
    #[must_use]
    pub fn to_png(&self) -> Vec<u8> {
        let [height, width, channels] = self.shape;
        let colours = match channels {
            1 => ExtendedColorType::L8,
            3 => ExtendedColorType::Rgb8,
            other => panic!("{other} channels, expected 1 or 3"),
        };
        let mut png = Vec::new();
        let written =
            PngEncoder::new(&mut png).write_image(&self.pixels, width as u32, height as u32, colours);
        assert!(written.is_ok(), "a PNG file of {height} x {width} pixels: {written:?}");
        png
    }

    /// Writes the picture as a PNG file, which appears only when it is complete.
    ///
    /// # Errors
    /// [`ImageError::File`] where it cannot be written.
    ///
    /// # Panics
    /// As [`to_png`](Self::to_png).
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), ImageError> {
        let path = path.as_ref();
        let mut output = Output::new(Target::open(path)?, false);
        let written = output.write_all(&self.to_png()).and_then(|()| output.finish());
        Ok(written.map_err(|reason| TableError::Write { file: path.display().to_string(), reason })?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_where_they_should_be() {
        // Three images of 16 x 16 pixels, each of one shade, twice as large: a grid of 2 x 2 with one place left.
        let images: Vec<u8> = [0, 1, 2].iter().flat_map(|&v| [v; 256]).collect();
        let grid = grid(&images, [16, 16, 1], 3);
        assert_eq!(grid.shape, [65, 65, 1]);
        let at = |row: usize, column: usize| grid.pixels[row * 65 + column];
        assert_eq!(
            (at(0, 0), at(31, 31), at(0, 33), at(31, 64), at(33, 0), at(64, 31)),
            (0, 0, 128, 128, 255, 255)
        );
        assert!((0..65).all(|i| at(32, i) == GAP && at(i, 32) == GAP) && at(64, 64) == GAP);
        let mean: f64 = grid.pixels.iter().map(|&v| f64::from(v)).sum::<f64>() / 65.0 / 65.0;
        let expected = (1024.0 * (128.0 + 255.0) + (65.0 * 65.0 - 3.0 * 1024.0) * 128.0) / 65.0 / 65.0;
        assert_eq!(mean, expected, "all other pixels are the lines between");
    }

    #[test]
    fn pixels_keep_their_places_and_colours() {
        let grid = grid(&[1, 2, 3, 4, 5, 6], [1, 2, 3], 256);
        assert_eq!(grid.shape, [16, 32, 3]);
        assert!(grid.pixels.chunks(3).enumerate().all(|(i, pixel)| match i % 32 < 16 {
            true => pixel == [1, 2, 3],
            false => pixel == [4, 5, 6],
        }));
    }

    #[test]
    fn grids_are_nearly_square() {
        for (n, shape, rows, columns) in
            [(1, [32, 32], 1, 1), (64, [32, 32], 8, 8), (10, [64, 32], 3, 4), (5, [32, 320], 5, 1)]
        {
            let [height, width] = shape;
            let grid = grid(&vec![0; n * height * width], [height, width, 1], 256);
            assert_eq!(
                grid.shape,
                [rows * (height + 1) - 1, columns * (width + 1) - 1, 1],
                "{n} of {shape:?}"
            );
        }
    }

    #[test]
    fn shades_go_from_black_to_white() {
        assert_eq!([0, 8, 16, 200].map(|v| shade(v, 17)), [0, 128, 255, 255]);
        assert!((0..=255).all(|v| shade(v, 256) == v));
    }
}
