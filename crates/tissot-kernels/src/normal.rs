//! The log-density of the standard normal distribution.

use crate::device::{Place, place};
use burn::tensor::Tensor;

#[cfg(feature = "flex")]
mod op;

/// `log p(z) = -|z|^2 / 2 - n log(2 pi) / 2` of each row.
///
/// `None` where there is no kernel for this device and number type. The sums are made in f64.
///
/// # Shapes
/// `[rows, n]` -> `[rows]`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tissot_kernels::normal::log_prob;
///
/// let z = Tensor::<2>::from_data([[1.0, 2.0]], &Device::flex());
/// let found = log_prob(&z).expect("a kernel on Flex").into_scalar::<f32>();
/// assert!((found - (-2.5 - 1.837_877)).abs() < 1e-6);
/// ```
pub fn log_prob(z: &Tensor<2>) -> Option<Tensor<1>> {
    if place(z) != Some(Place::Flex) {
        return None;
    }
    #[cfg(feature = "flex")]
    return Some(op::log_prob(z));
    #[cfg(not(feature = "flex"))]
    None
}
