//! Normal distributions.

use super::{Base, Site, draw, sum_event};
use crate::bijection::{Context, along_features, same_rank};
use crate::error::Error;
use crate::nets::{AnyConditioner, Conditioner, ConditionerConfig, Inputs};
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal as Gauss;
use serde::{Deserialize, Serialize};
use tissot_kernels::normal as kernel;

/// log(2 pi) / 2.
pub(super) const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// The standard normal distribution: `log p(z) = -|z|^2 / 2 - n log(2 pi) / 2`.
#[derive(Module, Debug)]
pub struct StandardNormal {
    event: Vec<usize>,
}

impl StandardNormal {
    /// Of samples of shape `event`, such as `[features]` or `[channels, height, width]`.
    pub fn new(event: impl Into<Vec<usize>>) -> Self {
        Self { event: event.into() }
    }
}

impl<const D: usize> Base<D> for StandardNormal {
    fn log_prob(&self, z: Tensor<D>, _: Context<'_>) -> Tensor<1> {
        let dims = z.dims();
        let n: usize = self.event.iter().product();
        let rows = if D == 2 { same_rank(z) } else { z.reshape([dims[0], n]) };
        if let Some(done) = kernel::log_prob(&rows) {
            return done;
        }
        sum_event(rows.square()).mul_scalar(-0.5).sub_scalar(n as f64 * HALF_LOG_TWO_PI)
    }

    fn sample(
        &self,
        n: usize,
        _: Context<'_>,
        temperature: f64,
        site: Site<'_>,
        rng: &mut dyn Rng,
    ) -> Tensor<D> {
        draw(n, &self.event, site, || temperature * rng.sample::<f64, _>(Gauss))
    }
}

/// How to make a [`DiagNormal`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DiagNormalConfig {
    /// A network from the context to the means and log-deviations; they are free parameters without one.
    pub conditioner: Option<ConditionerConfig>,
}

impl DiagNormalConfig {
    /// Of `features` under `context` features of context, at its start the standard normal.
    ///
    /// # Errors
    /// [`Error::Config`] where a conditioner is asked for and there is no context.
    pub fn init(
        &self,
        features: usize,
        context: usize,
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Result<DiagNormal, Error> {
        let zeros = || Param::from_tensor(Tensor::zeros([features], device));
        let net = match &self.conditioner {
            None => None,
            Some(_) if context == 0 => {
                return Err(Error::config("base.conditioner", "no context", "a flow with context features"));
            }
            Some(config) if config.takes_images() => {
                return Err(Error::config("base.conditioner", "a convolutional network", "Mlp or Residual"));
            }
            Some(config) => {
                let inputs = Inputs::table(0, context);
                Some(config.init(inputs, &vec![0.0; 2 * features], device, rng)?)
            }
        };
        Ok(DiagNormal { mean: zeros(), log_std: zeros(), net })
    }
}

/// A normal distribution with a mean and a deviation for each feature, learned, optionally moved by the context.
///
/// `log p(z) = sum_i -(z_i - m_i)^2 / (2 s_i^2) - log s_i - log(2 pi) / 2`, with
/// `(m, log s) = (mean, log_std) + net(context)`. For tables.
#[derive(Module, Debug)]
pub struct DiagNormal {
    /// `[features]`.
    pub mean: Param<Tensor<1>>,
    /// `[features]`.
    pub log_std: Param<Tensor<1>>,
    /// From the context to what is added to the mean and to the log-deviation, side by side.
    pub net: Option<AnyConditioner>,
}

impl DiagNormal {
    /// The means and log-deviations, `[1 or batch, features, 1, ..]`.
    fn parameters<const D: usize>(&self, context: Context<'_>) -> (Tensor<D>, Tensor<D>) {
        let (mean, log_std) = (along_features(self.mean.val()), along_features(self.log_std.val()));
        let (Some(net), Some(features)) = (&self.net, context.features) else { return (mean, log_std) };
        assert_eq!(D, 2, "a base conditioned on context features is for tables, rank 2; found rank {D}");
        let [batch, _] = features.dims();
        let n = self.mean.dims()[0];
        let nothing = Tensor::<2>::zeros([batch, 0], (&features.device(), features.dtype()));
        let moved = net.forward(nothing, context);
        let part = |k: usize| {
            let mut shape = [1; D];
            (shape[0], shape[1]) = (batch, n);
            moved.clone().narrow(1, k * n, n).reshape(shape)
        };
        (mean + part(0), log_std + part(1))
    }
}

impl<const D: usize> Base<D> for DiagNormal {
    fn log_prob(&self, z: Tensor<D>, context: Context<'_>) -> Tensor<1> {
        let (mean, log_std) = self.parameters::<D>(context);
        let event: usize = z.dims()[1..].iter().product();
        let scaled = (z.clone() - mean) * log_std.clone().neg().exp();
        let log_std = z.zeros_like() + log_std;
        sum_event(scaled.square().mul_scalar(-0.5) - log_std).sub_scalar(event as f64 * HALF_LOG_TWO_PI)
    }

    fn sample(
        &self,
        n: usize,
        context: Context<'_>,
        temperature: f64,
        site: Site<'_>,
        rng: &mut dyn Rng,
    ) -> Tensor<D> {
        let (mean, log_std) = self.parameters::<D>(context);
        let event: [usize; D] = mean.dims();
        let noise: Tensor<D> = draw(n, &event[1..], site, || temperature * rng.sample::<f64, _>(Gauss));
        noise * log_std.exp() + mean
    }
}
