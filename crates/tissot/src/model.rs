//! A flow with the columns and units of the table it was fitted to.

mod rows;

use crate::bijection::Context;
use crate::columns::Columns;
use crate::config::{AnyFlow, FlowConfig};
use crate::dtype;
use crate::error::Error;
use crate::provenance::Provenance;
use crate::store;
use burn::module::Module;
use burn::tensor::{DType, Device, FloatDType, Tensor};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::borrow::Cow;
use std::path::Path;

/// Dequantisation draws a row where a column holds whole numbers.
const DRAWS: usize = 16;
/// Rows that go through the flow at a time.
const BLOCK: usize = 8_192;

/// A flow, the columns of its table with their domains and standardisation, and its history: what a file holds.
///
/// Rows are row-major slices of `f64` in the user's units; log-densities are in nats *in these units*: every
/// log-det of the preprocessing is counted.
#[derive(Clone, Debug)]
pub struct Model {
    /// The flow, on standardised columns.
    pub flow: AnyFlow,
    /// The configuration that makes the flow.
    pub config: FlowConfig,
    /// The columns that the density is over.
    pub columns: Columns,
    /// The columns that it is conditioned on.
    pub context: Columns,
    /// How it came to be.
    pub provenance: Provenance,
}

impl Model {
    /// The log-density of each row, in nats in the user's units; -inf outside a column's domain.
    ///
    /// A row that overflows f32 is scored in f64 where the device has it, and is -inf where it overflows that, too; never NaN.
    ///
    /// Where a column holds whole numbers it is a lower bound, `log (1/K) sum_k p(x + u_k)` over K = 16 dequantisation
    /// draws that depend on the row alone.
    ///
    /// # Shapes
    /// `rows`: `n * columns`, `context`: `n * context columns` (empty without context).
    ///
    /// # Panics
    /// Where the lengths do not fit.
    pub fn log_prob(&self, rows: &[f64], context: &[f64]) -> Vec<f64> {
        let (d, c) = (self.columns.len(), self.context.len());
        self.blocks(rows, context, |rows, context| {
            let n = rows.len() / d;
            let draws = if self.columns.any_integer() { DRAWS } else { 1 };
            let mut total = vec![f64::NEG_INFINITY; n];
            let contexts = self.context_tensor(context);
            let mut rngs: Vec<ChaCha8Rng> = rows.chunks(d).map(row_rng).collect();
            for _ in 0..draws {
                let mut z = Vec::with_capacity(rows.len());
                let log_dets: Vec<f64> = rows
                    .chunks(d)
                    .zip(&mut rngs)
                    .map(|(row, rng)| self.columns.forward(row, &mut z, rng).unwrap_or(f64::NEG_INFINITY))
                    .collect();
                let context = Context { features: contexts.as_ref(), maps: None };
                let inside = self.log_probs(z, context);
                for ((total, log_det), inside) in total.iter_mut().zip(log_dets).zip(inside) {
                    *total = log_add(*total, inside + log_det);
                }
            }
            debug_assert_eq!(context.len(), n * c);
            total.iter().map(|total| total - (draws as f64).ln()).collect()
        })
    }

    /// Draws rows in the user's units: `n` of them, each under its row of `context`.
    ///
    /// # Panics
    /// Where `context` has not `n` rows.
    pub fn sample(&self, n: usize, context: &[f64], rng: &mut dyn Rng) -> Vec<f64> {
        let (d, c) = (self.columns.len(), self.context.len());
        assert_eq!(context.len(), n * c, "one context row a sample");
        let mut out = Vec::with_capacity(n * d);
        for start in (0..n).step_by(BLOCK) {
            let rows = BLOCK.min(n - start);
            let contexts = self.context_tensor(&context[start * c..(start + rows) * c]);
            let context = Context { features: contexts.as_ref(), maps: None };
            let drawn: Vec<f64> = self.drawn(rows, context, rng).into_data().iter().collect();
            self.to_user(&drawn, &mut out);
        }
        out
    }

    /// The latent of each row, on circles within one turn; `NaN` outside a column's domain.
    ///
    /// Computed by [`Model::exact`], whatever type the weights have, so that the way back loses no more than the rounding of the
    /// latent does.
    ///
    /// # Panics
    /// As [`Model::log_prob`].
    pub fn transform(&self, rows: &[f64], context: &[f64]) -> Vec<f64> {
        let (d, exact) = (self.columns.len(), self.exact());
        self.blocks(rows, context, |rows, context| {
            let mut x = Vec::with_capacity(rows.len());
            let inside: Vec<bool> = rows
                .chunks(d)
                .map(|row| self.columns.forward(row, &mut x, &mut row_rng(row)).is_ok())
                .collect();
            let contexts = exact.context_tensor(context);
            let context = Context { features: contexts.as_ref(), maps: None };
            let z = exact.mapped(x, context, true);
            z.into_iter().enumerate().map(|(k, z)| if inside[k / d] { z } else { f64::NAN }).collect()
        })
    }

