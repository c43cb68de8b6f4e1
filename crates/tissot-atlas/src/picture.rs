//! A finished picture: as SVG text, as PNG bytes, in a file.

use crate::{AtlasError, font};
use resvg::tiny_skia::{Pixmap, Transform};
use resvg::usvg::{Options, Tree};
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
        let failed = |error: &dyn std::fmt::Display| AtlasError::Draw(error.to_string());
        let options =
            Options { fontdb: font::DATABASE.clone(), font_family: "Inter".into(), ..Options::default() };
        let tree = Tree::from_str(&self.svg, &options).map_err(|error| failed(&error))?;
        let mut pixels =
            Pixmap::new(self.width, self.height).ok_or_else(|| failed(&"a picture without pixels"))?;
        resvg::render(&tree, Transform::identity(), &mut pixels.as_mut());
        pixels.encode_png().map_err(|error| failed(&error))
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
        let write = || -> std::io::Result<()> {
            let mut file = atomic_write_file::AtomicWriteFile::open(path)?;
            file.write_all(&bytes)?;
            file.commit()
        };
        write().map_err(|source| AtlasError::Write { path: path.to_owned(), source })
    }
}
