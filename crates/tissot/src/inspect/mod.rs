//! What can be computed about a flow at a point: exact Jacobians.

pub mod jacobian;
mod matrix;
