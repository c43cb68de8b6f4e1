//! What is looked at between steps.

use super::{Fit, context};
use crate::batches::{Batch, Purpose, rng};
use crate::checkpoint::State;
use crate::event::Event;
use tissot::AnyFlow;
use tissot::inspect::audit::{self, Thresholds};

/// Rows that are scored at a time.
const BLOCK: usize = 8_192;
/// Rows of the quick audit at each validation.
const AUDITED: usize = 64;

impl Fit<'_> {
    /// The validation rows; the training rows where there are none.
    fn unseen(&self) -> &crate::Rows {
        if self.splits.validation.n > 0 { &self.splits.validation } else { &self.splits.train }
    }

    /// What the quick audit finds wrong with the average, on a few rows that are the same each time; `None` for nothing.
    pub(super) fn audit(&self, state: &State) -> Option<Event> {
        let rows = self.unseen();
        let some = rows.n.min(AUDITED);
        let indices: Vec<usize> = (0..some).map(|k| k * rows.n / some).collect();
        let batch = self.batches(rows).at(&indices, &mut rng(self.settings.seed, Purpose::Report, u64::MAX));
        let findings = audit::quick(&state.average, &batch.x, context(&batch), &Thresholds::default());
        (!findings.is_empty()).then_some(Event::Unhealthy { step: state.memory.step, findings })
    }

    /// Scores the validation rows (the training rows where there are none) and keeps the best average.
    pub(super) fn validate(&self, state: &mut State) -> Event {
        let rows = self.unseen();
        let scores = self.scores(&state.average, rows);
        let log_prob = scores.iter().sum::<f64>() / scores.len() as f64;
        let best = log_prob.is_finite() && state.memory.best.is_none_or(|best| log_prob > best);
        if best {
            state.memory.best = Some(log_prob);
            state.memory.best_step = state.memory.step;
            state.memory.stale = 0;
            state.best = state.average.clone();
        } else {
            state.memory.stale += 1;
        }
        Event::Validation { step: state.memory.step, log_prob, best }
    }

    /// The log-density of each row, in nats in the user's units.
    fn scores(&self, flow: &AnyFlow, rows: &crate::Rows) -> Vec<f64> {
        let score = |batch: Batch| {
            let inside: Vec<f64> =
                flow.log_prob(batch.x.clone(), context(&batch)).into_data().iter().collect();
            inside.into_iter().zip(batch.log_det).map(|(a, b)| a + b).collect::<Vec<_>>()
        };
        self.batches(rows).all(BLOCK, self.settings.seed).flat_map(score).collect()
    }
}
