//! Fused differentiable operations for normalizing flows on burn.
