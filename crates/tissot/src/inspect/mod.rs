//! What can be computed about a flow at a point: exact Jacobians, the local geometry that they are, and the accounts of
//! its log-determinant.
//!
//! Start with [`geometry`] for how a flow stretches its neighbourhood, with [`Ledger`] for which layer did it. All
//! results are plain numbers that serde can write.

mod balance;
mod ellipse;
mod geometry;
mod inputs;
pub mod jacobian;
mod ledger;
mod mass;
mod matrix;
mod metric;
pub mod projections;
mod tangents;

pub use balance::{Balance, Gap};
pub use ellipse::Ellipse;
pub use geometry::{LocalGeometry, SEPARATED, geometry, geometry_of_layers};
pub use inputs::Inputs;
pub use ledger::{Kind, LEVELS, Ledger, Summary, Term};
pub use mass::{Mass, mass};
pub use metric::{Angle, Metric, geometry_of_model};
pub use tangents::{jacobians, push};
