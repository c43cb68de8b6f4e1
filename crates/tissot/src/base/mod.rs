//! Base distributions: what `z` is drawn from.

mod any;
mod gamma;
mod normal;
mod student;
mod torus;

pub use any::{AnyBase, BaseConfig};
pub use normal::{DiagNormal, DiagNormalConfig, StandardNormal};
pub use student::{StudentT, StudentTConfig};
pub use torus::Torus;

use crate::bijection::Context;
use crate::circles::Circles;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{DType, Device, Tensor, TensorData};
use rand::Rng;

/// A distribution of `z`, with densities in nats.
///
/// # Shapes
/// `z`: `[batch, features, ..]`; `log_prob`: `[batch]`; the context has one row a sample.
pub trait Base<const D: usize>: Module + ModuleDisplay + Sync {
    /// `log p(z)` of each sample, `[batch]`.
    fn log_prob(&self, z: Tensor<D>, context: Context<'_>) -> Tensor<1>;

    /// Draws `n` samples from host randomness, so that a seed gives the same ones on every device.
    ///
    /// `temperature` scales the deviation from the centre: 1 samples the distribution, less stays closer to its middle.
    fn sample(
        &self,
        n: usize,
        context: Context<'_>,
        temperature: f64,
        site: Site<'_>,
        rng: &mut dyn Rng,
    ) -> Tensor<D>;

    /// The features that lie on circles, where there are any; none by default.
    ///
    /// The bijection before such a base keeps them on theirs: data and latents are then brought to one turn where they are
    /// handed out, and grids and distances heed the period.
    fn circles(&self) -> Option<&Circles> {
        None
    }
}

/// Where samples are made: a device and a number type.
#[derive(Clone, Copy, Debug)]
pub struct Site<'a> {
    /// The device.
    pub device: &'a Device,
    /// The number type.
    pub dtype: DType,
}

/// `n` samples of `shape`, each number drawn by `draw` on the host.
pub(crate) fn draw<const D: usize>(
    n: usize,
    event: &[usize],
    site: Site<'_>,
    mut draw: impl FnMut() -> f64,
) -> Tensor<D> {
    let mut shape = [n; D];
    shape[1..].copy_from_slice(event);
    let n = shape.iter().product();
    let data = match site.dtype {
        // The same numbers as by way of f64, one pass less.
        DType::F32 => TensorData::new((0..n).map(|_| draw() as f32).collect::<Vec<f32>>(), shape),
        _ => TensorData::new((0..n).map(|_| draw()).collect::<Vec<f64>>(), shape),
    };
    Tensor::from_data(data, (site.device, site.dtype))
}

/// The sum over everything but the batch, `[batch]`.
pub(crate) fn sum_event<const D: usize>(x: Tensor<D>) -> Tensor<1> {
    let dims = x.dims();
    let event: usize = dims[1..].iter().product();
    x.reshape([dims[0], event]).sum_dim(1).squeeze_dim(1)
}
