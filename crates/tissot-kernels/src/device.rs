//! Which devices have kernels.

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Device, Tensor};

/// Where a kernel runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the host, for burn's CPU backend Flex, in f32 and f64.
    Flex,
    /// On a GPU, for burn's CubeCL backend, in f32.
    Cube,
}

/// Where kernels for `tensor` run, autodiff or not; `None` where there are none.
pub(crate) fn place<const D: usize>(tensor: &Tensor<D>) -> Option<Place> {
    place_of(&tensor.device(), tensor.dtype())
}

/// The same for tensors of this device and number type.
pub(crate) fn place_of(device: &Device, dtype: DType) -> Option<Place> {
    match (backend(device.as_dispatch())?, dtype) {
        (Place::Flex, DType::F32 | DType::F64) => Some(Place::Flex),
        (Place::Cube, DType::F32) => Some(Place::Cube),
        _ => None,
    }
}

/// Whether there are kernels for it on the host.
pub(crate) fn is_on_host(device: &Device, dtype: DType) -> bool {
    place_of(device, dtype) == Some(Place::Flex)
}

fn backend(device: &DispatchDevice) -> Option<Place> {
    match device {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => Some(Place::Flex),
        #[cfg(feature = "cube")]
        DispatchDevice::Cube(_) => crate::cube::is_reachable().then_some(Place::Cube),
        DispatchDevice::Autodiff(device) => backend(device),
        #[allow(unreachable_patterns)] // where these are all there is
        _ => None,
    }
}
