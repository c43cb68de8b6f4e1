//! The training loop, whatever is trained.

mod folder;
mod subject;

pub use folder::RunFolder;
pub(crate) use subject::Subject;

use crate::adam::Adam;
use crate::batches::{Shuffle, noise};
use crate::blame;
use crate::checkpoint::{self, Memory, State};
use crate::error::FitError;
use crate::event::{Event, Stop};
use crate::metrics::Metrics;
use crate::optim;
use crate::settings::{NotFinite, Settings};
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Device;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

/// Steps left out in a row after which a run stops.
const PATIENCE: u64 = 10;

/// A run: what is trained, how, and where.
pub(crate) struct Run<'a, S> {
    pub subject: &'a S,
    pub settings: &'a Settings,
    pub device: &'a Device,
    /// The folder for checkpoints and metrics.
    pub folder: Option<&'a Path>,
    /// Go on from the folder's checkpoint, where there is one.
    pub resume: bool,
}

/// Takes the moving average after a step.
pub(crate) type Keep<'a, M> = dyn FnMut(&M, u64) -> Result<(), FitError> + 'a;

/// What a run gives.
pub(crate) struct Trained<M> {
    /// The weights with the best validation.
    pub best: M,
    /// That validation, in nats.
    pub validation: f64,
    /// Steps taken.
    pub steps: u64,
    /// Why it ended.
    pub stop: Stop,
}

