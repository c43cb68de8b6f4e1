//! Images as what a run trains on.

use super::{BLOCK, FitImages};
use crate::batches::{Purpose, Shuffle, rng};
use crate::blame;
use crate::error::FitError;
use crate::images::flip;
use crate::recompute;
use crate::run::Subject;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use tissot::Context;
use tissot::image::{ImageFlow, ImageModel, one_hot};
use tissot::inspect::audit::{self, Finding, Thresholds};

/// Images that initialise what depends on data.
const FIRST: usize = 256;
/// Numbers that go through the flow at once where the batch does not say: of 256 images of 64 x 64 grey pixels.
const NUMBERS: usize = 1 << 20;
/// Images that validate, at most, evenly spaced: scoring them costs about as much as a third of so many training images.
pub(super) const VALIDATED: usize = 500;
/// Images of the quick audit at each validation.
const AUDITED: usize = 8;
/// Images whose bytes tell one set from another where they are read from disk each time; of a set in memory all count.
const HASHED: usize = 1_000;

/// Images on a device, and their classes.
pub(crate) struct Batch {
    values: Tensor<4>,
    classes: Option<Tensor<2>>,
}

impl Batch {
    fn context(&self) -> Context<'_> {
        Context { features: self.classes.as_ref(), maps: None }
    }
}

impl FitImages<'_> {
    /// The model as it is before any image.
    pub(super) fn weights(&self) -> Result<ImageModel, FitError> {
        let (config, noise, classes) = (self.config.clone(), self.dequantiser.clone(), self.classes.clone());
        let weights = &mut rng(self.settings.seed, Purpose::Weights, 0);
        let model = ImageModel::new(config, noise, self.pixels.clone(), classes, &self.device, weights)?
            .to_dtype(self.settings.precision.into())?;
        if model.flow.num_params() == 0 {
            let expected = "a layer with parameters";
            return Err(FitError::Setting { name: "flow", found: "nothing to learn".into(), expected });
        }
        Ok(model)
    }

    /// These images; mirrored at random where there is a generator for it.
    fn images(&self, indices: &[usize], mirror: Option<&mut ChaCha8Rng>) -> Result<Batch, FitError> {
        let dtype = self.settings.precision.into();
        let mut bytes = Vec::new();
        self.images.read(indices, &mut bytes)?;
        if let Some(rng) = mirror {
            let [height, width, channels] = self.images.shape();
            for image in bytes.chunks_exact_mut(height * width * channels) {
                if rng.random::<bool>() {
                    flip(image, height, width, channels);
                }
            }
        }
        let classes = match &self.images.labels {
            Some(labels) if !self.classes.is_empty() => {
                let labels: Vec<usize> = indices.iter().map(|&i| labels[i]).collect();
                Some(one_hot(&labels, self.classes.len(), &self.device, dtype))
            }
            _ => None,
        };
        Ok(Batch { values: self.pixels.values(&bytes, &self.device, dtype)?, classes })
    }

    /// The bound of each of these images in nats, by one draw that is the same each time.
    pub(super) fn bounds(&self, flow: &ImageFlow, indices: &[usize]) -> Result<Vec<f64>, FitError> {
        let mut bounds = Vec::with_capacity(indices.len());
        let at_once = BLOCK.min(NUMBERS / self.pixels.dimensions()).max(1);
        for (block, indices) in indices.chunks(at_once).enumerate() {
            let batch = self.images(indices, None)?;
            let rng = &mut rng(self.settings.seed, Purpose::Report, block as u64);
            let bound = flow.bound(&self.pixels, batch.values.clone(), batch.context(), rng);
            bounds.extend(bound.into_data().iter::<f64>());
        }
        Ok(bounds)
    }

    /// At most so many of the validation images, evenly spaced; of the training images where there are none.
    fn unseen(&self, most: usize) -> Vec<usize> {
        let part = if self.parts.validation.is_empty() { &self.parts.train } else { &self.parts.validation };
        let some = part.len().min(most);
        (0..some).map(|k| part[k * part.len() / some]).collect()
    }
}

