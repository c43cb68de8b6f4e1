//! How images are read.

/// How images are read; [`ImageOptions::default`] takes them as they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImageOptions {
    /// Height and width that every image is resampled to (linearly, with averages where it shrinks); its sides are scaled
    /// apart, nothing is cut off. `None` keeps the size, which all images of a folder must then have in common.
    pub resize: Option<[usize; 2]>,
    /// Whether colours become grey (their luminance).
    pub gray: bool,
    /// How many values a pixel can have: 0 to `levels - 1`. Larger ones are an error.
    pub levels: usize,
    /// How many bytes the pixels of a set may take in memory; a larger one is read from disk as it is needed.
    pub memory: u64,
}

impl Default for ImageOptions {
    fn default() -> Self {
        Self { resize: None, gray: false, levels: 256, memory: 1 << 30 }
    }
}
