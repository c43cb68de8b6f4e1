//! The progress of a fit, as a bar on the terminal.

use crate::failure;
use crate::stop;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tissot_train::{Event, bits_per_dim};

/// Parts of a run that the bar counts.
const PARTS: u64 = 1_000;

/// Shows events, and asks the run to stop where the program was asked to.
pub struct Progress {
    bar: ProgressBar,
    asked: Arc<AtomicBool>,
    validation: Option<f64>,
    /// The numbers of an image, where images are trained on.
    dimensions: Option<usize>,
    /// Layers and what was said of them: once is enough.
    said: BTreeSet<String>,
}

impl Progress {
    /// A bar on standard error; none where nobody looks or `quiet`.
    ///
    /// # Errors
    /// Where the program cannot listen to who asks it to stop.
    pub fn new(quiet: bool) -> anyhow::Result<Self> {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let style =
            ProgressStyle::with_template("{bar:30} {percent:>3} %  {msg}  {eta} left")?.progress_chars("━━╌");
        let bar = ProgressBar::with_draw_target(Some(PARTS), target).with_style(style);
        Ok(Self { bar, asked: stop::listen()?, validation: None, dimensions: None, said: BTreeSet::new() })
    }

    /// Tells bits for each of so many numbers of an image instead of nats.
    #[must_use]
    pub fn of_images(self, dimensions: usize) -> Self {
        Self { dimensions: Some(dimensions), ..self }
    }

    /// Shows one event; a break where the program was asked to stop.
    pub fn observe(&mut self, event: &Event) -> ControlFlow<()> {
        match event {
            Event::Step { progress, log_prob, .. } => {
                self.bar.set_position((progress * PARTS as f64) as u64);
                let told = |nats: f64| self.dimensions.map_or(nats, |d| bits_per_dim(nats, d));
                let best =
                    self.validation.map(|v| format!(", validation {:.4}", told(v))).unwrap_or_default();
                let log_prob = told(*log_prob);
                self.bar.set_message(match self.dimensions {
                    None => format!("log-density: batch {log_prob:.4}{best} nats"),
                    Some(_) => format!("bits per dimension: batch {log_prob:.4}{best}"),
                });
            }
            Event::Validation { log_prob, best: true, .. } => self.validation = Some(*log_prob),
            Event::Skipped { step, layer } => {
                self.bar.println(format!("step {step} left out: a number is not finite, first in {layer}"));
            }
            Event::Unhealthy { step, findings } => {
                for finding in findings {
                    if self.said.insert(format!("{:?} {:?}", finding.kind, finding.place)) {
                        let line = format!("step {step}: {finding}");
                        // Where there is no bar nobody would see it.
                        if self.bar.is_hidden() { failure::say(&line) } else { self.bar.println(line) }
                    }
                }
            }
            _ => {}
        }
        if self.asked.load(Ordering::SeqCst) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// Takes the bar away.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}
