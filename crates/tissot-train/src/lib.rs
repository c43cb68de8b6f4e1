//! Fitting flows: reading tables and images, preparing columns, the training loop.

mod adam;
pub mod baseline;
mod batches;
mod beside;
mod blame;
mod checkpoint;
pub mod checks;
pub mod embedded;
mod error;
mod event;
mod fit;
mod fit_images;
pub mod images;
mod keys;
mod metrics;
mod optim;
mod preprocess;
mod rows;
mod run;
mod settings;
mod snapshots;
pub mod synthetic;
pub mod table;

pub use adam::Adam;
pub use beside::BesideGaussian;
pub use blame::first_not_finite;
pub use checkpoint::checkpoint_path;
pub use error::FitError;
pub use event::{Event, Fitted, Stop, bits_per_dim};
pub use fit::Fit;
pub use fit_images::{FitImages, FittedImages, Parts};
pub use keys::{groups, times};
pub use preprocess::fit_columns;
pub use rows::{Rows, SplitBy, Splits};
pub use settings::{NotFinite, Schedule, Settings};
pub use snapshots::snapshot_steps;
