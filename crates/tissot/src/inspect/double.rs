//! A bijection, its point and its context in f64, where the device has it.

use crate::bijection::{Bijection, Context};
use crate::dtype;
use burn::tensor::{DType, FloatDType, Tensor};

/// Copies in f64 or, on a device without f64, in the type that they have; without autodiff.
pub(super) struct Double<const D: usize, B> {
    pub bijection: B,
    pub x: Tensor<D>,
    features: Option<Tensor<2>>,
    maps: Option<Tensor<4>>,
}

impl<const D: usize, B: Bijection<D>> Double<D, B> {
    pub fn of(bijection: &B, x: &Tensor<D>, context: Context<'_>) -> Self {
        let device = x.device().without_autodiff();
        let copy = dtype::has_f64(&device).then(|| dtype::cast(bijection.clone(), FloatDType::F64).ok());
        let (bijection, dtype) = match copy.flatten() {
            Some(copy) => (copy, DType::F64),
            None => (bijection.clone(), x.dtype()),
        };
        Self {
            bijection,
            x: plain(x, dtype),
            features: context.features.map(|c| plain(c, dtype)),
            maps: context.maps.map(|c| plain(c, dtype)),
        }
    }

    /// Some of the rows.
    pub fn rows(&self, start: usize, rows: usize) -> Self {
        Self {
            bijection: self.bijection.clone(),
            x: self.x.clone().narrow(0, start, rows),
            features: self.features.as_ref().map(|c| c.clone().narrow(0, start, rows)),
            maps: self.maps.as_ref().map(|c| c.clone().narrow(0, start, rows)),
        }
    }

    pub fn context(&self) -> Context<'_> {
        Context { features: self.features.as_ref(), maps: self.maps.as_ref() }
    }
}

fn plain<const D: usize>(x: &Tensor<D>, dtype: DType) -> Tensor<D> {
    x.clone().detach().without_autodiff().cast(dtype)
}
