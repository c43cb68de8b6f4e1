//! What can be computed about a flow: exact Jacobians at points, the local geometry that they are, the accounts of its
//! log-determinant, and an audit of whether its numbers can be trusted.
//!
//! Start with [`geometry`] for how a flow stretches its neighbourhood, with [`Ledger`] for which layer did it, with
//! [`audit`] for what is wrong. All results are plain numbers that serde can write.

pub mod audit;
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
mod part;
pub mod projections;
mod sign;
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
pub(crate) use part::Whole;
pub use part::{BadWeights, Part, bad_weights};
pub use sign::Sign;
pub(crate) use sign::range;
pub(crate) use tangents::solve;
pub use tangents::{jacobians, push};
