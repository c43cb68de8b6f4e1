//! A flow of images with its dequantisation: what is trained.

use super::{PixelAccount, Pixels};
use crate::base::sum_event;
use crate::bijection::Context;
use crate::config::AnyFlow;
use burn::module::Module;
use burn::tensor::activation::{log_sigmoid, sigmoid};
use burn::tensor::{Tensor, TensorData};
use rand::{Rng, RngExt};

/// Uniform noise is a multiple of `1 / STEPS` and a half: added to 255 in f32 nothing of it is lost, and it is never 0 or 1.
const STEPS: u32 = 1 << 15;

/// A flow of continuous images, and how whole numbers become continuous for it.
///
/// Without a dequantiser the noise is uniform. With one it is `u = sigmoid(a)`, `a` drawn from a conditional flow that sees
/// the image as context maps (`v / levels - 1/2`), and its density is part of the bound. Noise within `2^-16` of 0 or 1 is moved
/// there, since f32 could not tell it from the next whole number; only a flow that puts weight on these ends would gain by it.
#[derive(Module, Debug)]
pub struct ImageFlow {
    /// The density of continuous images.
    pub flow: AnyFlow,
    /// The flow of the noise.
    pub dequantiser: Option<AnyFlow>,
}

impl ImageFlow {
    /// A lower bound of the log-probability of each image, in nats, by one draw of the noise:
    /// `log p(y(v + u)) + log |dy/dv| - log q(u | v)`.
    ///
    /// Its mean over draws is a bound; a single one is an unbiased estimate of it. Differentiable, also through the noise.
    ///
    /// # Shapes
    /// `values`: whole numbers `[n, channels, height, width]`, see [`Pixels::values`] -> `[n]`.
    ///
    /// # Panics
    /// Where the shapes do not fit the flow.
    pub fn bound(
        &self,
        pixels: &Pixels,
        values: Tensor<4>,
        context: Context<'_>,
        rng: &mut dyn Rng,
    ) -> Tensor<1> {
        let (y, rest) = self.entered(pixels, values, context, rng);
        self.flow.log_prob(y, context) + rest
    }

    /// What the flow sees of the images, by one draw of the noise, and what its log-density needs to become the
    /// [`bound`](ImageFlow::bound): `log |dy/dv| - log q(u | v)`. Differentiable.
    ///
    /// # Shapes
    /// `[n, channels, height, width]` -> the same, and `[n]`.
    ///
    /// # Panics
    /// As [`ImageFlow::bound`].
    pub fn entered(
        &self,
        pixels: &Pixels,
        values: Tensor<4>,
        context: Context<'_>,
        rng: &mut dyn Rng,
    ) -> (Tensor<4>, Tensor<1>) {
        let (noise, log_q) = self.noise(pixels, &values, context, rng);
        let (y, log_det) = pixels.forward(values, noise);
        match log_q {
            None => (y, log_det),
            Some(log_q) => (y, log_det - log_q),
        }
    }

    /// Where in each image its [`bound`](ImageFlow::bound) comes from, by one draw of the noise.
    ///
    /// # Panics
    /// As [`ImageFlow::bound`].
    pub fn accounts(
        &self,
        pixels: &Pixels,
        values: Tensor<4>,
        context: Context<'_>,
        rng: &mut dyn Rng,
    ) -> Vec<PixelAccount> {
        let (noise, log_q) = self.noise(pixels, &values, context, rng);
        let (y, slopes) = pixels.elementwise(values, noise);
        PixelAccount::of(&self.flow, y, slopes, log_q, context)
    }

    /// Sets what depends on data from a first batch, in the flow and in the dequantiser.
    ///
    /// # Panics
    /// As [`ImageFlow::bound`].
    #[must_use]
    pub fn initialize(
        self,
        pixels: &Pixels,
        values: Tensor<4>,
        context: Context<'_>,
        rng: &mut dyn Rng,
    ) -> Self {
        let uniform = uniform(&values, rng);
        let dequantiser = self.dequantiser.map(|flow| {
            let maps = scaled(pixels, &values);
            // Uniform noise, as the flow of it would have to make.
            let a = uniform.clone().log() - uniform.clone().neg().add_scalar(1.0).log();
            flow.initialize(a, Context { maps: Some(&maps), ..context })
        });
        let flow = self.flow.initialize(pixels.forward(values, uniform).0, context);
        Self { flow, dequantiser }
    }

    /// The noise of one draw, and its log-density where that is not 0.
    fn noise(
        &self,
        pixels: &Pixels,
        values: &Tensor<4>,
        context: Context<'_>,
        rng: &mut dyn Rng,
    ) -> (Tensor<4>, Option<Tensor<1>>) {
        let Some(dequantiser) = &self.dequantiser else { return (uniform(values, rng), None) };
        let maps = scaled(pixels, values);
        let context = Context { maps: Some(&maps), ..context };
        let (a, log_q) = dequantiser.sample_and_log_prob::<4>(values.dims()[0], context, rng);
        let slopes = sum_event(log_sigmoid(a.clone()) + log_sigmoid(a.clone().neg()));
        // Added to 255 in f32, noise nearer to 0 or 1 would be lost.
        let least = 1.0 / f64::from(2 * STEPS);
        (sigmoid(a).clamp(least, 1.0 - least), Some(log_q - slopes))
    }
}

/// The image as the dequantiser sees it.
fn scaled(pixels: &Pixels, values: &Tensor<4>) -> Tensor<4> {
    values.clone().mul_scalar(1.0 / pixels.levels as f64).sub_scalar(0.5)
}

/// Uniform noise in (0, 1) for each number, drawn on the host.
fn uniform(values: &Tensor<4>, rng: &mut dyn Rng) -> Tensor<4> {
    let shape = values.dims();
    let draw = |_| (rng.random_range(0..STEPS) as f32 + 0.5) / STEPS as f32;
    let noise: Vec<f32> = (0..shape.iter().product()).map(draw).collect();
    Tensor::from_data(TensorData::new(noise, shape), (&values.device(), values.dtype()))
}
