//! What differs between the things that can be trained.

use crate::error::FitError;
use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use rand_chacha::ChaCha8Rng;
use tissot::inspect::audit::Finding;

/// What a run trains, and on what: everything that the loop does not know itself.
///
/// Log-densities are in nats a sample.
pub(crate) trait Subject {
    /// The module that is trained.
    type Flow: Module;
    /// What a step takes.
    type Batch;

    /// How many samples train.
    fn len(&self) -> usize;

    /// The numbers of a sample, where bits for each of them are what people want to read.
    fn dimensions(&self) -> Option<usize>;

    /// The module at its beginning, initialised from data.
    fn start(&self) -> Result<Self::Flow, FitError>;

    /// The samples of a step.
    fn batch(&self, indices: &[usize], step: u64) -> Result<Self::Batch, FitError>;

    /// What is made small: differentiable, `[1]`. Noise comes from `rng`.
    fn loss(&self, flow: &Self::Flow, batch: &Self::Batch, rng: &mut ChaCha8Rng) -> Tensor<1>;

    /// The loss, without a graph, and its gradients, a layer at a time; what is random comes from `rng` and `seed`.
    fn layer_by_layer(
        &self,
        flow: &Self::Flow,
        batch: &Self::Batch,
        rng: &mut ChaCha8Rng,
        seed: u64,
    ) -> (Tensor<1>, GradientsParams);

    /// The mean log-density of a batch that had this loss.
    fn log_prob(&self, batch: &Self::Batch, loss: f64) -> f64;

    /// The layer in which a number of the batch first is none.
    fn blame(&self, flow: &Self::Flow, batch: &Self::Batch, rng: &mut ChaCha8Rng) -> Option<String>;

    /// The mean log-density of samples that do not train, or of those that do where there are no others: the same draws each time.
    fn validate(&self, flow: &Self::Flow) -> Result<f64, FitError>;

    /// What the quick audit finds wrong.
    fn audit(&self, flow: &Self::Flow) -> Result<Vec<Finding>, FitError>;

    /// What must be equal for a run to go on, by parts: `settings`, `flow`, what else there is, and `rows`, a hash of the data.
    fn identity(&self) -> Result<serde_json::Value, FitError>;
}
