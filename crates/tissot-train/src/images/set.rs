//! A set of images, in memory or on disk.

use super::folder::Pictures;
use super::records::Records;
use super::view::Shape;
use super::{ImageError, ImageOptions};
use crate::table::error::list;

/// A set of images of one shape, perhaps with a class for each.
///
/// [`open`](Self::open) reads one from disk, [`from_pixels`](Self::from_pixels) makes one of what is at hand.
#[derive(Debug)]
pub struct Images {
    /// The rows of pixels in each image.
    pub height: usize,
    /// The pixels in each row.
    pub width: usize,
    /// The channels of each pixel: 1 for grey, 3 for colours.
    pub channels: usize,
    /// How many values there are: each is from 0 to `levels - 1`.
    pub levels: usize,
    /// The class of each image as an index of `classes`.
    pub labels: Option<Vec<usize>>,
    /// The names of the classes; empty where there are no labels.
    pub classes: Vec<String>,
    pub(super) count: usize,
    pub(super) store: Store,
}

/// Where the pixels are.
pub(super) enum Store {
    Memory(Vec<u8>),
    Records(Records),
    Pictures(Pictures),
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Memory(pixels) => write!(f, "Memory({} bytes)", pixels.len()),
            Self::Records(_) => f.write_str("Records"),
            Self::Pictures(_) => f.write_str("Pictures"),
        }
    }
}

impl Images {
    /// Opens what the path names; see the [module](super) for what that can be.
    ///
    /// `file.npz:NAME` is one array of an archive, `-` standard input. A set that is read whole is checked whole; of one
    /// that stays on disk, damaged pictures are found when they are read.
    ///
    /// # Errors
    /// [`ImageError`], one line that says what was found, what was expected, and where.
    ///
    /// # Panics
    /// For options that cannot be: levels other than 2 to 256, sides other than 1 to 65535.
    pub fn open(path: impl AsRef<std::path::Path>, options: &ImageOptions) -> Result<Self, ImageError> {
        super::open::open(path.as_ref(), options)
    }

    /// A set of the images `[n, height, width, channels]`, of 256 levels and without labels.
    ///
    /// # Panics
    /// Where the bytes are no whole number of images, or none.
    #[must_use]
    pub fn from_pixels(pixels: Vec<u8>, shape: [usize; 3]) -> Self {
        let image: usize = shape.iter().product();
        assert!(image > 0 && !pixels.is_empty() && pixels.len().is_multiple_of(image), "no whole images");
        Self::new(pixels.len() / image, shape, 256, Store::Memory(pixels))
    }

    pub(super) fn new(count: usize, [height, width, channels]: Shape, levels: usize, store: Store) -> Self {
        Self { height, width, channels, levels, labels: None, classes: Vec::new(), count, store }
    }

    /// How many images there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are none; a set from disk has one at least.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Height, width and channels.
    #[must_use]
    pub fn shape(&self) -> [usize; 3] {
        [self.height, self.width, self.channels]
    }

    /// Whether the images are in memory; others are read from disk each time.
    #[must_use]
    pub fn in_memory(&self) -> bool {
        matches!(self.store, Store::Memory(_))
    }

    /// Puts the images of these indices, counted from 0, into `out`: `[indices, height, width, channels]`.
    ///
    /// # Errors
    /// [`ImageError`] where the images are on disk and cannot be read. Never for images in memory.
    ///
    /// # Panics
    /// Where an index is not below [`len`](Self::len).
    pub fn read(&self, indices: &[usize], out: &mut Vec<u8>) -> Result<(), ImageError> {
        if let Some(index) = indices.iter().find(|&&index| index >= self.count) {
            panic!("image {index} of a set of {}", self.count);
        }
        out.clear();
        let image: usize = self.shape().iter().product();
        match &self.store {
            Store::Memory(pixels) => {
                indices.iter().for_each(|index| out.extend_from_slice(&pixels[index * image..][..image]));
                Ok(())
            }
            Store::Records(records) => records.read(indices, out),
            Store::Pictures(pictures) => pictures.read(indices, out),
        }
    }

    /// The labels as indices of other classes, such as those of a model, by their names.
    ///
    /// # Errors
    /// [`ImageError::Unlabelled`], [`ImageError::UnknownClass`].
    pub fn labels_among(&self, classes: &[String]) -> Result<Vec<usize>, ImageError> {
        let labels =
            self.labels.as_ref().ok_or_else(|| ImageError::Unlabelled { existing: list(classes) })?;
        let places: Vec<_> =
            self.classes.iter().map(|name| classes.iter().position(|other| other == name)).collect();
        let place = |&label: &usize| {
            places[label].ok_or_else(|| ImageError::UnknownClass {
                class: self.classes[label].clone(),
                existing: list(classes),
            })
        };
        labels.iter().map(place).collect()
    }
}