    /// The row of each latent, in the user's units; computed by [`Model::exact`].
    ///
    /// # Panics
    /// As [`Model::log_prob`].
    pub fn inverse_transform(&self, z: &[f64], context: &[f64]) -> Vec<f64> {
        let exact = self.exact();
        self.blocks(z, context, |z, context| {
            let contexts = exact.context_tensor(context);
            let context = Context { features: contexts.as_ref(), maps: None };
            let x = exact.mapped(z.to_vec(), context, false);
            let mut out = Vec::with_capacity(z.len());
            self.to_user(&x, &mut out);
            out
        })
    }

    /// The share of training rows, in percent, whose log-density is below `log_prob`.
    pub fn percentile(&self, log_prob: f64) -> f64 {
        let q = &self.provenance.train_quantiles;
        if q.len() < 2 || log_prob.is_nan() {
            return f64::NAN;
        }
        let above = q.partition_point(|&quantile| quantile < log_prob);
        if above == 0 {
            return 0.0;
        }
        if above == q.len() {
            return 100.0;
        }
        let (low, high) = (q[above - 1], q[above]);
        let within = if high > low && low.is_finite() { (log_prob - low) / (high - low) } else { 1.0 };
        100.0 * ((above - 1) as f64 + within) / (q.len() - 1) as f64
    }

    /// The same model in another number type.
    ///
    /// # Errors
    /// [`Error::Config`] for f64 on a device that has none.
    pub fn to_dtype(self, dtype: FloatDType) -> Result<Self, Error> {
        Ok(Self { flow: self.flow.to_dtype(dtype)?, ..self })
    }

    /// The model in f64 where its device has that, with the same weights: what it says is then exact to some 15 digits, for twice
    /// the work or a little more. Itself where it is so already, or cannot be.
    pub fn exact(&self) -> Cow<'_, Self> {
        let double = || self.clone().to_dtype(FloatDType::F64).ok();
        let wanted = self.flow.dtype() != DType::F64 && dtype::has_f64(&self.flow.device());
        wanted.then(double).flatten().map_or(Cow::Borrowed(self), Cow::Owned)
    }

    /// Writes the model to one file that needs nothing else, beside it and renamed, so that it is never half-written.
    ///
    /// # Errors
    /// [`Error::Write`] where it cannot be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        store::save(self, path.as_ref())
    }

    /// Reads a model onto `device`.
    ///
    /// # Errors
    /// [`Error::Read`] where the file cannot be read, [`Error::ModelFile`] where it is no model, or an altered one.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, Error> {
        store::load(path.as_ref(), device)
    }

    /// How many numbers were learned.
    pub fn num_params(&self) -> usize {
        self.flow.num_params()
    }

    /// Runs `part(rows, context)` over blocks of rows and joins what it gives.
    fn blocks(&self, rows: &[f64], context: &[f64], part: impl Fn(&[f64], &[f64]) -> Vec<f64>) -> Vec<f64> {
        let (d, c) = (self.columns.len(), self.context.len());
        assert_eq!(rows.len() % d, 0, "whole rows of {d} columns");
        let n = rows.len() / d;
        assert_eq!(context.len(), n * c, "one context row of {c} columns a row");
        let blocks = (0..n).step_by(BLOCK).map(|start| (start, n.min(start + BLOCK)));
        blocks
            .flat_map(|(start, end)| part(&rows[start * d..end * d], &context[start * c..end * c]))
            .collect()
    }

    fn to_user(&self, x: &[f64], out: &mut Vec<f64>) {
        x.chunks(self.columns.len()).for_each(|row| self.columns.inverse(row, out));
    }

    /// The rows in the flow's units, whole numbers dequantised once, and their log-dets; zeros and -infinity outside a
    /// column's domain.
    pub(crate) fn inputs(&self, rows: &[f64]) -> (Tensor<2>, Vec<f64>) {
        let d = self.columns.len();
        assert_eq!(rows.len() % d, 0, "whole rows of {d} columns");
        let mut x = Vec::with_capacity(rows.len());
        let log_det = |row: &[f64]| self.columns.forward(row, &mut x, &mut row_rng(row));
        let log_dets = rows.chunks(d).map(log_det).map(|found| found.unwrap_or(f64::NEG_INFINITY)).collect();
        (self.tensor(x, d), log_dets)
    }

    /// The context in the model's units; `None` without context columns.
    pub(crate) fn context_tensor(&self, context: &[f64]) -> Option<Tensor<2>> {
        let c = self.context.len();
        (c > 0).then(|| {
            let mut values = Vec::with_capacity(context.len());
            for row in context.chunks(c) {
                // A context value outside its domain has no meaning: the row gets the context's mean (zeros).
                let _ = self.context.forward(row, &mut values, &mut row_rng(row));
            }
            self.tensor(values, c)
        })
    }
}

/// Randomness that depends on a row's values alone, so that its score does not depend on its neighbours.
fn row_rng(row: &[f64]) -> ChaCha8Rng {
    let mut hasher = blake3::Hasher::new();
    row.iter().for_each(|value| {
        hasher.update(&value.to_le_bytes());
    });
    ChaCha8Rng::from_seed(*hasher.finalize().as_bytes())
}

/// `log(e^a + e^b)`.
pub(crate) fn log_add(a: f64, b: f64) -> f64 {
    let (high, low) = if a > b { (a, b) } else { (b, a) };
    if low == f64::NEG_INFINITY { high } else { high + (low - high).exp().ln_1p() }
}
