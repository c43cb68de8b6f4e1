//! Tensors of burn's CubeCL backend.

use burn::backend::tensor::FloatTensor;
use burn::tensor::Shape;
use burn_cubecl::cubecl::prelude::BufferArg;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::ops::numeric::empty_device_contiguous_dtype;
use burn_cubecl::tensor::CubeTensor;
use std::any::{Any, TypeId};

/// The backend that the kernels are written for. Without this crate's feature `fusion` another crate may have turned on
/// burn's, and then it is one whose tensors the kernels cannot reach.
#[cfg(not(feature = "fusion"))]
pub(crate) use burn_cubecl::Cube as Target;
/// The backend that the kernels are written for: with this crate's feature `fusion`, `Fusion` gets its operations from those.
#[cfg(feature = "fusion")]
pub(crate) use burn_cubecl::CubeBackend as Target;

/// Whether the kernels can reach the tensors of [`Target`].
pub(crate) fn is_reachable() -> bool {
    TypeId::of::<FloatTensor<Target>>() == TypeId::of::<CubeTensor>()
}

/// The tensor inside, its numbers one after the other.
///
/// # Panics
/// Where the tensors of [`Target`] are others: no kernel is chosen then.
pub(crate) fn enter(tensor: FloatTensor<Target>) -> CubeTensor {
    into_contiguous(cast(tensor))
}

/// The tensor for burn.
///
/// # Panics
/// As [`enter`].
pub(crate) fn leave(tensor: CubeTensor) -> FloatTensor<Target> {
    cast(tensor)
}

/// The same value under another name of its type.
fn cast<A: Any, B: Any>(value: A) -> B {
    let mut value = Some(value);
    let value: &mut dyn Any = &mut value;
    value.downcast_mut::<Option<B>>().and_then(Option::take).expect("a tensor of burn's CubeCL backend")
}

/// A tensor to be filled, on the device of `like`.
pub(crate) fn empty(like: &CubeTensor, shape: &[usize]) -> CubeTensor {
    let shape = Shape::from(shape.to_vec());
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape, like.dtype)
}

/// A tensor to be filled, of the shape of `like` and on its device.
pub(crate) fn like(like: &CubeTensor) -> CubeTensor {
    let shape = like.meta.shape().clone();
    empty_device_contiguous_dtype(like.client.clone(), like.device.clone(), shape, like.dtype)
}

/// The tensor's numbers as an argument of a kernel.
pub(crate) fn buffer(tensor: &CubeTensor) -> BufferArg {
    tensor.clone().into_buffer_arg()
}