impl<S: Subject> Run<'_, S> {
    /// Trains. `keep` is handed the moving average after certain `steps` (0: before the first); `observe` sees every step, and
    /// ends the run with a break.
    pub fn go(
        &self,
        steps: &dyn Fn(u64) -> bool,
        keep: &mut Keep<'_, S::Flow>,
        observe: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<Trained<S::Flow>, FitError> {
        self.settings.validate()?;
        let mut state = self.start()?;
        match self.folder {
            Some(run) if self.resume => match checkpoint::load(run, state)? {
                Some(loaded) => state = loaded,
                None => state = self.start()?,
            },
            Some(run) => checkpoint::remove(run)?,
            None => {}
        }
        let mut metrics = Metrics::open(self.folder, state.memory.metrics, self.subject.dimensions())?;
        let ended = self.train(&mut state, &mut metrics, steps, keep, observe);
        let stop = match ended.and_then(|stop| self.save(&mut state, &mut metrics).map(|()| stop)) {
            // Not in the checkpoint: a run that goes on validates where one that was never stopped does.
            Ok(stop) if state.memory.best.is_none() => {
                self.validate(&mut state)?;
                stop
            }
            Ok(stop) => stop,
            Err(error) => {
                let checkpoint = self.rescue(&mut state, &mut metrics);
                if state.memory.best.is_none() {
                    return Err(error);
                }
                Stop::Failed { error, checkpoint }
            }
        };
        match state.memory.best {
            Some(validation) => Ok(Trained { best: state.best, validation, steps: state.memory.step, stop }),
            None => Err(FitError::Data(format!(
                "the log-density of the validation rows was never finite in {} steps; a smaller --learning-rate usually mends it",
                state.memory.step
            ))),
        }
    }

    /// Takes steps until there is a reason to stop.
    fn train(
        &self,
        state: &mut State<S::Flow>,
        metrics: &mut Metrics,
        steps: &dyn Fn(u64) -> bool,
        keep: &mut Keep<'_, S::Flow>,
        observe: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<Stop, FitError> {
        let mut shuffle = Shuffle::new(self.settings.seed, self.subject.len(), self.settings.batch);
        let started = Instant::now();
        let before = state.memory.seconds;
        loop {
            state.memory.seconds = before + started.elapsed().as_secs_f64();
            // What a failure kept from being looked at after the last step.
            if state.memory.owed && self.look(state, metrics, observe)?.is_break() {
                return Ok(Stop::Asked);
            }
            let progress = self.progress(&state.memory);
            let step = state.memory.step;
            if progress >= 1.0 {
                return Ok(if step >= self.settings.steps { Stop::Finished } else { Stop::Time });
            }
            if self.settings.patience > 0 && state.memory.stale >= self.settings.patience {
                return Ok(Stop::Early);
            }
            if steps(step) {
                keep(&state.average, step)?;
            }
            let batch = self.subject.batch(shuffle.step(step), step)?;
            let event = self.step(state, &batch, progress);
            let bad = match &event {
                Event::Skipped { layer, .. }
                    if self.settings.not_finite == NotFinite::Stop || state.memory.skipped >= PATIENCE =>
                {
                    Some(layer.clone())
                }
                _ => None,
            };
            let due = self.settings.validates_after(state.memory.step) || self.progress(&state.memory) >= 1.0;
            state.memory.owed = due && bad.is_none();
            metrics.write(&event)?;
            let mut flow = observe(&event);
            if let Some(layer) = bad {
                let error = FitError::NotFinite { step, what: "loss or gradient", layer };
                return if state.memory.best.is_some() { Ok(Stop::NotFinite(error)) } else { Err(error) };
            }
            if state.memory.owed {
                let looked = self.look(state, metrics, observe)?;
                flow = if flow.is_break() { flow } else { looked };
            }
            if state.memory.step.is_multiple_of(self.settings.checkpoint_every) {
                self.save(state, metrics)?;
            }
            if flow.is_break() {
                return Ok(Stop::Asked);
            }
        }
    }

    /// Validates and audits, both or neither.
    fn look(
        &self,
        state: &mut State<S::Flow>,
        metrics: &mut Metrics,
        observe: &mut dyn FnMut(&Event) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>, FitError> {
        let findings = self.subject.audit(&state.average)?;
        let event = self.validate(state)?;
        state.memory.owed = false;
        metrics.write(&event)?;
        let mut flow = observe(&event);
        if !findings.is_empty() {
            let event = Event::Unhealthy { step: state.memory.step, findings };
            metrics.write(&event)?;
            flow = if flow.is_break() { flow } else { observe(&event) };
        }
        Ok(flow)
    }

    /// The run at its beginning.
    fn start(&self) -> Result<State<S::Flow>, FitError> {
        let flow = self.subject.start()?;
        let optimizer = Adam { weight_decay: self.settings.weight_decay, ..Adam::default() }.init();
        let memory = Memory { run: self.subject.identity()?, ..Memory::default() };
        Ok(State { memory, average: flow.clone(), best: flow.clone(), flow: flow.train(), optimizer })
    }

    fn progress(&self, memory: &Memory) -> f64 {
        let steps = memory.step as f64 / self.settings.steps as f64;
        self.settings.minutes.map_or(steps, |minutes| steps.max(memory.seconds / (60.0 * minutes)))
    }

    /// One step of the optimiser; left out where a number is none.
    fn step(&self, state: &mut State<S::Flow>, batch: &S::Batch, progress: f64) -> Event {
        let settings = self.settings;
        let step = state.memory.step;
        // Dropout draws from the device: its draws, too, come from (seed, step).
        let seed = settings.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(step);
        self.device.seed(seed);
        let rng = &mut noise(settings.seed, step);
        let (value, grads) = if settings.gradient_checkpointing {
            let (loss, grads) = self.subject.layer_by_layer(&state.flow, batch, rng, seed);
            (loss.into_scalar::<f64>(), grads)
        } else {
            let loss = self.subject.loss(&state.flow, batch, rng);
            (loss.clone().into_scalar::<f64>(), GradientsParams::from_grads(loss.backward(), &state.flow))
        };
        let norm = optim::global_norm(&state.flow, &grads);
        state.memory.step += 1;
        if !(value.is_finite() && norm.is_finite()) {
            state.memory.skipped += 1;
            let layer = self
                .subject
                .blame(&state.flow.valid(), batch, &mut noise(settings.seed, step))
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
        let log_prob = self.subject.log_prob(batch, value);
        Event::Step { step: state.memory.step, progress, log_prob, norm, rate }
    }

    /// Scores what was not trained on and keeps the best average.
    fn validate(&self, state: &mut State<S::Flow>) -> Result<Event, FitError> {
        let log_prob = self.subject.validate(&state.average)?;
        let best = log_prob.is_finite() && state.memory.best.is_none_or(|best| log_prob > best);
        if best {
            state.memory.best = Some(log_prob);
            state.memory.best_step = state.memory.step;
            state.memory.stale = 0;
            state.best = state.average.clone();
        } else {
            state.memory.stale += 1;
        }
        Ok(Event::Validation { step: state.memory.step, log_prob, best })
    }

    fn save(&self, state: &mut State<S::Flow>, metrics: &mut Metrics) -> Result<(), FitError> {
        let Some(run) = self.folder else { return Ok(()) };
        state.memory.metrics = metrics.flush()?;
        checkpoint::save(run, state)
    }
    /// Keeps what was learned, whatever went wrong, if it can be kept; the steps that are kept.
    fn rescue(&self, state: &mut State<S::Flow>, metrics: &mut Metrics) -> Option<u64> {
        let run = self.folder?;
        // Somebody may have taken it away.
        let _ = std::fs::create_dir_all(run);
        state.memory.metrics = metrics.flush().unwrap_or_else(|_| metrics.length());
        checkpoint::save(run, state).ok().map(|()| state.memory.step)
    }
}
