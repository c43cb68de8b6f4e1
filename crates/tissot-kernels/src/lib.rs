//! Fused differentiable operations for normalizing flows on burn.
//!
//! Each operation is a function on plain tensors. Where there is no kernel for their device and number type it is composed
//! of tensor operations, or returns `None`, and the caller composes it. Each has one node in the autodiff graph and a gradient
//! written by hand, which recomputes what it needs: nothing is kept for the backward pass but inputs and, where that is all it
//! takes, the output.
//!
//! Every line of the workspace that touches burn's backend traits is here. Kernels exist for burn's CPU backend, Flex, in
//! f32 and f64. They work on blocks of [`LANES`] elements, in loops over lanes that the compiler turns into vector
//! instructions for the processor at hand, and in parallel over rows. Some exist for GPUs too, in f32, written once in CubeCL
//! for wgpu, Vulkan, CUDA and ROCm.

pub mod activation;
pub mod conv;
#[cfg(feature = "cube")]
mod cube;
pub mod dense;
mod device;
pub mod few;
#[cfg(feature = "flex")]
mod flex;
pub mod lu;
pub mod made;
#[cfg(feature = "flex")]
mod matrix;
pub mod memory;
pub mod normal;
pub mod optimiser;
mod real;
mod simd;
pub mod threads;
pub mod univariate;

pub use real::{LANES, Lanes, Real};
