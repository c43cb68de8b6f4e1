//! Layers: the elementary bijections.

mod actnorm;
mod autoregressive;
mod coupling;
mod linear;
mod permutation;

pub use actnorm::ActNorm;
pub use autoregressive::Autoregressive;
pub use coupling::{Coupling, Mask};
pub use linear::{DiagonalLaw, LuLinear, LuLinearConfig, PermutationPlace};
pub use permutation::{Permutation, PermutationConfig};
