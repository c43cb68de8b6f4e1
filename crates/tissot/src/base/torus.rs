//! The uniform distribution on circles, beside normal ones.

use super::normal::HALF_LOG_TWO_PI;
use super::{Base, Site, draw};
use crate::bijection::Context;
use crate::circles::Circles;
use crate::error::Error;
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{Rng, RngExt};
use rand_distr::StandardNormal as Gauss;

/// Uniform on the circles, standard normal on the lines: the distribution of a torus where all features are circular.
///
/// ```text
/// log p(z) = -m log(2 bound) + sum over lines of -z_i^2 / 2 - log(2 pi) / 2        m circular features
/// ```
///
/// A density of places on the circles: it is the same at `z` and at `z + 2 bound`, and sums to 1 over `[-bound, bound)`.
/// A flow on a compact set needs no other base, and has the uniform distribution at hand (Rezende, Papamakarios, Racaniere
/// et al. 2020, "Normalizing Flows on Tori and Spheres", section 2). For tables.
///
/// # Shapes
/// `z`: `[batch, features]`.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rand::SeedableRng;
/// use tissot::{Circles, Context};
/// use tissot::base::{Base, BaseConfig};
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let base = BaseConfig::Torus(Circles::new([0])).init(&[1], 0, &Device::flex(), &mut rng)?;
/// let log_p = base.log_prob(Tensor::<2>::zeros([1, 1], &Device::flex()), Context::NONE);
/// assert!((log_p.into_scalar::<f32>() + std::f32::consts::TAU.ln()).abs() < 1e-6);
/// # Ok::<(), tissot::Error>(())
/// ```
#[derive(Module, Debug)]
pub struct Torus {
    #[module(skip)]
    circles: Circles,
    circular: Tensor<1, Int>,
    lines: Tensor<1, Int>,
    features: usize,
}

impl Torus {
    /// Of `features` features, some of which lie on circles.
    ///
    /// # Errors
    /// [`Error::Config`] for circles that are none of the features, or none at all.
    pub fn new(circles: Circles, features: usize, device: &Device) -> Result<Self, Error> {
        circles.validate(features)?;
        let kinds = circles.of(features);
        let which = |kind: bool| {
            let of: Vec<i64> = (0..features).filter(|&i| kinds[i] == kind).map(|i| i as i64).collect();
            let n = of.len();
            Tensor::from_data(TensorData::new(of, [n]), device)
        };
        Ok(Self { circular: which(true), lines: which(false), circles, features })
    }
}

impl<const D: usize> Base<D> for Torus {
    fn log_prob(&self, z: Tensor<D>, _: Context<'_>) -> Tensor<1> {
        let [m, n] = [self.circular.dims()[0], self.lines.dims()[0]];
        // Constant, but for what is no place: infinities and NaN have no density.
        let places = z.clone().select(1, self.circular.clone()).mul_scalar(0.0);
        let constant = m as f64 * (2.0 * self.circles.bound).ln() + n as f64 * HALF_LOG_TWO_PI;
        let mut sum = super::sum_event(places);
        if n > 0 {
            sum = sum - super::sum_event(z.select(1, self.lines.clone()).square()).mul_scalar(0.5);
        }
        sum.sub_scalar(constant)
    }

    /// `temperature` scales the deviation on lines; on circles, where there is no centre, samples stay uniform.
    fn sample(
        &self,
        n: usize,
        _: Context<'_>,
        temperature: f64,
        site: Site<'_>,
        rng: &mut dyn Rng,
    ) -> Tensor<D> {
        let (kinds, bound) = (self.circles.of(self.features), self.circles.bound);
        let mut feature = 0;
        draw(n, &[self.features], site, || {
            let circular = kinds[feature];
            feature = (feature + 1) % kinds.len();
            if circular {
                bound * (2.0 * rng.random::<f64>() - 1.0)
            } else {
                temperature * rng.sample::<f64, _>(Gauss)
            }
        })
    }

    fn circles(&self) -> Option<&Circles> {
        Some(&self.circles)
    }
}
