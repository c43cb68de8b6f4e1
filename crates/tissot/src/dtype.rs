//! Number types: the type of a module's weights, and a copy of it in another.

use crate::error::Error;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{DType, Device, FloatDType, Tensor};
use serde::{Deserialize, Serialize};

/// How exactly a device computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// 24 bits, some 7 digits: what every device has.
    #[default]
    F32,
    /// 53 bits, some 16 digits: on CPU devices, at a third to a half of the speed.
    F64,
}

impl From<Precision> for FloatDType {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::F32 => Self::F32,
            Precision::F64 => Self::F64,
        }
    }
}

impl From<Precision> for DType {
    fn from(precision: Precision) -> Self {
        FloatDType::from(precision).into()
    }
}

/// The number type of a module's first weight; f32 for a module without weights.
pub fn of<M: Module>(module: &M) -> DType {
    first(module).map_or(DType::F32, |(_, dtype)| dtype)
}

/// Where a module's first weight is, and its number type.
pub(crate) fn first<M: Module>(module: &M) -> Option<(Device, DType)> {
    struct First(Option<(Device, DType)>);
    impl ModuleVisitor for First {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.0.is_none() {
                let weight = param.val();
                self.0 = Some((weight.device(), weight.dtype()));
            }
        }
    }
    let mut first = First(None);
    module.visit(&mut first);
    first.0
}

/// Whether the device really computes in f64: burn 0.22's wgpu says that it does and returns nonsense from exp and
/// log, so one exponential is tried.
pub fn has_f64(device: &Device) -> bool {
    device.supports_dtype(DType::F64) && {
        let half = Tensor::<1>::full([1], 0.5, (device, DType::F64));
        half.exp().try_into_scalar::<f64>().is_ok_and(|e| (e - 0.5_f64.exp()).abs() < 1e-12)
    }
}

/// The module with every float weight in `dtype`; ids, and what is trained, stay.
///
/// # Errors
/// [`Error::Config`] for f64 on a device that has none (see [`has_f64`]).
pub fn cast<M: Module>(module: M, dtype: FloatDType) -> Result<M, Error> {
    if matches!(dtype, FloatDType::F64)
        && let Some(device) = module.devices().into_iter().find(|device| !has_f64(device))
    {
        return Err(Error::config(
            "dtype",
            format!("f64 on {device:?}"),
            "f64 on a CPU device (flex or ndarray)",
        ));
    }
    struct Cast(FloatDType);
    impl ModuleMapper for Cast {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| {
                let require_grad = tensor.is_require_grad();
                let tensor = tensor.detach().cast(self.0).detach();
                if require_grad { tensor.require_grad() } else { tensor }
            })
        }
    }
    Ok(module.map(&mut Cast(dtype)))
}
