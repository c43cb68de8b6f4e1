//! Base distributions: what `z` is drawn from.

use crate::bijection::Context;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{Device, Tensor};
use rand::Rng;

/// A distribution of `z`, with densities in nats.
pub trait Base<const D: usize>: Module + ModuleDisplay {
    /// `log p(z)` of each sample, `[batch]`.
    fn log_prob(&self, z: Tensor<D>, context: Context<'_>) -> Tensor<1>;

    /// Draws `n` samples, on `device`, from host randomness.
    fn sample(
        &self,
        n: usize,
        context: Context<'_>,
        temperature: f64,
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Tensor<D>;
}
