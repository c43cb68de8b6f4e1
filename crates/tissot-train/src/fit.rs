//! Fitting a flow to the rows of a table: maximum likelihood.

mod rows;

use crate::beside::BesideGaussian;
use crate::error::FitError;
use crate::event::{Event, Fitted};
use crate::memory;
use crate::rows::Splits;
use crate::run::{Run, RunFolder, Trained};
use crate::settings::Settings;
use burn::tensor::Device;
use std::ops::ControlFlow;
use tissot::columns::Columns;
use tissot::image::mean_and_error;
use tissot::{AnyFlow, FlowConfig, Model, Provenance};

/// A fit: a flow, the columns it is over, the rows, the settings.
#[derive(Debug)]
pub struct Fit<'a> {
    /// The flow to train.
    pub config: FlowConfig,
    /// The columns that the density is over, as [`fit_columns`](crate::fit_columns) gives them for the training rows.
    pub columns: Columns,
    /// The columns that it is conditioned on.
    pub context: Columns,
    /// The rows.
    pub splits: &'a Splits,
    /// How to train.
    pub settings: Settings,
    /// Where.
    pub device: Device,
    /// The folder for checkpoints and metrics; none are written without one.
    pub run: Option<RunFolder>,
    /// Go on from the folder's checkpoint, where there is one.
    pub resume: bool,
    /// The source's and the preset's name; the rest is filled in.
    pub provenance: Provenance,
}

impl Fit<'_> {
    /// Trains and returns the model with the best validation.
    ///
    /// `observe` sees every step; the run stops, and keeps its best model, when it answers with a break. A run that fails after
    /// its first validation gives its best model, too: see [`Fitted::stop`].
    ///
    /// # Errors
    /// [`FitError`] for settings, rows, files; for a loss that was never a number.
    pub fn run(self, observe: &mut dyn FnMut(&Event) -> ControlFlow<()>) -> Result<Fitted, FitError> {
        self.run_keeping(&[], &mut |_| Ok(()), observe)
    }

    /// As [`run`](Self::run), and hands the model after certain `steps` (0: before the first) to `keep`, with the step in its
    /// provenance. See [`snapshot_steps`](crate::snapshot_steps).
    ///
    /// # Errors
    /// Those of [`run`](Self::run) and of `keep`.
    pub fn run_keeping(
        self,
        steps: &[u64],
        keep: &mut dyn FnMut(Model) -> Result<(), FitError>,
        observe: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<Fitted, FitError> {
        let run = Run {
            subject: &self,
            settings: &self.settings,
            device: &self.device,
            folder: self.run.as_ref().map(RunFolder::path),
            resume: self.resume,
        };
        let mut hand = |flow: &AnyFlow, step: u64| keep(self.model_of(flow, step));
        let trained = run.go(&|step| steps.contains(&step), &mut hand, observe)?;
        Ok(self.finish(trained))
    }

    /// Looks at settings and flow as [`run`](Self::run) does first: for who has to do things before. Gives the bytes of memory
    /// that a step takes at least: see [`memory`](crate::memory).
    ///
    /// # Errors
    /// [`FitError::Setting`] and [`FitError::Flow`], those of [`run`](Self::run).
    pub fn check(&self) -> Result<u64, FitError> {
        self.settings.validate()?;
        let rows = self.settings.batch.min(self.splits.train.n) as u64;
        Ok(rows.saturating_mul(memory::of_a_sample(&self.weights()?, 1)))
    }

    /// The model of these weights after so many steps.
    fn model_of(&self, flow: &AnyFlow, steps: u64) -> Model {
        let provenance = Provenance {
            version: env!("CARGO_PKG_VERSION").into(),
            seed: self.settings.seed,
            steps,
            ..self.provenance.clone()
        };
        Model {
            flow: flow.clone(),
            config: self.config.clone(),
            columns: self.columns.clone(),
            context: self.context.clone(),
            provenance,
        }
    }

    /// The model of the best weights; the test rows are read here, once.
    fn finish(&self, trained: Trained<AnyFlow>) -> Fitted {
        let mut model = self.model_of(&trained.best, trained.steps);
        let splits = self.splits;
        let mut train = model.log_prob(&splits.train.values, &splits.train.context);
        train.sort_by(f64::total_cmp);
        let held_out = model.log_prob(&splits.test.values, &splits.test.context);
        let beside = if held_out.is_empty() {
            let rows = &splits.validation;
            let scores = model.log_prob(&rows.values, &rows.context);
            BesideGaussian::new(false, &scores, rows, &splits.train, &model.columns)
        } else {
            BesideGaussian::new(true, &held_out, &splits.test, &splits.train, &model.columns)
        };
        let known = &mut model.provenance;
        known.train_rows = splits.train.n as u64;
        known.validation_rows = splits.validation.n as u64;
        known.test_rows = splits.test.n as u64;
        known.validation_log_prob = Some(trained.validation);
        known.held_out = (!held_out.is_empty()).then(|| mean_and_error(&held_out));
        known.train_quantiles = (0..=200).map(|q| train[q * (train.len() - 1) / 200]).collect();
        known.settings = serde_json::json!(self.settings);
        Fitted { model, stop: trained.stop, beside }
    }
}
