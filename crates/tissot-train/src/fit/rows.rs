//! Rows of a table as what a run trains on.

use super::Fit;
use crate::batches::{Batch, Batches, Purpose, Shuffle, rng};
use crate::blame;
use crate::error::FitError;
use crate::recompute;
use crate::rows::Rows;
use crate::run::Subject;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use tissot::columns::Columns;
use tissot::inspect::audit::{self, Finding, Thresholds};
use tissot::{AnyFlow, Context};

/// Rows that initialise what depends on data.
const FIRST: usize = 2_048;
/// Rows that are scored at a time.
const BLOCK: usize = 8_192;
/// Rows of the quick audit at each validation.
const AUDITED: usize = 64;

impl Fit<'_> {
    /// The flow as it is before any data.
    pub(super) fn weights(&self) -> Result<AnyFlow, FitError> {
        let flow = self.config.init(&self.device, &mut rng(self.settings.seed, Purpose::Weights, 0))?;
        let flow = flow.to_dtype(self.settings.precision.into())?;
        if flow.num_params() == 0 {
            let expected = "a layer with parameters";
            return Err(FitError::Setting { name: "flow", found: "nothing to learn".into(), expected });
        }
        Ok(flow)
    }

    fn batches<'b>(&'b self, rows: &'b Rows) -> Batches<'b> {
        let dtype = self.settings.precision.into();
        Batches { rows, columns: &self.columns, context: &self.context, device: &self.device, dtype }
    }

    /// The validation rows; the training rows where there are none.
    fn unseen(&self) -> &Rows {
        if self.splits.validation.n > 0 { &self.splits.validation } else { &self.splits.train }
    }

    /// The log-density of each row, in nats in the user's units.
    fn scores(&self, flow: &AnyFlow, rows: &Rows) -> Vec<f64> {
        let score = |batch: Batch| {
            let inside: Vec<f64> =
                flow.log_prob(batch.x.clone(), context(&batch)).into_data().iter().collect();
            inside.into_iter().zip(batch.log_det).map(|(a, b)| a + b).collect::<Vec<_>>()
        };
        self.batches(rows).all(BLOCK, self.settings.seed).flat_map(score).collect()
    }
}

impl Subject for Fit<'_> {
    type Flow = AnyFlow;
    type Batch = Batch;

    fn len(&self) -> usize {
        self.splits.train.n
    }

    fn dimensions(&self) -> Option<usize> {
        None
    }

    fn start(&self) -> Result<AnyFlow, FitError> {
        let seed = self.settings.seed;
        let flow = self.weights()?;
        let first: Vec<usize> = Shuffle::new(seed, self.splits.train.n, FIRST).step(0).to_vec();
        let batch = self.batches(&self.splits.train).at(&first, &mut rng(seed, Purpose::Weights, 1));
        Ok(flow.initialize(batch.x.clone(), context(&batch)))
    }

    fn batch(&self, indices: &[usize], step: u64) -> Result<Batch, FitError> {
        let rng = &mut rng(self.settings.seed, Purpose::Step, step);
        Ok(self.batches(&self.splits.train).at(indices, rng))
    }

    fn loss(&self, flow: &AnyFlow, batch: &Batch, _: &mut ChaCha8Rng) -> Tensor<1> {
        flow.log_prob(batch.x.clone(), context(batch)).mean().neg()
    }

    fn layer_by_layer(
        &self,
        flow: &AnyFlow,
        batch: &Batch,
        _: &mut ChaCha8Rng,
        seed: u64,
    ) -> (Tensor<1>, GradientsParams) {
        let weight = -1.0 / batch.x.dims()[0] as f64;
        let found = recompute::gradients(flow, batch.x.clone(), context(batch), weight, seed);
        (found.log_prob.mean().neg(), found.grads)
    }

    fn log_prob(&self, batch: &Batch, loss: f64) -> f64 {
        batch.log_det.iter().sum::<f64>() / batch.log_det.len() as f64 - loss
    }

    fn blame(&self, flow: &AnyFlow, batch: &Batch, _: &mut ChaCha8Rng) -> Option<String> {
        blame::first_in_flow(flow, batch.x.clone(), context(batch))
    }

    fn validate(&self, flow: &AnyFlow) -> Result<f64, FitError> {
        let scores = self.scores(flow, self.unseen());
        Ok(scores.iter().sum::<f64>() / scores.len() as f64)
    }

    /// On a few rows that are the same each time.
    fn audit(&self, flow: &AnyFlow) -> Result<Vec<Finding>, FitError> {
        let rows = self.unseen();
        let some = rows.n.min(AUDITED);
        let indices: Vec<usize> = (0..some).map(|k| k * rows.n / some).collect();
        let batch = self.batches(rows).at(&indices, &mut rng(self.settings.seed, Purpose::Report, u64::MAX));
        Ok(audit::quick(flow, &batch.x, context(&batch), &Thresholds::default()))
    }

    fn identity(&self) -> Result<serde_json::Value, FitError> {
        let mut hasher = blake3::Hasher::new();
        for part in [&self.splits.train, &self.splits.validation] {
            for value in part.values.iter().chain(&part.context) {
                hasher.update(&value.to_le_bytes());
            }
        }
        hasher.update(serde_json::json!([self.columns, self.context]).to_string().as_bytes());
        let names = |columns: &Columns| {
            columns.0.iter().map(|column| format!("{}={}", column.name, column.domain)).collect::<Vec<_>>()
        };
        Ok(serde_json::json!({
            "settings": self.settings,
            "flow": self.config,
            "columns": names(&self.columns),
            "context": names(&self.context),
            "rows": hasher.finalize().to_hex().to_string(),
        }))
    }
}

fn context(batch: &Batch) -> Context<'_> {
    Context { features: batch.context.as_ref(), maps: None }
}
