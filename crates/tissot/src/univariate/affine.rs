//! A scale and a shift of each element.

use super::{LogScale, Univariate, param, summed};
use crate::Error;
use crate::bijection::expanded;
use crate::inspect::jacobian::host;
use crate::inspect::{Sign, range};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use tissot_kernels::made::{self, ColumnInverse};
use tissot_kernels::univariate::{self as fused, Direction};

/// Whether an affine function scales or shifts first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum AffineOrder {
    /// `y = x s + t`.
    #[default]
    ScaleThenShift,
    /// `y = (x - t) s`.
    ShiftThenScale,
}

/// Scales and shifts each element.
///
/// ```text
/// y = x s + t      or  y = (x - t) s          log dy/dx = log s
/// x = (y - t) / s  or  x = y / s + t
/// ```
///
/// Two parameters an element: the shift `t`, and `u`, of which [`LogScale`] makes `log s`. The functions of affine
/// couplings (Dinh et al. 2017, Real NVP, eq. 4) and of masked autoregressive flows (Papamakarios et al. 2017, eq. 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Affine {
    /// How `u` becomes a scale.
    pub scale: LogScale,
    /// What is done first.
    pub order: AffineOrder,
}

impl Affine {
    /// Checks the constants.
    ///
    /// # Errors
    /// [`Error::Config`] where a constant of the scale law is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        self.scale.validate().map_err(|error| error.within("scale"))
    }

    /// The order in the words of the kernels.
    fn kernel_order(&self) -> fused::Order {
        match self.order {
            AffineOrder::ScaleThenShift => fused::Order::ScaleThenShift,
            AffineOrder::ShiftThenScale => fused::Order::ShiftThenScale,
        }
    }

    /// The shift, `log s` as the parameters have it, and `log s` of every element, `[batch, elements]`.
    fn parts(&self, dims: [usize; 2], params: &Tensor<3>) -> (Tensor<2>, Tensor<2>, Tensor<2>) {
        let log_s = self.scale.of(param(params, 1));
        let slopes = if log_s.dims() == dims { log_s.clone() } else { expanded(log_s.clone(), dims) };
        (param(params, 0), log_s, slopes)
    }
}

impl Univariate for Affine {
    fn num_params(&self) -> usize {
        2
    }

    fn start(&self) -> Vec<f64> {
        vec![0.0, self.scale.start()]
    }

    fn elementwise(&self, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
        let (t, log_s, slopes) = self.parts(x.dims(), &params);
        let s = log_s.exp();
        let y = match self.order {
            AffineOrder::ScaleThenShift => x * s + t,
            AffineOrder::ShiftThenScale => (x - t) * s,
        };
        (y, slopes)
    }

    fn elementwise_inverse(&self, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
        let (t, log_s, slopes) = self.parts(y.dims(), &params);
        let reciprocal = log_s.neg().exp();
        let x = match self.order {
            AffineOrder::ScaleThenShift => (y - t) * reciprocal,
            AffineOrder::ShiftThenScale => y * reciprocal + t,
        };
        (x, slopes.neg())
    }

    fn fused(&self) -> Option<fused::Univariate> {
        let order = self.kernel_order();
        Some(fused::Univariate::Affine(fused::Affine { scale: self.scale.law()?, order }))
    }

    /// By one fused operation where the device has it.
    fn forward(&self, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<1>) {
        self.fused()
            .and_then(|kernel| fused::apply(&x, &params, kernel, Direction::Forward))
            .unwrap_or_else(|| summed(self.elementwise(x, params)))
    }

    /// By one fused operation where the device has it.
    fn inverse(&self, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<1>) {
        self.fused()
            .and_then(|kernel| fused::apply(&y, &params, kernel, Direction::Inverse))
            .unwrap_or_else(|| summed(self.elementwise_inverse(y, params)))
    }

    fn examine(&self, _: &Tensor<2>, params: &Tensor<3>, note: &mut dyn FnMut(Sign)) {
        let u = param(params, 1);
        let (least, greatest) = range(host(self.scale.of(u.clone())).into_iter());
        note(Sign::LogScale { least, greatest });
        let (low, high) = self.scale.learns_within();
        let u = host(u);
        let saturated = u.iter().filter(|&&u| !(low..=high).contains(&u)).count();
        note(Sign::Saturated { saturated, elements: u.len() });
    }

    fn column_inverse(&self) -> Option<Box<dyn ColumnInverse>> {
        Some(match (self.fused(), self.scale) {
            (Some(kernel), _) => Box::new(kernel),
            (None, LogScale::Atan { clamp }) => {
                Box::new(made::AtanAffine { factor: 0.636 * clamp, order: self.kernel_order() })
            }
            (None, _) => return None,
        })
    }
}
