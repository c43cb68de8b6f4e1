//! Layers: the elementary bijections.

mod actnorm;
mod autoregressive;
mod checkerboard;
mod circular;
mod coupling;
mod linear;
mod mask;
mod permutation;
mod split;
mod squeezed;
mod tail;
mod tangent;
mod window;

pub(crate) use linear::factorise;
pub(crate) use tangent::unit_tangents;

pub use actnorm::{ActNorm, ActNormConfig};
pub use autoregressive::{Autoregressive, AutoregressiveConfig};
pub use checkerboard::{Checkerboard, CheckerboardConfig};
pub use circular::{
    CircularAutoregressive, CircularAutoregressiveConfig, CircularCoupling, CircularCouplingConfig, Rotation,
    RotationConfig,
};
pub use coupling::{Coupling, CouplingConfig};
pub use linear::{
    DiagonalLaw, FullLinear, FullLinearConfig, LinearStart, LuLinear, LuLinearConfig, PermutationPlace,
};
pub use mask::Mask;
pub use permutation::{Permutation, PermutationConfig};
pub use split::{Half, Split, SplitConfig};
pub use squeezed::{SqueezeOrder, Squeezed, SqueezedConfig};
pub use tail::{TailConfig, TailTransform, Tails};

use burn::tensor::{Device, Int, Tensor, TensorData};

/// Numbers of features or elements as a tensor, for `select`.
fn indices(values: &[usize], device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.iter().map(|&i| i as i64).collect();
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}
