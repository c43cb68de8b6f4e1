//! The two number types of the kernels.

use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{Bytes, DType, Shape};
use std::ops::{Add, AddAssign, Mul};

/// f32 or f64.
pub(super) trait Real:
    Copy + PartialOrd + AddAssign + Add<Output = Self> + Mul<Output = Self> + Send + Sync + 'static
{
    const ZERO: Self;
    const ONE: Self;

    fn from_f64(value: f64) -> Self;

    /// 0 where the condition holds, else the number; without a branch.
    fn zero_where(self, condition: bool) -> Self;

    /// The whole buffer behind a tensor of this type, whatever part of it the tensor is.
    fn storage(tensor: &FlexTensor) -> &[Self];

    /// The same to write to; a buffer that others see is copied first.
    fn storage_mut(tensor: &mut FlexTensor) -> &mut [Self];

    /// A tensor of these values.
    fn tensor(values: Vec<Self>, shape: &[usize]) -> FlexTensor;
}

macro_rules! real {
    ($type:ty, $bits:ty, $dtype:ident) => {
        impl Real for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline(always)]
            fn from_f64(value: f64) -> Self {
                value as $type
            }

            #[inline(always)]
            fn zero_where(self, condition: bool) -> Self {
                Self::from_bits(self.to_bits() & <$bits>::from(condition).wrapping_sub(1))
            }

            fn storage(tensor: &FlexTensor) -> &[Self] {
                tensor.storage()
            }

            fn storage_mut(tensor: &mut FlexTensor) -> &mut [Self] {
                tensor.storage_mut()
            }

            fn tensor(values: Vec<Self>, shape: &[usize]) -> FlexTensor {
                debug_assert_eq!(values.len(), shape.iter().product::<usize>());
                let layout = Layout::contiguous(Shape::from(shape.to_vec()));
                FlexTensor::new(Bytes::from_elems(values), layout, DType::$dtype)
            }
        }
    };
}

real!(f32, u32, F32);
real!(f64, u64, F64);
