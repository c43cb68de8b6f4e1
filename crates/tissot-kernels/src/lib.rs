//! Fused differentiable operations for normalizing flows on burn.

pub mod made;
