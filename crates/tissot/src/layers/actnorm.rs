//! ActNorm: a shift and a scale for each feature, set from a first batch.

use crate::bijection::{Bijection, Context, along_features, expanded, positions};
use crate::error::Error;
use crate::inspect::jacobian::host;
use crate::inspect::{Sign, range};
use crate::layers::tangent;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use tissot_kernels::few::{Norm, Rows};
use tissot_kernels::univariate::Direction;

/// How to make an [`ActNorm`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActNormConfig {
    /// The smallest standard deviation that a feature of the first batch is taken to have, in units of the feature.
    pub epsilon: f64,
}

impl Default for ActNormConfig {
    fn default() -> Self {
        Self { epsilon: 1e-6 }
    }
}

impl ActNormConfig {
    /// An ActNorm of `features`, at its start the identity.
    ///
    /// # Errors
    /// [`Error::Config`] for no features, or an `epsilon` that is not a number from 1e-30 to 1e30.
    pub fn init(&self, features: usize, device: &Device) -> Result<ActNorm, Error> {
        if features == 0 {
            return Err(Error::config("features", features, "at least 1"));
        }
        if !(1e-30..=1e30).contains(&self.epsilon) {
            return Err(Error::config("epsilon", self.epsilon, "a number from 1e-30 to 1e30, such as 1e-6"));
        }
        let zeros = || Param::from_tensor(Tensor::zeros([features], device));
        Ok(ActNorm { log_scale: zeros(), shift: zeros(), epsilon: self.epsilon })
    }
}

/// Scales and shifts each feature (channel); [`Bijection::initialize`] sets it to standardise a first batch.
///
/// With `s = exp(log_scale)`, at every position:
/// * `forward`: `z = x s + shift`, `log_det = positions * sum log_scale`;
/// * `inverse`: `x = (z - shift) / s`, `log_det` its negative.
///
/// `initialize` takes the mean `m` and the standard deviation `d` (divided by n) of each feature over the batch and
/// the positions, and sets `s = 1 / max(d, epsilon)`, `shift = -m s`: outputs have mean 0 and standard deviation 1. A
/// feature that is constant in that batch gets the finite scale `1 / epsilon` and becomes 0 there.
///
/// Kingma and Dhariwal, "Glow: Generative Flow with Invertible 1x1 Convolutions", 2018, section 3.1.
///
/// # Shapes
/// `[batch, features, ..]`.
#[derive(Module, Debug)]
pub struct ActNorm {
    /// The logarithm of the scale, `[features]`.
    pub log_scale: Param<Tensor<1>>,
    /// What is added after the scale, `[features]`.
    pub shift: Param<Tensor<1>>,
    epsilon: f64,
}

impl ActNorm {
    fn log_det<const D: usize>(&self, dims: &[usize; D]) -> Tensor<1> {
        expanded(self.log_scale.val().sum().mul_scalar(positions(dims) as f64), [dims[0]])
    }
}

impl<const D: usize> Bijection<D> for ActNorm {
    fn forward(&self, x: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let log_det = self.log_det(&x.dims());
        let z = x * along_features(self.log_scale.val().exp()) + along_features(self.shift.val());
        (z, log_det)
    }

    fn inverse(&self, z: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let log_det = self.log_det(&z.dims()).neg();
        let x = (z - along_features(self.shift.val())) * along_features(self.log_scale.val().neg().exp());
        (x, log_det)
    }

