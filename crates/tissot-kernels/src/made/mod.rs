//! Inverses of masked autoregressive networks, feature by feature, for the cost of one pass.
//!
//! The usual inverse runs the whole network once for each feature. But when the feature at place `k` of the order has
//! been found, only the hidden units of degree `k + 1` become known, and only they need to be computed before the next
//! feature's parameters can be: over all features, each unit is computed once.
//!
//! Many rows are worked on in strips, a lane of a vector each, with the weights laid out once in the order in which they
//! are needed; a few rows are worked on one by one, each new unit being added to all units after it. So it is on GPUs too,
//! where all steps of all rows are one kernel.

#[cfg(feature = "cube")]
mod cube;
#[cfg(feature = "flex")]
mod host;
#[cfg(feature = "flex")]
mod implicit;
mod net;
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
mod number;
#[cfg(feature = "flex")]
mod plan;
#[cfg(feature = "flex")]
mod row;
#[cfg(feature = "flex")]
mod run;
#[cfg(feature = "flex")]
mod strip;
#[cfg(feature = "flex")]
mod sweep;
#[cfg(feature = "flex")]
mod tile;
#[cfg(feature = "flex")]
mod transposed;
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
mod univariate;

pub use net::{Layer, Net};
pub use univariate::{AtanAffine, Column, ColumnGradient, ColumnInverse, Columns, Shift};

use crate::device::{is_on_host, place_of};
use burn::tensor::{DType, Device, Tensor};

/// Whether [`inverse`] may have a kernel for tensors of this device and type: f32 and f64 on Flex, f32 on GPUs, without
/// autodiff.
pub fn is_supported(device: &Device, dtype: DType) -> bool {
    place_of(device, dtype).is_some() && !device.is_autodiff()
}

/// Whether [`with_gradient`] has one: on Flex.
pub fn is_differentiable(device: &Device, dtype: DType) -> bool {
    is_on_host(device, dtype)
}

/// `x`, which [`inverse`] made of `z`, with the gradients of `z` and of all that `f` depends on.
///
/// `f` is the forward map at `x` without gradients of `x`, so its value is `z` again. By the implicit function theorem
/// `dx = J^-1 (dz - df)` with `J = df/dx`; the way back is one triangular solve, for the cost of two passes. `x` has no
/// autodiff, and neither has `net`.
///
/// `None` where there is no kernel for the tensors' devices and types.
///
/// # Shapes
/// `x`, `z`, `f`: `[rows, features]`.
pub fn with_gradient(
    x: Tensor<2>,
    z: Tensor<2>,
    f: Tensor<2>,
    net: Net,
    univariate: Box<dyn ColumnInverse>,
) -> Option<Tensor<2>> {
    #[cfg(feature = "flex")]
    return implicit::with_gradient(x, z, f, net, univariate);
    #[cfg(not(feature = "flex"))]
    {
        let _ = (x, z, f, net, univariate);
        None
    }
}

/// `x` with `z_i = u(x_i; net_i(x))` and `log |det dx/dz|`.
///
/// `None` where there is no kernel for the tensors' devices and types, and where there are no rows; on a GPU also for a
/// univariate that its kernel does not know, and for a network too wide for its memory.
///
/// # Shapes
/// `z`: `[rows, features]` -> `[rows, features]`, `[rows]`.
///
/// # Panics
/// Where the shapes of `net` do not fit together.
pub fn inverse(z: Tensor<2>, net: &Net, univariate: &dyn ColumnInverse) -> Option<(Tensor<2>, Tensor<1>)> {
    if !is_supported(&z.device(), z.dtype()) || z.dims().contains(&0) {
        return None;
    }
    match place_of(&z.device(), z.dtype())? {
        #[cfg(feature = "flex")]
        crate::device::Place::Flex => run::inverse(z, net, univariate),
        #[cfg(feature = "cube")]
        crate::device::Place::Cube => cube::inverse(z, net, univariate),
        #[allow(unreachable_patterns)] // where both are built in
        _ => {
            let _ = (net, univariate);
            None
        }
    }
}
