//! Where in an image its log-probability comes from.

use super::ImageModel;
use super::model::BLOCK;
use crate::base::{AnyBase, Base};
use crate::bijection::{Bijection, Context};
use crate::config::AnyFlow;
use crate::error::Error;
use crate::inspect::jacobian::host;
use burn::tensor::Tensor;
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// Where in one image its log-probability comes from, in nats: at each pixel, row by row from the top.
///
/// With one draw of the noise `u` from `q(u | v)`, a flow `f` of layers `f_l` and the standard normal base,
///
/// ```text
/// log p(v + u) - log q(u | v) = noise + sum over pixels of (squash + sum_l log_dets + base)
/// base = sum over channels of -z^2 / 2 - log(2 pi) / 2
/// ```
///
/// The latent `z = f(y)` has the image's shape. What a layer does behind squeezes belongs to a block of pixels and is shared
/// evenly among them: [`Bijection::walk_positions`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PixelAccount {
    /// From whole numbers to what the flow sees: `log dy/dv`.
    pub squash: Vec<f64>,
    /// The layers' log-dets, by how many squeezes they lie behind: level `k` works at `1 / 2^k` of the resolution.
    pub log_dets: Vec<Vec<f64>>,
    /// The log-density of the latent.
    pub base: Vec<f64>,
    /// `-log q(u | v)` of the noise in all; 0 of uniform noise.
    pub noise: f64,
}

impl PixelAccount {
    /// The log-probability of the image: the sum of everything.
    pub fn log_prob(&self) -> f64 {
        self.noise + self.pixels().iter().sum::<f64>()
    }

    /// What each pixel adds, all but the noise's part.
    pub fn pixels(&self) -> Vec<f64> {
        let layers = self.log_det();
        (0..self.base.len()).map(|p| self.squash[p] + layers[p] + self.base[p]).collect()
    }

    /// What each pixel adds to `log |det J|` of the flow.
    pub fn log_det(&self) -> Vec<f64> {
        (0..self.base.len()).map(|p| self.log_dets.iter().map(|level| level[p]).sum()).collect()
    }

    /// Of images as the flow sees them, with `log dy/dv` of each number, and `log q` of the noise.
    pub(super) fn of(
        flow: &AnyFlow,
        y: Tensor<4>,
        slopes: Tensor<4>,
        log_q: Option<Tensor<1>>,
        context: Context<'_>,
    ) -> Vec<Self> {
        let [batch, _, height, width] = y.dims();
        let area = height * width;
        let embedded = flow.embed(context);
        let within = Context { features: embedded.as_ref(), ..context };
        let mut levels: Vec<Vec<f64>> = Vec::new();
        let z = flow.bijection.walk_positions(y, within, &mut |at| {
            let log_det = host(at.log_det);
            if levels.len() <= at.squeezes {
                levels.resize(at.squeezes + 1, vec![0.0; batch * area]);
            }
            levels[at.squeezes].iter_mut().zip(log_det).for_each(|(sum, part)| *sum += part);
        });
        let by_position = |numbers: Tensor<4>| host(numbers.sum_dim(1));
        let base = match &flow.base {
            AnyBase::StandardNormal(_) => by_position(z.square().mul_scalar(-0.5).sub_scalar(0.5 * TAU.ln())),
            // No other base is of images: what it gives is shared evenly.
            other => {
                let whole = other.log_prob(z, within).mul_scalar(1.0 / area as f64);
                host(whole.reshape([batch, 1]).repeat_dim(1, area))
            }
        };
        let squash = by_position(slopes);
        let noise = log_q.map_or_else(|| vec![0.0; batch], |log_q| host(log_q.neg()));
        let of = |all: &[f64], k: usize| all[k * area..(k + 1) * area].to_vec();
        let account = |k: usize| Self {
            squash: of(&squash, k),
            log_dets: levels.iter().map(|level| of(level, k)).collect(),
            base: of(&base, k),
            noise: noise[k],
        };
        (0..batch).map(account).collect()
    }
}

impl ImageModel {
    /// Where in each image its bound comes from, by one draw of the noise: the sums are
    /// [`bits_per_dim`](ImageModel::bits_per_dim) of the same draw.
    ///
    /// # Errors
    /// As [`bits_per_dim`](ImageModel::bits_per_dim).
    ///
    /// # Panics
    /// Where these are no whole images.
    pub fn accounts(
        &self,
        images: &[u8],
        labels: Option<&[usize]>,
        rng: &mut dyn Rng,
    ) -> Result<Vec<PixelAccount>, Error> {
        let d = self.pixels.dimensions();
        let labels = self.labels(images.len() / d, labels)?;
        let mut accounts = Vec::with_capacity(images.len() / d);
        for (block, images) in images.chunks(BLOCK * d).enumerate() {
            let (start, rows) = (block * BLOCK, images.len() / d);
            let values = self.pixels.values(images, &self.flow.flow.device(), self.dtype())?;
            let features = labels.as_ref().map(|labels| self.classes_of(&labels[start..start + rows]));
            let context = Context { features: features.as_ref(), maps: None };
            accounts.extend(self.flow.accounts(&self.pixels, values, context, rng));
        }
        Ok(accounts)
    }
}
