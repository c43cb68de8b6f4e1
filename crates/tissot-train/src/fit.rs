//! The training loop: maximum likelihood.

mod validation;

use crate::adam::Adam;
use crate::batches::{Batch, Batches, Purpose, Shuffle, rng};
use crate::beside::BesideGaussian;
use crate::blame;
use crate::checkpoint::{self, Memory, State};
use crate::error::FitError;
use crate::event::{Event, Fitted, Stop};
use crate::metrics::Metrics;
use crate::optim;
use crate::rows::Splits;
use crate::settings::{NotFinite, Settings};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Device;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::time::Instant;
use tissot::columns::Columns;
use tissot::{Context, FlowConfig, Model, Provenance};

/// Rows that initialise what depends on data.
const FIRST: usize = 2_048;
/// Steps left out in a row after which a run stops.
const PATIENCE: u64 = 10;

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
    pub run: Option<PathBuf>,
    /// Go on from the folder's checkpoint, where there is one.
    pub resume: bool,
    /// The source's and the preset's name; the rest is filled in.
    pub provenance: Provenance,
}

impl Fit<'_> {
    /// Trains and returns the model with the best validation.
    ///
    /// `observe` sees every step; the run stops, and keeps its best model, when it answers with a break.
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
        self.settings.validate()?;
        let mut state = self.start()?;
        match &self.run {
            Some(run) if self.resume => match checkpoint::load(run, state)? {
                Some(loaded) => state = loaded,
                None => state = self.start()?,
            },
            Some(run) => checkpoint::remove(run)?,
            None => {}
        }
        let mut metrics = Metrics::open(self.run.as_deref(), state.memory.metrics)?;
        let train = self.batches(&self.splits.train);
        let mut shuffle = Shuffle::new(self.settings.seed, self.splits.train.n, self.settings.batch);
        let started = Instant::now();
        let before = state.memory.seconds;
        let stop = loop {
            state.memory.seconds = before + started.elapsed().as_secs_f64();
            let progress = self.progress(&state.memory);
            if progress >= 1.0 {
                break Stop::Finished;
            }
            if self.settings.patience > 0 && state.memory.stale >= self.settings.patience {
                break Stop::Early;
            }
            let step = state.memory.step;
            if steps.contains(&step) {
                keep(self.now(&state))?;
            }
            let batch = train.at(shuffle.step(step), &mut rng(self.settings.seed, Purpose::Step, step));
            let event = self.step(&mut state, &batch, progress);
            metrics.write(&event)?;
            let mut flow = observe(&event);
            if let Event::Skipped { layer, .. } = &event
                && (self.settings.not_finite == NotFinite::Stop || state.memory.skipped >= PATIENCE)
            {
                let error = FitError::NotFinite { step, what: "loss or gradient", layer: layer.clone() };
                if state.memory.best.is_none() {
                    return Err(error);
                }
                break Stop::NotFinite(error);
            }
            if self.settings.validates_after(state.memory.step) || self.progress(&state.memory) >= 1.0 {
                let event = self.validate(&mut state);
                metrics.write(&event)?;
                flow = if flow.is_break() { flow } else { observe(&event) };
                if let Some(event) = self.audit(&state) {
                    metrics.write(&event)?;
                    flow = if flow.is_break() { flow } else { observe(&event) };
                }
            }
            if state.memory.step.is_multiple_of(self.settings.checkpoint_every) {
                self.save(&mut state, &mut metrics)?;
            }
            if flow.is_break() {
                break Stop::Asked;
            }
        };
        self.save(&mut state, &mut metrics)?;
        // Not in the checkpoint: a run that goes on validates where one that was never stopped does.
        if state.memory.best.is_none() {
            self.validate(&mut state);
        }
        if state.memory.best.is_none() {
            return Err(FitError::Data(format!(
                "the log-density of the validation rows was never finite in {} steps; a smaller --learning-rate usually mends it",
                state.memory.step
            )));
        }
        let (model, beside) = self.model(state);
        Ok(Fitted { model, stop, beside })
    }

    /// The model as it is now.
    fn now(&self, state: &State) -> Model {
        let provenance = Provenance {
            version: env!("CARGO_PKG_VERSION").into(),
            seed: self.settings.seed,
            steps: state.memory.step,
            ..self.provenance.clone()
        };
        Model {
            flow: state.average.clone(),
            config: self.config.clone(),
            columns: self.columns.clone(),
            context: self.context.clone(),
            provenance,
        }
    }

    fn batches<'b>(&'b self, rows: &'b crate::Rows) -> Batches<'b> {
        Batches { rows, columns: &self.columns, context: &self.context, device: &self.device }
    }

    /// The run at its beginning.
    fn start(&self) -> Result<State, FitError> {
        let settings = &self.settings;
        let flow = self.config.init(&self.device, &mut rng(settings.seed, Purpose::Weights, 0))?;
        if flow.num_params() == 0 {
            let expected = "a layer with parameters";
            return Err(FitError::Setting { name: "flow", found: "nothing to learn".into(), expected });
        }
        let first: Vec<usize> = Shuffle::new(settings.seed, self.splits.train.n, FIRST).step(0).to_vec();
        let batch = self.batches(&self.splits.train).at(&first, &mut rng(settings.seed, Purpose::Weights, 1));
        let flow = flow.initialize(batch.x.clone(), context(&batch));
        let optimizer = Adam { weight_decay: settings.weight_decay, ..Adam::default() }.init();
        let memory = Memory { fingerprint: self.fingerprint(), ..Memory::default() };
        Ok(State { memory, average: flow.clone(), best: flow.clone(), flow: flow.train(), optimizer })
    }

    /// What must be equal for a run to go on.
    fn fingerprint(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.splits.train, &self.splits.validation] {
            for value in part.values.iter().chain(&part.context) {
                hasher.update(&value.to_le_bytes());
            }
        }
        let settings = serde_json::json!([self.config, self.columns, self.context, self.settings]);
        hasher.update(settings.to_string().as_bytes());
        hasher.finalize().to_hex().to_string()
    }

    fn progress(&self, memory: &Memory) -> f64 {
        let steps = memory.step as f64 / self.settings.steps as f64;
        self.settings.minutes.map_or(steps, |minutes| steps.max(memory.seconds / (60.0 * minutes)))
    }

    /// One step of the optimiser; left out where a number is none.
    fn step(&self, state: &mut State, batch: &Batch, progress: f64) -> Event {
        let settings = &self.settings;
        let step = state.memory.step;
        // Dropout draws from the device: its draws, too, come from (seed, step).
        self.device.seed(settings.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(step));
        let loss = state.flow.log_prob(batch.x.clone(), context(batch)).mean().neg();
        let value = loss.clone().into_scalar::<f64>();
        let grads = GradientsParams::from_grads(loss.backward(), &state.flow);
        let norm = optim::global_norm(&state.flow, &grads);
        state.memory.step += 1;
        if !(value.is_finite() && norm.is_finite()) {
            state.memory.skipped += 1;
            let layer = blame::first_in_flow(&state.flow.valid(), batch.x.clone(), context(batch))
                .or_else(|| blame::last_bad_gradient(&state.flow, &grads))
                .unwrap_or_else(|| "the base distribution".into());
            return Event::Skipped { step, layer };
        }
        state.memory.skipped = 0;
        let grads = optim::clip(&state.flow, grads, norm, settings.clip);
        let rate = settings.rate(step, progress);
        // Moved, not cloned: weights that are held twice would be copied before they are written.
        let flow = std::mem::replace(&mut state.flow, state.average.clone());
        let flow = state.optimizer.step(rate, flow, grads);
        let decay = settings.ema.min((1 + step) as f64 / (10 + step) as f64);
        state.average = if settings.ema > 0.0 {
            optim::average(state.average.clone(), &flow, decay)
        } else {
            flow.valid()
        };
        state.flow = flow;
        let log_det = batch.log_det.iter().sum::<f64>() / batch.log_det.len() as f64;
        Event::Step { step: state.memory.step, progress, log_prob: log_det - value, norm, rate }
    }

    fn save(&self, state: &mut State, metrics: &mut Metrics) -> Result<(), FitError> {
        let Some(run) = &self.run else { return Ok(()) };
        state.memory.metrics = metrics.flush()?;
        checkpoint::save(run, state)
    }

    /// The model of the best weights; the test rows are read here, once.
    fn model(self, state: State) -> (Model, Option<BesideGaussian>) {
        let mut model = Model { flow: state.best.clone(), ..self.now(&state) };
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
        known.validation_log_prob = state.memory.best;
        known.held_out = (!held_out.is_empty()).then(|| mean_and_error(&held_out));
        known.train_quantiles = (0..=200).map(|q| train[q * (train.len() - 1) / 200]).collect();
        known.settings = serde_json::json!(self.settings);
        (model, beside)
    }
}

fn context(batch: &Batch) -> Context<'_> {
    Context { features: batch.context.as_ref(), maps: None }
}

/// The mean and its standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, (variance / n).sqrt())
}
