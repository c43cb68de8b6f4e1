//! Fitting flows to tables: reading them, preparing their columns, the training loop.

mod batches;
mod blame;
mod checkpoint;
mod error;
mod fit;
mod metrics;
mod optim;
mod preprocess;
mod rows;
mod settings;

pub use blame::first_not_finite;
pub use error::FitError;
pub use fit::{Event, Fit, Fitted, Stop};
pub use preprocess::fit_columns;
pub use rows::{Rows, SplitBy, Splits};
pub use settings::{NotFinite, Schedule, Settings};
