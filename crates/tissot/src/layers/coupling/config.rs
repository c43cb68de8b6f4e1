//! How to make a [`Coupling`].

use super::Coupling;
use crate::error::Error;
use crate::layer::Place;
use crate::layers::Mask;
use crate::nets::{AnyConditioner, ConditionerConfig};
use crate::univariate::{AnyUnivariate, Univariate};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// How to make a [`Coupling`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CouplingConfig {
    /// The features that are kept.
    pub mask: Mask,
    /// What moves the others.
    pub univariate: AnyUnivariate,
    /// The network that makes its parameters from the kept ones.
    pub conditioner: ConditionerConfig,
    /// A learned univariate of the kept features themselves, without context, as in Neural Spline Flows.
    pub kept_univariate: Option<AnyUnivariate>,
}

impl CouplingConfig {
    /// A coupling, at its start the identity.
    ///
    /// # Errors
    /// [`Error::Config`] where a part describes nothing that works, and for a network that takes tables on images or the
    /// other way round.
    pub fn init(
        &self,
        place: &Place<'_>,
        rng: &mut dyn Rng,
    ) -> Result<Coupling<AnyConditioner, AnyUnivariate>, Error> {
        let (features, device) = (place.features, place.device);
        let kept = self.mask.kept(features)?;
        self.univariate.validate()?;
        let values = kept.iter().filter(|&&k| k).count();
        let bias = self.univariate.start().repeat(features - values);
        let net = self.conditioner.init_at(place, values, &bias, rng)?;
        let coupling = Coupling::new(net, self.univariate, &kept, device);
        match self.kept_univariate {
            None => Ok(coupling),
            Some(univariate) => {
                univariate.validate()?;
                Ok(coupling.with_kept_univariate(univariate, device))
            }
        }
    }
}
