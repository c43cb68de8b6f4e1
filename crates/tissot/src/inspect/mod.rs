//! What can be computed about a flow: exact Jacobians, and an audit of its numbers.

pub mod audit;
pub mod jacobian;
mod matrix;
mod part;
mod sign;

pub use part::{BadWeights, Part, bad_weights};
pub(crate) use part::Whole;
pub use sign::Sign;
pub(crate) use sign::range;
