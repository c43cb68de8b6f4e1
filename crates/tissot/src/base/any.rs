//! The closed set of bases that a file or a command can name.

use super::{Base, DiagNormal, DiagNormalConfig, Site, StandardNormal, StudentT, StudentTConfig, Torus};
use crate::bijection::Context;
use crate::circles::Circles;
use crate::error::Error;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// One of the bases of this crate, as a module.
#[allow(clippy::large_enum_variant)] // burn has no `Module` for `Box`.
#[derive(Module, Debug)]
pub enum AnyBase {
    /// The standard normal.
    StandardNormal(StandardNormal),
    /// A normal with learned means and deviations.
    DiagNormal(DiagNormal),
    /// Student's t with learned degrees of freedom.
    StudentT(StudentT),
    /// Uniform on circles, standard normal on lines.
    Torus(Torus),
}

/// One of the bases of this crate, as data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum BaseConfig {
    /// The standard normal.
    #[default]
    StandardNormal,
    /// A normal with learned means and deviations.
    DiagNormal(DiagNormalConfig),
    /// Student's t with learned degrees of freedom.
    StudentT(StudentTConfig),
    /// Uniform on these circles, standard normal on lines.
    Torus(Circles),
}

impl BaseConfig {
    /// The base of samples of shape `event` (`[features]`, or `[channels, height, width]`) under `context` features of
    /// context.
    ///
    /// # Errors
    /// [`Error::Config`] where the configuration describes nothing that works, and for another base than the standard
    /// normal on images.
    pub fn init(
        &self,
        event: &[usize],
        context: usize,
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Result<AnyBase, Error> {
        let features = event[0];
        if event.len() > 1 && !matches!(self, Self::StandardNormal) {
            let expected =
                "StandardNormal for images; an ActNorm as the last layer learns means and deviations";
            return Err(Error::config("base", "a base for tables", expected));
        }
        Ok(match self {
            Self::StandardNormal => AnyBase::StandardNormal(StandardNormal::new(event)),
            Self::DiagNormal(config) => AnyBase::DiagNormal(config.init(features, context, device, rng)?),
            Self::StudentT(config) => AnyBase::StudentT(config.init(features, device)?),
            Self::Torus(circles) => AnyBase::Torus(
                Torus::new(circles.clone(), features, device).map_err(|error| error.within("base"))?,
            ),
        })
    }
}

/// Calls a method on whichever base it is.
macro_rules! each {
    ($self:ident, $base:ident => $call:expr) => {
        match $self {
            AnyBase::StandardNormal($base) => $call,
            AnyBase::DiagNormal($base) => $call,
            AnyBase::StudentT($base) => $call,
            AnyBase::Torus($base) => $call,
        }
    };
}

impl<const D: usize> Base<D> for AnyBase {
    fn log_prob(&self, z: Tensor<D>, context: Context<'_>) -> Tensor<1> {
        each!(self, base => base.log_prob(z, context))
    }

    fn sample(
        &self,
        n: usize,
        context: Context<'_>,
        temperature: f64,
        site: Site<'_>,
        rng: &mut dyn Rng,
    ) -> Tensor<D> {
        each!(self, base => base.sample(n, context, temperature, site, rng))
    }

    fn circles(&self) -> Option<&Circles> {
        each!(self, base => Base::<D>::circles(base))
    }
}
