//! A flow of images with their pixels and classes: what a file holds.

use super::{ImageFlow, Pixels};
use crate::bijection::Context;
use crate::config::FlowConfig;
use crate::dtype;
use crate::error::Error;
use crate::model::log_add;
use crate::provenance::Provenance;
use crate::store;
use burn::module::Module;
use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use rand::Rng;
use std::path::Path;

/// Images that go through the flow at a time.
pub(super) const BLOCK: usize = 64;

/// A flow of images, their pixels, their classes and its history: what a file holds.
///
/// Images are bytes, `[n, height, width, channels]`. Where the model has classes, each image stands under one of them. Score and
/// sample with weights without autodiff (as a loaded or fitted model has them): else each pass keeps its memory.
///
/// ```
/// use burn::tensor::Device;
/// use rand::SeedableRng;
/// use tissot::image::{ImageModel, Pixels};
/// use tissot::presets::{self, ImageSize};
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let size = ImageSize::new([1, 4, 4]).with_levels(1, 2).with_hidden(8);
/// let pixels = Pixels::new([1, 4, 4]);
/// let model = ImageModel::new(presets::glow(&size), None, pixels, Vec::new(), &Device::flex(), &mut rng)?;
/// let images = model.sample(3, None, 0.7, &mut rng)?;
/// assert_eq!(images.len(), 3 * 4 * 4);
/// let bits = model.bits_per_dim(&images, None, 1, &mut rng)?;
/// assert_eq!(bits.len(), 3);
/// # Ok::<(), tissot::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ImageModel {
    /// The flow, on what [`Pixels`] makes of an image.
    pub flow: ImageFlow,
    /// The configuration that makes the flow.
    pub config: FlowConfig,
    /// The configuration that makes the dequantiser; uniform noise without one.
    pub dequantiser: Option<FlowConfig>,
    /// The images.
    pub pixels: Pixels,
    /// The names of the classes; none for a density that is not conditional.
    pub classes: Vec<String>,
    /// How it came to be.
    pub provenance: Provenance,
}

impl ImageModel {
    /// A model of weights drawn from `rng`.
    ///
    /// # Errors
    /// [`Error::Config`] where a part describes nothing that works, or they do not fit one another.
    pub fn new(
        config: FlowConfig,
        dequantiser: Option<FlowConfig>,
        pixels: Pixels,
        classes: Vec<String>,
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Result<Self, Error> {
        pixels.validate()?;
        fits("flow", &config, &pixels, classes.len(), 0)?;
        let flow = config.init(device, rng)?;
        let noise = dequantiser.as_ref().map(|noise| {
            fits("dequantiser", noise, &pixels, classes.len(), pixels.channels)?;
            noise.init(device, rng)
        });
        let flow = ImageFlow { flow, dequantiser: noise.transpose()? };
        Ok(Self { flow, config, dequantiser, pixels, classes, provenance: Provenance::default() })
    }

    /// Bits per dimension of each image: an upper bound, since the noise that makes whole numbers continuous is drawn
    /// `draws` times, `-log2 (1/K sum_k P_k) / dimensions`. Its mean over draws falls towards the exact value as K grows.
    ///
    /// # Errors
    /// [`Error::Config`] for a byte that is none of the model's levels, and where labels are missing, too many, or unknown.
    ///
    /// # Panics
    /// Where these are no whole images, and for no draws.
    pub fn bits_per_dim(
        &self,
        images: &[u8],
        labels: Option<&[usize]>,
        draws: usize,
        rng: &mut dyn Rng,
    ) -> Result<Vec<f64>, Error> {
        assert!(draws > 0, "at least one draw");
        let d = self.pixels.dimensions();
        let n = images.len() / d;
        let labels = self.labels(n, labels)?;
        let mut bits = Vec::with_capacity(n);
        for (block, images) in images.chunks(BLOCK * d).enumerate() {
            let (start, rows) = (block * BLOCK, images.len() / d);
            let values = self.pixels.values(images, &self.flow.flow.device(), self.dtype())?;
            let features = labels.as_ref().map(|labels| self.classes_of(&labels[start..start + rows]));
            let context = Context { features: features.as_ref(), maps: None };
            let mut total = vec![f64::NEG_INFINITY; rows];
            for _ in 0..draws {
                let bound = self.flow.bound(&self.pixels, values.clone(), context, rng);
                let bound = bound.into_data();
                total.iter_mut().zip(bound.iter::<f64>()).for_each(|(all, one)| *all = log_add(*all, one));
            }
            bits.extend(total.into_iter().map(|all| self.pixels.bits_per_dim(all - (draws as f64).ln())));
        }
        Ok(bits)
    }

    /// Draws `n` images, as bytes. A `temperature` below 1 keeps them closer to the middle of the base.
    ///
    /// A model with classes draws image `i` of class `labels[i]`; without labels of the classes in turn.
    ///
    /// # Errors
    /// [`Error::Config`] where the labels are not `n`, or unknown.
    pub fn sample(
        &self,
        n: usize,
        labels: Option<&[usize]>,
        temperature: f64,
        rng: &mut dyn Rng,
    ) -> Result<Vec<u8>, Error> {
        let in_turn: Vec<usize> = (0..n).map(|i| i % self.classes.len().max(1)).collect();
        let labels = match labels {
            None if !self.classes.is_empty() => Some(in_turn),
            labels => self.labels(n, labels)?,
        };
        let mut images = Vec::with_capacity(n * self.pixels.dimensions());
        for start in (0..n).step_by(BLOCK) {
            let rows = BLOCK.min(n - start);
            let features = labels.as_ref().map(|labels| self.classes_of(&labels[start..start + rows]));
            let context = Context { features: features.as_ref(), maps: None };
            let y: Tensor<4> = self.flow.flow.sample_at(rows, context, temperature, rng);
            images.extend(self.pixels.inverse(y));
        }
        Ok(images)
    }

    /// Writes the model to one file that needs nothing else, beside it and renamed, so that it is never half-written.
    ///
    /// # Errors
    /// [`Error::Write`] where it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        store::save_image(self, path.as_ref())
    }

