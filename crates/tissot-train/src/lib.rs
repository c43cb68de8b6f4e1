//! Placeholder.

pub mod baseline;
pub mod checks;
pub mod embedded;
pub mod synthetic;
