//! One PNG or JPEG file.

use std::fs;
use std::io::Cursor;
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageReader, Limits};

use tissot::printable;

use super::ImageError;
use super::view::Shape;
use crate::table::TableError;

/// The most that a picture may take in memory.
const MOST: u64 = 1 << 28;

/// The endings of the names of pictures that are read.
const ENDINGS: [&str; 4] = ["png", "jpg", "jpeg", "jfif"];

/// The endings of the names of other pictures.
const OTHERS: [&str; 14] =
    ["gif", "webp", "bmp", "tif", "tiff", "ppm", "pgm", "pbm", "pnm", "avif", "heic", "jxl", "tga", "jp2"];

/// Whether bytes begin as PNG and JPEG files do.
pub(super) fn begins(sample: &[u8]) -> bool {
    sample.starts_with(b"\x89PNG\r\n\x1a\n") || sample.starts_with(&[0xFF, 0xD8, 0xFF])
}

/// Whether a file in a folder is one of its images, by its name; a picture of another kind is an error.
pub(super) fn named(path: &Path) -> Result<bool, ImageError> {
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    if OTHERS.contains(&&*ending) {
        return Err(ImageError::OtherPicture { file: path.display().to_string() });
    }
    Ok(ENDINGS.contains(&&*ending))
}

/// What a picture says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Head {
    pub height: usize,
    pub width: usize,
    pub colour: bool,
}

/// Looks at the beginning of a file.
pub(super) fn head(path: &Path) -> Result<Head, ImageError> {
    let bytes = read(path)?;
    let damaged = |error: image::ImageError| damaged(path, error.to_string());
    let mut decoder = decoder(&bytes).map_err(damaged)?;
    let (width, height) = decoder.dimensions();
    let (mut height, mut width) = (height as usize, width as usize);
    if turns(decoder.orientation().map_err(damaged)?) {
        (height, width) = (width, height);
    }
    Ok(Head { height, width, colour: decoder.color_type().has_color() })
}

/// The pixels of a picture, in colour or grey, and their shape; upright as its metadata say, over white where it is
/// transparent, with 8 bits a channel.
pub(super) fn pixels(path: &Path, colour: bool) -> Result<(Vec<u8>, Shape), ImageError> {
    let bytes = read(path)?;
    let decode = || -> image::ImageResult<DynamicImage> {
        let mut decoder = decoder(&bytes)?;
        let orientation = decoder.orientation()?;
        let mut picture = DynamicImage::from_decoder(decoder)?;
        picture.apply_orientation(orientation);
        Ok(picture)
    };
    let picture = decode().map_err(|error| damaged(path, error.to_string()))?;
    if bytes.starts_with(&[0xFF, 0xD8]) && !ends(&bytes) {
        return Err(damaged(path, "cut short: the JPEG data have no end".to_owned()));
    }
    let (height, width, transparent) =
        (picture.height() as usize, picture.width() as usize, picture.color().has_alpha());
    let pixels = match (colour, transparent) {
        (true, false) => picture.into_rgb8().into_raw(),
        (false, false) => picture.into_luma8().into_raw(),
        (true, true) => over_white::<4>(&picture.into_rgba8()),
        (false, true) => over_white::<2>(&picture.into_luma_alpha8()),
    };
    Ok((pixels, [height, width, if colour { 3 } else { 1 }]))
}

fn read(path: &Path) -> Result<Vec<u8>, ImageError> {
    Ok(fs::read(path).map_err(|reason| TableError::Read { file: path.display().to_string(), reason })?)
}

fn damaged(path: &Path, reason: String) -> ImageError {
    // Some reasons have several lines.
    let reason = printable(&reason.split_whitespace().collect::<Vec<_>>().join(" "));
    ImageError::Picture { file: path.display().to_string(), reason }
}

fn decoder(bytes: &[u8]) -> image::ImageResult<impl ImageDecoder + '_> {
    let mut limits = Limits::default();
    limits.max_alloc = Some(MOST);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits.clone());
    let decoder = reader.into_decoder()?;
    limits.reserve(decoder.total_bytes())?;
    Ok(decoder)
}

/// Whether rows become columns.
fn turns(orientation: Orientation) -> bool {
    use Orientation::{FlipHorizontal, FlipVertical, NoTransforms, Rotate180};
    !matches!(orientation, NoTransforms | Rotate180 | FlipHorizontal | FlipVertical)
}

/// Whether the data of a JPEG file have an end: its decoder makes up what is missing. Neither of the two marks can occur
/// within the data, as a byte 0xFF is followed by 0 there.
fn ends(bytes: &[u8]) -> bool {
    let last = |mark: [u8; 2]| bytes.windows(2).rposition(|pair| pair == mark);
    last([0xFF, 0xD9]) > last([0xFF, 0xDA])
}

/// Pixels of which the last channel says how much of a white ground they hide.
fn over_white<const CHANNELS: usize>(pixels: &[u8]) -> Vec<u8> {
    let blend = |pixel: &[u8; CHANNELS]| {
        let hides = u32::from(pixel[CHANNELS - 1]);
        pixel.map(|value| ((u32::from(value) * hides + 255 * (255 - hides) + 127) / 255) as u8)
    };
    let (whole, _) = pixels.as_chunks::<CHANNELS>();
    whole.iter().flat_map(|pixel| blend(pixel).into_iter().take(CHANNELS - 1)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparent_pixels_are_white() {
        assert_eq!(over_white::<2>(&[10, 255, 10, 0, 0, 127]), [10, 255, 128]);
        assert_eq!(over_white::<4>(&[1, 2, 3, 255, 1, 2, 3, 0]), [1, 2, 3, 255, 255, 255]);
    }

    #[test]
    fn a_jpeg_file_has_an_end() {
        assert!(ends(&[0xFF, 0xD8, 0xFF, 0xDA, 1, 2, 0xFF, 0xD9, 0, 0]));
        assert!(!ends(&[0xFF, 0xD8, 0xFF, 0xD9, 0xFF, 0xDA, 1, 2]));
    }
}