impl Subject for FitImages<'_> {
    type Flow = ImageFlow;
    type Batch = Batch;

    fn len(&self) -> usize {
        self.parts.train.len()
    }

    fn dimensions(&self) -> Option<usize> {
        Some(self.pixels.dimensions())
    }

    fn start(&self) -> Result<ImageFlow, FitError> {
        let seed = self.settings.seed;
        let model = self.weights()?;
        let first = FIRST.min((NUMBERS / self.pixels.dimensions()).max(self.settings.batch));
        let mut shuffle = Shuffle::new(seed, self.parts.train.len(), first);
        let first: Vec<usize> = shuffle.step(0).iter().map(|&k| self.parts.train[k]).collect();
        let batch = self.images(&first, None)?;
        let rng = &mut rng(seed, Purpose::Weights, 1);
        Ok(model.flow.initialize(&self.pixels, batch.values.clone(), batch.context(), rng))
    }

    fn batch(&self, indices: &[usize], step: u64) -> Result<Batch, FitError> {
        let indices: Vec<usize> = indices.iter().map(|&k| self.parts.train[k]).collect();
        let mut rng = rng(self.settings.seed, Purpose::Step, step);
        self.images(&indices, self.flip.then_some(&mut rng))
    }

    fn loss(&self, flow: &ImageFlow, batch: &Batch, rng: &mut ChaCha8Rng) -> Tensor<1> {
        let bound = flow.bound(&self.pixels, batch.values.clone(), batch.context(), rng);
        bound.mean().mul_scalar(-1.0 / self.pixels.dimensions() as f64)
    }

    fn layer_by_layer(
        &self,
        flow: &ImageFlow,
        batch: &Batch,
        rng: &mut ChaCha8Rng,
        seed: u64,
    ) -> (Tensor<1>, GradientsParams) {
        let context = batch.context();
        let (y, rest) = flow.entered(&self.pixels, batch.values.clone(), context, rng);
        let each = -1.0 / self.pixels.dimensions() as f64;
        let weight = each / batch.values.dims()[0] as f64;
        let found = recompute::gradients(&flow.flow, y.clone(), context, weight, seed);
        let mut grads = found.grads;
        let loss = (found.log_prob + rest.clone().detach().without_autodiff()).mean().mul_scalar(each);
        if let Some(noise) = flow.dequantiser.as_ref().filter(|_| y.is_tracked()) {
            let moved = (y * found.by_x.autodiff()).sum() + rest.sum().mul_scalar(weight);
            recompute::add(&mut grads, GradientsParams::from_grads(moved.backward(), noise), noise);
        }
        (loss, grads)
    }

    fn log_prob(&self, _: &Batch, loss: f64) -> f64 {
        -loss * self.pixels.dimensions() as f64
    }

    fn blame(&self, flow: &ImageFlow, batch: &Batch, rng: &mut ChaCha8Rng) -> Option<String> {
        let (y, _) = flow.entered(&self.pixels, batch.values.clone(), batch.context(), rng);
        if !blame::all_finite(&y) {
            return Some("the dequantiser".into());
        }
        blame::first_in_flow(&flow.flow, y, batch.context())
    }

    fn validate(&self, flow: &ImageFlow) -> Result<f64, FitError> {
        let bounds = self.bounds(flow, &self.unseen(VALIDATED))?;
        Ok(bounds.iter().sum::<f64>() / bounds.len() as f64)
    }

    fn audit(&self, flow: &ImageFlow) -> Result<Vec<Finding>, FitError> {
        let batch = self.images(&self.unseen(AUDITED), None)?;
        let rng = &mut rng(self.settings.seed, Purpose::Report, u64::MAX);
        let (y, _) = flow.entered(&self.pixels, batch.values.clone(), batch.context(), rng);
        Ok(audit::quick(&flow.flow, &y, batch.context(), &Thresholds::default()))
    }

    fn identity(&self) -> Result<serde_json::Value, FitError> {
        let mut hasher = blake3::Hasher::new();
        let (n, mut bytes) = (self.images.len(), Vec::new());
        let most = if self.images.in_memory() { n } else { n.min(HASHED) };
        let some: Vec<usize> = (0..most).map(|k| k * n / most).collect();
        for indices in some.chunks(BLOCK) {
            self.images.read(indices, &mut bytes)?;
            hasher.update(&bytes);
        }
        let parts = serde_json::json!([self.images.labels, n, self.parts.train, self.parts.validation]);
        hasher.update(parts.to_string().as_bytes());
        Ok(serde_json::json!({
            "settings": self.settings,
            "flow": self.config,
            "images": { "dequantiser": self.dequantiser, "pixels": self.pixels, "flip": self.flip },
            "classes": self.classes,
            "rows": hasher.finalize().to_hex().to_string(),
        }))
    }
}
