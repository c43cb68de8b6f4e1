//! Student's t distribution, for heavy tails.

use super::gamma::log_gamma;
use super::{Base, Site, draw, sum_event};
use crate::bijection::{Context, along_features};
use crate::error::Error;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData, activation::softplus};
use rand::{Rng, RngExt};
use rand_distr::{ChiSquared, StandardNormal as Gauss};
use serde::{Deserialize, Serialize};

/// The fewest degrees of freedom: the mean exists.
const FLOOR: f64 = 1.0;

/// How to make a [`StudentT`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StudentTConfig {
    /// The degrees of freedom at the start, above 1.
    pub degrees_of_freedom: f64,
}

impl Default for StudentTConfig {
    fn default() -> Self {
        Self { degrees_of_freedom: 10.0 }
    }
}

impl StudentTConfig {
    /// Of `features`.
    ///
    /// # Errors
    /// [`Error::Config`] where there are not more than 1 degrees of freedom.
    pub fn init(&self, features: usize, device: &Device) -> Result<StudentT, Error> {
        let nu = self.degrees_of_freedom;
        if !(nu > FLOOR && nu.is_finite()) {
            return Err(Error::config("base.degrees_of_freedom", nu, "a finite number above 1"));
        }
        let raw = (nu - FLOOR).exp_m1().ln();
        let raw = if raw.is_finite() { raw } else { nu - FLOOR };
        let data = TensorData::new(vec![raw; features], [features]);
        Ok(StudentT { raw_degrees: Param::from_tensor(Tensor::from_data(data, device)) })
    }
}

/// Independent Student's t distributions with learned degrees of freedom `nu_i = 1 + softplus(raw_i)`.
///
/// `log p(z) = sum_i log G((nu + 1) / 2) - log G(nu / 2) - log(pi nu) / 2 - (nu + 1) / 2 log(1 + z_i^2 / nu)`. A flow
/// whose layers are linear far out has tails no heavier than its base's (Jaini et al. 2020): this one's are polynomial.
#[derive(Module, Debug)]
pub struct StudentT {
    /// `[features]`.
    pub raw_degrees: Param<Tensor<1>>,
}

impl StudentT {
    /// The degrees of freedom, `[features]`.
    pub fn degrees_of_freedom(&self) -> Tensor<1> {
        softplus(self.raw_degrees.val(), 1.0).add_scalar(FLOOR)
    }
}

impl<const D: usize> Base<D> for StudentT {
    fn log_prob(&self, z: Tensor<D>, _: Context<'_>) -> Tensor<1> {
        let nu = self.degrees_of_freedom();
        let half = nu.clone().add_scalar(1.0).mul_scalar(0.5);
        let norm = log_gamma(half.clone())
            - log_gamma(nu.clone().mul_scalar(0.5))
            - nu.clone().mul_scalar(std::f64::consts::PI).log().mul_scalar(0.5);
        let scaled = z.square() / along_features(nu);
        sum_event(along_features(norm) - scaled.log1p() * along_features(half))
    }

    fn sample(
        &self,
        n: usize,
        _: Context<'_>,
        temperature: f64,
        site: Site<'_>,
        rng: &mut dyn Rng,
    ) -> Tensor<D> {
        let degrees: Vec<f64> = self.degrees_of_freedom().into_data().iter().collect();
        let mut feature = 0;
        draw(n, &[degrees.len()], site, || {
            let nu = degrees[feature];
            feature = (feature + 1) % degrees.len();
            let chi: f64 = ChiSquared::new(nu).map_or(nu, |chi| rng.sample(chi));
            temperature * rng.sample::<f64, _>(Gauss) / (chi / nu).sqrt()
        })
    }
}
