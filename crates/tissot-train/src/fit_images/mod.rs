//! Fitting a flow to images: maximum likelihood of the bound.

mod subject;

use crate::error::FitError;
use crate::event::{Event, Stop};
use crate::images::Images;
use crate::memory;
use crate::run::{Run, RunFolder, Trained};
use crate::settings::Settings;
use burn::tensor::Device;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::ops::ControlFlow;
use tissot::image::{ImageFlow, ImageModel, Pixels, mean_and_error};
use tissot::{FlowConfig, Provenance};

/// Images that are scored at a time.
const BLOCK: usize = 64;

/// A fit to images: a flow, the images, the settings.
///
/// What is made small is the mean of the negative bound in nats a *dimension*: then learning rates and the norm at which gradients
/// are clipped mean the same for every size of image. (For tables it is nats a row.)
#[derive(Debug)]
pub struct FitImages<'a> {
    /// The flow to train.
    pub config: FlowConfig,
    /// The flow of the noise; uniform noise without one.
    pub dequantiser: Option<FlowConfig>,
    /// What the flow sees of a pixel.
    pub pixels: Pixels,
    /// The classes that the density is conditioned on, as the images' labels count them; none for an unconditional one.
    pub classes: Vec<String>,
    /// The images.
    pub images: &'a Images,
    /// Which of them train, validate, test.
    pub parts: Parts,
    /// Whether every other image, drawn at random, is mirrored left to right.
    pub flip: bool,
    /// How to train.
    pub settings: Settings,
    /// Where.
    pub device: Device,
    /// The folder for checkpoints and metrics; none are written without one.
    pub run: Option<RunFolder>,
    /// Go on from the folder's checkpoint, where there is one.
    pub resume: bool,
    /// The source's and the preset's name; the rest is filled in. Log-densities are nats an image.
    pub provenance: Provenance,
}

/// Which images train, which choose the best weights, which nothing is chosen by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// They train.
    pub train: Vec<usize>,
    /// They choose the best weights and when to stop, at most 500 of them, evenly spaced; training images where there are none.
    pub validation: Vec<usize>,
    /// They are scored once, at the end.
    pub test: Vec<usize>,
}

impl Parts {
    /// Divides `n` images at random: `validation` and `test` are shares of all, each at least one image where it is above 0.
    ///
    /// # Errors
    /// [`FitError::Data`] where fewer than 2 would train.
    pub fn new(n: usize, validation: f64, test: f64, seed: u64) -> Result<Self, FitError> {
        let share = |part: f64| if part > 0.0 { ((n as f64 * part).round() as usize).max(1) } else { 0 };
        let (validation, test) = (share(validation), share(test));
        let train = n.saturating_sub(validation.saturating_add(test));
        if train < 2 {
            return Err(FitError::Data(format!(
                "{n} images are too few: {validation} would validate and {test} test, and at least 2 must train"
            )));
        }
        let mut order: Vec<usize> = (0..n).collect();
        order.shuffle(&mut ChaCha8Rng::seed_from_u64(seed));
        let test = order.split_off(train + validation);
        let validation = order.split_off(train);
        Ok(Self { train: order, validation, test })
    }
}

/// What a fit to images gives.
#[derive(Debug)]
pub struct FittedImages {
    /// The best model.
    pub model: ImageModel,
    /// Why it ended.
    pub stop: Stop,
}

