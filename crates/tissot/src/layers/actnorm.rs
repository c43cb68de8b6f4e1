//! ActNorm: a shift and a scale for each feature, set from a first batch.

use crate::bijection::{Bijection, Context, along_features, positions};
use crate::error::Error;
use crate::inspect::jacobian::host;
use crate::inspect::{Sign, range};
use crate::layers::tangent;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

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
    /// [`Error::Config`] for no features, or an `epsilon` that is not a positive finite number.
    pub fn init(&self, features: usize, device: &Device) -> Result<ActNorm, Error> {
        if features == 0 {
            return Err(Error::config("features", features, "at least 1"));
        }
        if !(self.epsilon > 0.0 && self.epsilon.is_finite()) {
            return Err(Error::config("epsilon", self.epsilon, "a positive finite number, such as 1e-6"));
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
        self.log_scale.val().sum().mul_scalar(positions(dims) as f64).expand([dims[0]])
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
    /// # Panics
    /// For a batch without samples.
    fn initialize(self, x: Tensor<D>, context: Context<'_>) -> (Self, Tensor<D>) {
        let dims = x.dims();
        assert!(
            dims[0] * positions(&dims) > 0,
            "ActNorm is initialised from a batch of {dims:?}: it needs samples"
        );
        let rows =
            x.clone().without_autodiff().swap_dims(0, 1).reshape([dims[1], dims[0] * positions(&dims)]);
        let mean = rows.clone().mean_dim(1);
        // Two passes, and the mean's own rounding taken off: features far from 0 keep their digits.
        let centred = rows - mean.clone();
        let error = centred.clone().mean_dim(1);
        let deviation = (centred - error.clone()).square().mean_dim(1).sqrt().clamp_min(self.epsilon);
        let log_scale = deviation.log().neg();
        let shift = ((mean + error) * log_scale.clone().exp()).neg();
        let this = Self {
            log_scale: replace(self.log_scale, log_scale.reshape([dims[1]])),
            shift: replace(self.shift, shift.reshape([dims[1]])),
            epsilon: self.epsilon,
        };
        let (z, _) = this.forward(x, context);
        (this, z.detach())
    }
}

/// The parameter with another value: a leaf on its old device, with its id and its `require_grad`.
fn replace(param: Param<Tensor<1>>, value: Tensor<1>) -> Param<Tensor<1>> {
    param.map(|old| {
        let new = (old.zeros_like() + value).detach();
        if old.is_require_grad() { new.require_grad() } else { new }
    })
}