    /// Reads a model onto `device`.
    ///
    /// # Errors
    /// [`Error::Read`] where the file cannot be read, [`Error::ModelFile`] where it is no model of images, or an altered one.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, Error> {
        store::load_image(path.as_ref(), device)
    }

    /// The same model in another number type.
    ///
    /// # Errors
    /// [`Error::Config`] for f64 on a device that has none.
    pub fn to_dtype(self, dtype: FloatDType) -> Result<Self, Error> {
        Ok(Self { flow: dtype::cast(self.flow, dtype)?, ..self })
    }

    /// How many numbers were learned.
    pub fn num_params(&self) -> usize {
        self.flow.num_params()
    }

    pub(super) fn dtype(&self) -> DType {
        self.flow.flow.dtype()
    }

    /// The labels of `n` images; `None` for a model without classes.
    pub(super) fn labels(&self, n: usize, labels: Option<&[usize]>) -> Result<Option<Vec<usize>>, Error> {
        let classes = self.classes.len();
        match labels {
            None if classes == 0 => Ok(None),
            Some(_) if classes == 0 => Err(Error::config("labels", "some", "none: the model has no classes")),
            None => Err(Error::config(
                "labels",
                "none",
                format!("one for each image: the model has {classes} classes"),
            )),
            Some(labels) if labels.len() != n => Err(Error::config(
                "labels",
                format!("{} of them", labels.len()),
                format!("{n}, one for each image"),
            )),
            Some(labels) => match labels.iter().find(|&&label| label >= classes) {
                Some(label) => Err(Error::config("labels", label, format!("0 to {}", classes - 1))),
                None => Ok(Some(labels.to_vec())),
            },
        }
    }

    pub(super) fn classes_of(&self, labels: &[usize]) -> Tensor<2> {
        one_hot(labels, self.classes.len(), &self.flow.flow.device(), self.dtype())
    }
}

/// Classes as context features: 1 at the label, 0 elsewhere, `[n, classes]`.
///
/// # Panics
/// For a label that is no class.
pub fn one_hot(labels: &[usize], classes: usize, device: &Device, dtype: DType) -> Tensor<2> {
    let mut values = vec![0.0f32; labels.len() * classes];
    for (row, &label) in labels.iter().enumerate() {
        assert!(label < classes, "label {label} of {classes} classes");
        values[row * classes + label] = 1.0;
    }
    Tensor::from_data(TensorData::new(values, [labels.len(), classes]), (device, dtype))
}

/// Refuses a flow of other images, classes or maps.
fn fits(key: &str, config: &FlowConfig, pixels: &Pixels, classes: usize, maps: usize) -> Result<(), Error> {
    let (event, expected) = (config.event(), pixels.event());
    if event != expected {
        return Err(Error::config(
            key,
            format!("a flow of {event:?}"),
            format!("{expected:?}, the shape of the images"),
        ));
    }
    if config.context != classes {
        let found = format!("{} context features", config.context);
        return Err(Error::config(key, found, format!("{classes}, one for each class")));
    }
    if config.context_maps != maps {
        let found = format!("{} context maps", config.context_maps);
        return Err(Error::config(key, found, format!("{maps}")));
    }
    Ok(())
}