impl FitImages<'_> {
    /// Trains and returns the model with the best validation.
    ///
    /// `observe` sees every step; the run stops, and keeps its best model, when it answers with a break. A run that fails after
    /// its first validation gives its best model, too: see [`FittedImages::stop`].
    ///
    /// # Errors
    /// [`FitError`] for settings, images, files; for a loss that was never a number.
    pub fn run(self, observe: &mut dyn FnMut(&Event) -> ControlFlow<()>) -> Result<FittedImages, FitError> {
        self.run_keeping(&|_| false, &mut |_| Ok(()), observe)
    }

    /// As [`run`](Self::run), and hands the model after the steps that `when` chooses (0: before the first) to `keep`, with
    /// the step in its provenance: for samples that show how learning goes on.
    ///
    /// # Errors
    /// Those of [`run`](Self::run) and of `keep`.
    pub fn run_keeping(
        self,
        when: &dyn Fn(u64) -> bool,
        keep: &mut dyn FnMut(ImageModel) -> Result<(), FitError>,
        observe: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<FittedImages, FitError> {
        self.fits_together()?;
        let run = Run {
            subject: &self,
            settings: &self.settings,
            device: &self.device,
            folder: self.run.as_ref().map(RunFolder::path),
            resume: self.resume,
        };
        let mut hand = |flow: &ImageFlow, step: u64| keep(self.model_of(flow, step));
        let trained = run.go(when, &mut hand, observe)?;
        Ok(self.finish(trained))
    }

    /// Looks at images, settings and flow as [`run`](Self::run) does first: for who has to do things before. Gives the bytes of
    /// memory that a step takes at least: see [`memory`](crate::memory).
    ///
    /// # Errors
    /// [`FitError::Data`], [`FitError::Setting`] and [`FitError::Flow`], those of [`run`](Self::run).
    pub fn check(&self) -> Result<u64, FitError> {
        self.fits_together()?;
        self.settings.validate()?;
        let [height, width, _] = self.images.shape();
        let images = self.settings.batch.min(self.parts.train.len()) as u64;
        Ok(images.saturating_mul(memory::of_a_sample(&self.weights()?.flow, (height * width) as u64)))
    }

    /// Refuses what does not fit together.
    fn fits_together(&self) -> Result<(), FitError> {
        let ([height, width, channels], expected) = (self.images.shape(), self.pixels.event());
        if [channels, height, width] != expected {
            let [c, h, w] = expected;
            return Err(FitError::Data(format!(
                "the images are {height} x {width} with {channels} channels, the flow is for {h} x {w} with {c}"
            )));
        }
        if self.images.levels > self.pixels.source_levels {
            let (found, expected) = (self.images.levels, self.pixels.source_levels);
            return Err(FitError::Data(format!(
                "the images have {found} levels, the flow is for {expected}"
            )));
        }
        if !self.classes.is_empty() {
            let Some(labels) = &self.images.labels else {
                return Err(FitError::Data("the images have no labels to condition the density on".into()));
            };
            if let Some(label) = labels.iter().find(|&&label| label >= self.classes.len()) {
                let classes = self.classes.len();
                return Err(FitError::Data(format!(
                    "an image has the label {label}, there are {classes} classes"
                )));
            }
        }
        if self.parts.train.is_empty() {
            return Err(FitError::Data("there are no images to train on".into()));
        }
        let parts = [&self.parts.train, &self.parts.validation, &self.parts.test];
        if let Some(index) = parts.into_iter().flatten().find(|&&index| index >= self.images.len()) {
            return Err(FitError::Data(format!("image {index} of a set of {}", self.images.len())));
        }
        Ok(())
    }

    /// The model of these weights after so many steps.
    fn model_of(&self, flow: &ImageFlow, steps: u64) -> ImageModel {
        let provenance = Provenance {
            version: env!("CARGO_PKG_VERSION").into(),
            seed: self.settings.seed,
            steps,
            ..self.provenance.clone()
        };
        ImageModel {
            flow: flow.clone(),
            config: self.config.clone(),
            dequantiser: self.dequantiser.clone(),
            pixels: self.pixels.clone(),
            classes: self.classes.clone(),
            provenance,
        }
    }

    /// The model of the best weights; the test images are read here, once.
    fn finish(&self, trained: Trained<ImageFlow>) -> FittedImages {
        let mut model = self.model_of(&trained.best, trained.steps);
        let mut stop = trained.stop;
        // Images that cannot be read any more take nothing from what was learned.
        let held_out = self.bounds(&trained.best, &self.parts.test).unwrap_or_else(|error| {
            if !matches!(stop, Stop::Failed { .. }) {
                let checkpoint = self.run.as_ref().map(|_| trained.steps);
                stop = Stop::Failed { error, checkpoint };
            }
            Vec::new()
        });
        let known = &mut model.provenance;
        known.train_rows = self.parts.train.len() as u64;
        known.validation_rows = self.parts.validation.len().min(subject::VALIDATED) as u64;
        known.test_rows = self.parts.test.len() as u64;
        known.validation_log_prob = Some(trained.validation);
        known.held_out = (!held_out.is_empty()).then(|| mean_and_error(&held_out));
        known.settings = serde_json::json!(self.settings);
        FittedImages { model, stop }
    }
}
