//! A finished picture: as SVG text, as PNG bytes, in a file.

use crate::{AtlasError, font};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree, WriteOptions};
use std::io::Write;
use std::path::Path;

/// A finished picture.
#[derive(Debug, Clone)]
pub struct Picture {
    svg: String,
    width: u32,
    height: u32,
}

impl Picture {
    pub(crate) fn new(svg: String, width: u32, height: u32) -> Self {
        Self { svg, width, height }
    }

    /// Width in pixels.
    pub fn width(&self) -> u32 {
        self.width
    }

    /// Height in pixels.
    pub fn height(&self) -> u32 {
        self.height
    }

    /// The picture as an SVG document that needs no other file but the font; without Inter, a viewer takes its own sans
    /// serif.
    pub fn to_svg(&self) -> &str {
        &self.svg
    }

    /// The picture as the bytes of a PNG file of [`width`](Self::width) by [`height`](Self::height) pixels, drawn with the
    /// embedded font.
    ///
    /// # Errors
    /// [`AtlasError::Draw`] where the SVG cannot be rendered, which is a fault of this library.
    pub fn to_png(&self) -> Result<Vec<u8>, AtlasError> {
        self.render(1.0)?.encode_png().map_err(failed)
    }

    /// The picture as an SVG document for print, `millimetres` wide, its letters drawn as outlines: it looks the same
    /// everywhere and needs no font.
    ///
    /// # Errors
    /// As [`to_png`](Self::to_png).
    pub fn to_print(&self, millimetres: f64) -> Result<String, AtlasError> {
        let text = self.tree()?.to_string(&WriteOptions::default());
        let inside = text.split_once('>').map_or("", |(_, rest)| rest);
        let (w, h) = (self.width, self.height);
        let height = millimetres * f64::from(h) / f64::from(w);
        Ok(format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" \
             width=\"{millimetres}mm\" height=\"{height:.2}mm\" viewBox=\"0 0 {w} {h}\">{inside}"
        ))
    }

    /// The picture as the bytes of a PNG file of so many dots per inch, `millimetres` wide; the file says so (`pHYs`), so that
    /// programs place it at this size.
    ///
    /// # Errors
    /// As [`to_png`](Self::to_png).
    pub fn to_png_at(&self, millimetres: f64, dots_per_inch: f64) -> Result<Vec<u8>, AtlasError> {
        let scale = millimetres / 25.4 * dots_per_inch / f64::from(self.width);
        let pixels = self.render(scale)?;
        let write = || -> Result<Vec<u8>, png::EncodingError> {
            let mut bytes = Vec::new();
            let mut file = png::Encoder::new(&mut bytes, pixels.width(), pixels.height());
            file.set_color(png::ColorType::Rgba);
            file.set_depth(png::BitDepth::Eight);
            let dots_per_metre = (dots_per_inch / 0.0254).round() as u32;
            file.set_pixel_dims(Some(png::PixelDimensions {
                xppu: dots_per_metre,
                yppu: dots_per_metre,
                unit: png::Unit::Meter,
            }));
            let mut writer = file.write_header()?;
            writer.write_image_data(&pixels.take_demultiplied())?;
            writer.finish()?;
            Ok(bytes)
        };
        write().map_err(failed)
    }

    fn tree(&self) -> Result<Tree, AtlasError> {
        let options =
            Options { fontdb: font::DATABASE.clone(), font_family: "Inter".into(), ..Options::default() };
        Tree::from_str(&self.svg, &options).map_err(failed)
    }

    fn render(&self, scale: f64) -> Result<Pixmap, AtlasError> {
        let side = |length: u32| (f64::from(length) * scale).round().max(1.0) as u32;
        let mut pixels = Pixmap::new(side(self.width), side(self.height))
            .ok_or_else(|| failed("a picture without pixels"))?;
        let transform = Transform::from_scale(scale as f32, scale as f32);
        resvg::render(&self.tree()?, transform, &mut pixels.as_mut());
        Ok(pixels)
    }

    /// Writes the picture into a file, as PNG or as SVG by the ending of its name. It is written beside and renamed: the
    /// file is either the old one or the whole new one.
    ///
    /// # Errors
    /// [`AtlasError::Extension`] for another ending, [`AtlasError::Write`] where the file cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), AtlasError> {
        let path = path.as_ref();
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase());
        let bytes = match ending.as_deref() {
            Some("png") => self.to_png()?,
            Some("svg") => self.svg.clone().into_bytes(),
            _ => return Err(AtlasError::Extension { path: path.to_owned() }),
        };
        write_file(path, &bytes)
    }
}

fn failed(error: impl std::fmt::Display) -> AtlasError {
    AtlasError::Draw(error.to_string())
}

/// Writes a file beside and renames it: it is either the old one or the whole new one.
///
/// # Errors
/// [`AtlasError::Write`] where it cannot be written.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), AtlasError> {
    let write = || -> std::io::Result<()> {
        let mut file = atomic_write_file::AtomicWriteFile::open(path)?;
        file.write_all(bytes)?;
        file.commit()
    };
    write().map_err(|source| AtlasError::Write { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_png_for_paper_says_how_large_it_is() {
        let svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"40\" height=\"20\"/>";
        let bytes = Picture::new(svg.into(), 40, 20).to_png_at(85.0, 300.0).unwrap();
        let file = png::Decoder::new(std::io::Cursor::new(bytes)).read_info().unwrap();
        let (width, dots) = (file.info().width, file.info().pixel_dims.unwrap());
        assert_eq!(dots.unit, png::Unit::Meter);
        let millimetres = 1000.0 * f64::from(width) / f64::from(dots.xppu);
        assert!((millimetres - 85.0).abs() < 0.1, "{millimetres} mm");
    }
}
