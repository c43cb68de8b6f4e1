//! Rotations of circles.

use crate::bijection::{Bijection, Context, along_features, zero_log_det};
use crate::circles::Circles;
use crate::error::Error;
use crate::layers::indices;
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// How to make a [`Rotation`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RotationConfig {
    /// The features that lie on circles.
    pub circular: Vec<usize>,
    /// How far each is turned at the start, in the units of `x`.
    pub phase: f64,
    /// Whether the phases are learned.
    pub learned: bool,
}

impl Default for RotationConfig {
    fn default() -> Self {
        Self { circular: Vec::new(), phase: 0.0, learned: true }
    }
}

impl RotationConfig {
    /// A rotation of the circles among `features`.
    ///
    /// # Errors
    /// [`Error::Config`] for no circular feature, one that does not exist, and a phase that is not finite.
    pub fn init(&self, features: usize, device: &Device) -> Result<Rotation, Error> {
        Circles::new(self.circular.clone()).validate(features)?;
        if !self.phase.is_finite() || self.phase.abs() > 1e6 {
            return Err(Error::config("phase", self.phase, "a number from -1e6 to 1e6"));
        }
        let m = self.circular.len();
        let phases = Tensor::from_data(TensorData::new(vec![self.phase; m], [m]), device);
        let mut places = vec![m; features];
        self.circular.iter().enumerate().for_each(|(k, &i)| places[i] = k);
        Ok(Rotation {
            phases: Param::from_tensor(phases).set_require_grad(self.learned),
            places: indices(&places, device),
        })
    }
}

/// Turns circular features by a phase each, and leaves the others.
///
/// * `forward`: `z = x + phase`, `log_det = 0`;
/// * `inverse`: `x = z - phase`, `log_det = 0`.
///
/// Between circular splines, each of which leaves the place `-bound` of its circle where it is. The angle is not brought back
/// to one turn: see [`Circles`]. A rotation right before a uniform base changes no density.
///
/// Rezende, Papamakarios, Racaniere et al. 2020, "Normalizing Flows on Tori and Spheres", section 2.1 (phase translation).
///
/// # Shapes
/// `[batch, features, ..]`.
#[derive(Module, Debug)]
pub struct Rotation {
    /// The phase of each circular feature, in their order in the configuration.
    pub phases: Param<Tensor<1>>,
    /// For each feature the place of its phase; behind them for a feature without.
    places: Tensor<1, Int>,
}

impl Rotation {
    /// What is added to each feature, `[1, features, 1, ..]`.
    fn shift<const D: usize>(&self) -> Tensor<D> {
        let phases = self.phases.val();
        let still = Tensor::zeros([1], (&phases.device(), phases.dtype()));
        along_features(Tensor::cat(vec![phases, still], 0).select(0, self.places.clone()))
    }
}

impl<const D: usize> Bijection<D> for Rotation {
    fn forward(&self, x: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let zero = zero_log_det(&x);
        (x + self.shift(), zero)
    }

    fn inverse(&self, z: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let zero = zero_log_det(&z);
        (z - self.shift(), zero)
    }

    fn push(&self, x: Tensor<D>, tangents: Tensor<3>, _: Context<'_>) -> Option<(Tensor<D>, Tensor<3>)> {
        Some((x + self.shift(), tangents))
    }
}
