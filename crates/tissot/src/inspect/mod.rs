//! What can be computed about a flow at a point: exact Jacobians, the local geometry that they are, and the accounts of
//! its log-determinant.
//!
//! Start with [`geometry`] for how a flow stretches its neighbourhood, with [`Ledger`] for which layer did it. All
//! results are plain numbers that serde can write.

mod balance;
mod digits;
mod double;
mod ellipse;
mod geometry;
mod inputs;
pub mod jacobian;
mod lanczos;
mod leading;
mod ledger;
mod mass;
mod matrix;
mod metric;
pub mod projections;
mod tangents;

pub use balance::{Balance, Gap};
pub use digits::{DIGITS_OF_F32, Digits, digits_left, digits_measured};
pub use ellipse::Ellipse;
pub use geometry::{LocalGeometry, SEPARATED, geometry, geometry_of_layers};
pub use inputs::Inputs;
pub use leading::{Leading, largest_singular_values, smallest_singular_values};
pub use ledger::{Kind, LEVELS, Ledger, Summary, Term};
pub use mass::{Mass, mass};
pub use metric::{Angle, Metric, geometry_of_model};
pub(crate) use tangents::solve;
pub use tangents::{jacobians, push};