    fn pass(&self, rows: &mut Rows, _: Context<'_>, direction: Direction) -> Option<()> {
        rows.norm(Norm { log_scale: self.log_scale.val(), shift: self.shift.val() }, direction)
    }

    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        let scale = along_features(self.log_scale.val().exp());
        let moved = tangent::each(tangents, x.dims(), |t| t * scale);
        Some((self.forward(x, context).0, moved))
    }

    fn depends_on_data(&self) -> bool {
        true
    }

    fn examine(&self, _: &Tensor<D>, _: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let (least, greatest) = range(host(self.log_scale.val()).into_iter());
        note(Sign::LogScale { least, greatest });
    }

    /// Standardises the batch `x` (see [`ActNorm`]); both parameters keep their ids and whether they are trained.
    ///
    /// Values that are not finite do not count. A feature without any other, and a batch without samples, leave things as
    /// they are.
    fn initialize(self, x: Tensor<D>, context: Context<'_>) -> (Self, Tensor<D>) {
        let dims = x.dims();
        let count = dims[0] * positions(&dims);
        if count == 0 {
            return (self, x.detach());
        }
        let rows = x.clone().without_autodiff().swap_dims(0, 1).reshape([dims[1], count]);
        let mean = rows.clone().mean_dim(1);
        // Two passes, and the mean's own rounding taken off: features far from 0 keep their digits.
        let centred = rows.clone() - mean.clone();
        let error = centred.clone().mean_dim(1);
        let deviation = (centred - error.clone()).square().mean_dim(1).sqrt().clamp_min(self.epsilon);
        let log_scale = deviation.log().neg();
        let shift = ((mean + error) * log_scale.clone().exp()).neg();
        let (log_scale, shift) = mended(rows, log_scale, shift, self.epsilon);
        let this = Self {
            log_scale: replace(self.log_scale, log_scale.reshape([dims[1]])),
            shift: replace(self.shift, shift.reshape([dims[1]])),
            epsilon: self.epsilon,
        };
        let (z, _) = this.forward(x, context);
        (this, z.detach())
    }
}

/// The smallest deviation that is taken of a feature, as a share of its mean: with less the shift could overflow.
const LEAST_SHARE: f64 = 1e-30;

/// The logarithms of the scales and the shifts, made anew on the host for features (rows of `values`) where they are no
/// numbers: because of values that are none, or whose squares overflow.
fn mended(values: Tensor<2>, log_scale: Tensor<2>, shift: Tensor<2>, epsilon: f64) -> (Tensor<2>, Tensor<2>) {
    let (mut log_scales, mut shifts) = (host(log_scale.clone()), host(shift.clone()));
    let ill = |i: usize| !(log_scales[i].is_finite() && shifts[i].is_finite());
    let ill: Vec<usize> = (0..shifts.len()).filter(|&i| ill(i)).collect();
    if ill.is_empty() {
        return (log_scale, shift);
    }
    for i in ill {
        let feature: Vec<f64> =
            host(values.clone().narrow(0, i, 1)).into_iter().filter(|v| v.is_finite()).collect();
        (log_scales[i], shifts[i]) = standardised(&feature, epsilon);
    }
    let like = |of: &Tensor<2>, values| {
        Tensor::from_data(TensorData::new(values, of.dims()), (&of.device(), of.dtype()))
    };
    (like(&log_scale, log_scales), like(&shift, shifts))
}

/// The logarithm of the scale and the shift that standardise finite values of any size; those of the identity for none.
fn standardised(values: &[f64], epsilon: f64) -> (f64, f64) {
    if values.is_empty() {
        return (0.0, 0.0);
    }
    let n = values.len() as f64;
    let mean: f64 = values.iter().map(|v| v / n).sum();
    let largest = values.iter().fold(0.0, |largest: f64, v| largest.max((v - mean).abs()));
    let part = |v: &f64| if largest > 0.0 { ((v - mean) / largest).powi(2) } else { 0.0 };
    let deviation = largest * (values.iter().map(part).sum::<f64>() / n).sqrt();
    let deviation = deviation.max(epsilon).max(LEAST_SHARE * mean.abs());
    (-deviation.ln(), -mean / deviation)
}

/// The parameter with another value: a leaf on its old device, with its id and its `require_grad`.
fn replace(param: Param<Tensor<1>>, value: Tensor<1>) -> Param<Tensor<1>> {
    param.map(|old| {
        let new = (old.zeros_like() + value).detach();
        if old.is_require_grad() { new.require_grad() } else { new }
    })
}
