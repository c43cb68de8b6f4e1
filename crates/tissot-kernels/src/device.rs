//! Which devices have kernels.

use burn::backend::DispatchDevice;
use burn::tensor::{DType, Device, Tensor};

/// Whether there are kernels for `tensor`: on burn's CPU backend Flex, autodiff or not, in f32 and f64.
pub(crate) fn has_kernels<const D: usize>(tensor: &Tensor<D>) -> bool {
    serves(&tensor.device(), tensor.dtype())
}

/// The same for tensors of this device and number type.
pub(crate) fn serves(device: &Device, dtype: DType) -> bool {
    matches!(dtype, DType::F32 | DType::F64) && is_flex(device.as_dispatch())
}

fn is_flex(device: &DispatchDevice) -> bool {
    match device {
        #[cfg(feature = "flex")]
        DispatchDevice::Flex(_) => true,
        DispatchDevice::Autodiff(device) => is_flex(device),
        #[allow(unreachable_patterns)] // where Flex is the only backend
        _ => false,
    }
}
