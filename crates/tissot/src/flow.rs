//! A flow: a bijection and the distribution that it maps data to.

use crate::base::{Base, Site, StandardNormal};
use crate::batch::{check_context, in_blocks, in_parts, join};
use crate::bijection::{Bijection, Context};
use crate::dtype;
use crate::error::Error;
use crate::nets::{AnyConditioner, Conditioner};
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{DType, Device, FloatDType, Tensor};
use rand::Rng;

/// A density: `log p(x | c) = log p_base(f(x; e(c)); e(c)) + log |det df/dx|`, in nats a sample, `e` the embedding of
/// context features `c`, or these themselves without one.
///
/// A flow is a burn module: it can be a field of another one, be trained in any loop, and be saved by
/// `save_file`. Evaluate and sample with `flow.valid()` where the flow is being trained: a tracked forward that
/// is never followed by a backward keeps its memory. Without gradients, on a CPU, large batches are divided among the threads of rayon's
/// pool; no bit of an answer depends on their number.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rand::SeedableRng;
/// use tissot::{Context, presets};
///
/// let device = Device::flex();
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let flow = presets::nsf_coupling(&presets::Size::new(2)).init(&device, &mut rng)?;
/// let x = Tensor::<2>::zeros([5, 2], &device);
/// assert_eq!(flow.log_prob(x, Context::NONE).dims(), [5]);
/// let drawn: Tensor<2> = flow.sample(3, Context::NONE, &mut rng);
/// assert_eq!(drawn.dims(), [3, 2]);
/// # Ok::<(), tissot::Error>(())
/// ```
#[derive(Module, Debug)]
pub struct Flow<T, B> {
    /// From data to latent.
    pub bijection: T,
    /// The distribution of the latent.
    pub base: B,
    /// What context features go through once, before the bijection and the base see them.
    pub embedding: Option<AnyConditioner>,
}

impl<T: Module + ModuleDisplay> Flow<T, StandardNormal> {
    /// A flow to a standard normal of samples of shape `event`, such as `[features]`.
    pub fn new(bijection: T, event: impl Into<Vec<usize>>) -> Self {
        Self { bijection, base: StandardNormal::new(event), embedding: None }
    }
}

