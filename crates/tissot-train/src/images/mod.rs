//! Sets of images: reading them from disk, and drawing them as a grid.
//!
//! [`Images::open`] finds out by the content what a path holds:
//!
//! * **a folder of PNG and JPEG files**, grey or in colour; sub-folders are classes;
//! * **IDX**, the format of MNIST, plain or gzipped; `train-images-idx3-ubyte` finds its labels in `train-labels-idx1-ubyte`;
//! * **CIFAR-10's binary files**, one or a folder of `data_batch_*.bin`, with the classes of `batches.meta.txt`;
//! * **NPY and NPZ**: whole numbers from 0 to 255 of any type, `[n, height, width]`, `[n, height, width, channels]` or
//!   `[n, channels, height, width]`, of 1 or 3 channels (where both fit, the last side is the channels);
//! * **one PNG or JPEG file**, a set of one.
//!
//! Images are bytes, row by row with the channels last: `[n, height, width, channels]`. A set that takes no more memory
//! than [`ImageOptions::memory`] is read whole; a larger one stays on disk and is read image by image, unless it is
//! compressed. What goes wrong is an [`ImageError`], one line with the file; images are counted from 1 in it.
//!
//! # Examples
//!
//! ```
//! use tissot_train::images::{ImageOptions, Images, grid};
//!
//! let directory = tempfile::tempdir()?;
//! // Two images of 2 x 3 pixels in MNIST's format: a header, then the pixels.
//! let header = [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3];
//! let pixels = [0, 50, 100, 150, 200, 250, 1, 2, 3, 4, 5, 6];
//! let path = directory.path().join("two-images-idx3-ubyte");
//! std::fs::write(&path, [&header[..], &pixels].concat())?;
//!
//! let images = Images::open(&path, &ImageOptions::default())?;
//! assert_eq!((images.len(), images.shape()), (2, [2, 3, 1]));
//! let mut second = Vec::new();
//! images.read(&[1], &mut second)?;
//! assert_eq!(second, [1, 2, 3, 4, 5, 6]);
//!
//! let both = grid(&pixels, images.shape(), images.levels);
//! both.save(directory.path().join("grid.png"))?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod array;
mod cifar;
mod classes;
mod error;
mod flip;
mod folder;
mod grid;
mod idx;
mod npy;
mod open;
mod options;
mod picture;
mod records;
mod set;
mod view;

pub use error::ImageError;
pub use flip::flip;
pub use grid::{Grid, grid, picture};
pub use npy::save_npy;
pub use open::recognises;
pub use options::ImageOptions;
pub use set::Images;
