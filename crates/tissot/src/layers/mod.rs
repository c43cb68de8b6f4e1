//! Layers: the elementary bijections.

mod actnorm;
mod autoregressive;
mod coupling;
mod linear;
mod mask;
mod permutation;
mod tangent;

pub(crate) use tangent::unit_tangents;

pub use actnorm::{ActNorm, ActNormConfig};
pub use autoregressive::{Autoregressive, AutoregressiveConfig};
pub use coupling::{Coupling, CouplingConfig};
pub use linear::{DiagonalLaw, LinearStart, LuLinear, LuLinearConfig, PermutationPlace};
pub use mask::Mask;
pub use permutation::{Permutation, PermutationConfig};