impl<T: Module + ModuleDisplay, B: Module + ModuleDisplay> Flow<T, B> {
    /// The log-density of each sample in nats, `[batch]`.
    ///
    /// # Shapes
    /// `x`: `[batch, features, ..]`; context features `[batch, context]`.
    ///
    /// # Panics
    /// Where the context has another number of rows than `x`.
    pub fn log_prob<const D: usize>(&self, x: Tensor<D>, context: Context<'_>) -> Tensor<1>
    where
        T: Bijection<D>,
        B: Base<D>,
    {
        in_blocks(x.dims()[0], context, |rows, context| {
            let x = if rows.len() == x.dims()[0] { x.clone() } else { x.clone().slice_dim(0, rows) };
            join(in_parts(self, x, context, |x, context| {
                let features = self.embed(context);
                let context = Context { features: features.as_ref(), ..context };
                let (z, log_det) = self.bijection.forward(x, context);
                self.base.log_prob(z, context) + log_det
            }))
        })
    }

    /// Data to latent under a context, and `log |det df/dx|`, `[batch]`: the bijection's, with the context embedded.
    ///
    /// # Panics
    /// Where the context has another number of rows than `x`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>)
    where
        T: Bijection<D>,
        B: Sync,
    {
        check_context(x.dims()[0], context);
        let parts = in_parts(self, x, context, |x, context| {
            let features = self.embed(context);
            self.bijection.forward(x, Context { features: features.as_ref(), ..context })
        });
        join_pairs(parts)
    }

    /// Latent to data under a context, and `log |det df^-1/dz|`, `[batch]`: the bijection's, with the context embedded.
    ///
    /// # Panics
    /// Where the context has another number of rows than `z`.
    pub fn inverse<const D: usize>(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>)
    where
        T: Bijection<D>,
        B: Sync,
    {
        check_context(z.dims()[0], context);
        let parts = in_parts(self, z, context, |z, context| {
            let features = self.embed(context);
            self.bijection.inverse(z, Context { features: features.as_ref(), ..context })
        });
        join_pairs(parts)
    }

    /// What the bijection and the base see as context features, `[batch, embedded]`: for code that calls them itself.
    pub fn embed(&self, context: Context<'_>) -> Option<Tensor<2>> {
        let features = context.features?.clone();
        Some(match &self.embedding {
            Some(net) => net.forward(features, Context::NONE),
            None => features,
        })
    }

    /// Draws `n` samples. With a context it has one row a sample.
    ///
    /// # Panics
    /// Where the context has another number of rows than `n`.
    pub fn sample<const D: usize>(&self, n: usize, context: Context<'_>, rng: &mut dyn Rng) -> Tensor<D>
    where
        T: Bijection<D>,
        B: Base<D>,
    {
        self.sample_at(n, context, 1.0, rng)
    }

    /// Draws `n` samples with the base's deviations scaled by `temperature`: below 1 samples stay closer to the middle
    /// of the base, and follow the density no more.
    ///
    /// # Panics
    /// As [`Flow::sample`].
    pub fn sample_at<const D: usize>(
        &self,
        n: usize,
        context: Context<'_>,
        temperature: f64,
        rng: &mut dyn Rng,
    ) -> Tensor<D>
    where
        T: Bijection<D>,
        B: Base<D>,
    {
        let (device, dtype) = self.place();
        let site = Site { device: &device, dtype };
        in_blocks(n, context, |rows, context| {
            let features = self.embed(context);
            let context = Context { features: features.as_ref(), ..context };
            let z = self.base.sample(rows.len(), context, temperature, site, rng);
            join(in_parts(self, z, context, |z, context| self.one_turn(self.bijection.inverse(z, context).0)))
        })
    }

    /// Draws `n` samples with their log-densities, in one pass: cheaper than `log_prob` of the samples where the inverse
    /// is the cheap direction, and free of its rounding.
    ///
    /// # Panics
    /// As [`Flow::sample`].
    pub fn sample_and_log_prob<const D: usize>(
        &self,
        n: usize,
        context: Context<'_>,
        rng: &mut dyn Rng,
    ) -> (Tensor<D>, Tensor<1>)
    where
        T: Bijection<D>,
        B: Base<D>,
    {
        check_context(n, context);
        let features = self.embed(context);
        let context = Context { features: features.as_ref(), ..context };
        let (device, dtype) = self.place();
        let z = self.base.sample(n, context, 1.0, Site { device: &device, dtype }, rng);
        join_pairs(in_parts(self, z, context, |z, context| {
            let log_base = self.base.log_prob(z.clone(), context);
            let (x, log_det) = self.bijection.inverse(z, context);
            (self.one_turn(x), log_base - log_det)
        }))
    }

    /// The same places, those on circles within one turn.
    fn one_turn<const D: usize>(&self, x: Tensor<D>) -> Tensor<D>
    where
        B: Base<D>,
    {
        match self.base.circles() {
            Some(circles) => circles.wrap(x),
            None => x,
        }
    }

    /// Sets the parameters that depend on data (ActNorm) from a first batch.
    #[must_use]
    pub fn initialize<const D: usize>(self, x: Tensor<D>, context: Context<'_>) -> Self
    where
        T: Bijection<D>,
    {
        let features = self.embed(context);
        let context = Context { features: features.as_ref(), ..context };
        Self { bijection: self.bijection.initialize(x, context).0, ..self }
    }

    /// The same flow with every weight in `dtype`: f64 for proofs and audits.
    ///
    /// # Errors
    /// [`Error::Config`] for f64 on a device that has none.
    pub fn to_dtype(self, dtype: FloatDType) -> Result<Self, Error> {
        dtype::cast(self, dtype)
    }

    /// The number type of its weights.
    pub fn dtype(&self) -> DType {
        dtype::of(self)
    }

    /// The device of its weights; burn's default for a flow without any.
    pub fn device(&self) -> Device {
        self.place().0
    }

    fn place(&self) -> (Device, DType) {
        dtype::first(self)
            .unwrap_or_else(|| (self.devices().into_iter().next().unwrap_or_default(), DType::F32))
    }
}

fn join_pairs<const D: usize, const E: usize>(parts: Vec<(Tensor<D>, Tensor<E>)>) -> (Tensor<D>, Tensor<E>) {
    let (first, second): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    (join(first), join(second))
}
