//! Checkpoints: everything that a run needs to go on, in one checked file at a time.

use crate::difference::Difference;
use crate::error::FitError;
use burn::module::Module;
use burn::optim::ModuleOptimizer;
use burn::tensor::Bytes;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tissot::{container, store};

const KIND: &[u8; 8] = b"TISSOTRN";

/// What a run remembers besides weights.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Memory {
    /// Settings, flow, columns and a hash of the data: what another run may not go on with.
    pub run: serde_json::Value,
    /// Steps taken.
    pub step: u64,
    /// The best validation so far, in nats a row in the user's units, or an image.
    pub best: Option<f64>,
    /// Its step.
    pub best_step: u64,
    /// Validations since.
    pub stale: u64,
    /// Steps left out one after another because of numbers that were none.
    pub skipped: u64,
    /// Seconds of training.
    pub seconds: f64,
    /// Bytes of the metrics file at that time.
    pub metrics: u64,
    /// Whether the validation that is due after this step could not be made.
    #[serde(default)]
    pub owed: bool,
}

/// A run at one moment.
pub(crate) struct State<M> {
    pub memory: Memory,
    /// The weights in training (with autodiff).
    pub flow: M,
    /// Their moving average.
    pub average: M,
    /// The best average so far.
    pub best: M,
    pub optimizer: ModuleOptimizer,
}

/// The checkpoint of a run folder: what [`Fit::resume`](crate::Fit::resume) goes on from.
pub fn checkpoint_path(run: &Path) -> PathBuf {
    run.join("checkpoint")
}

/// Removes what an earlier run left, so that nothing goes on from it.
pub(crate) fn remove(run: &Path) -> Result<(), FitError> {
    let path = checkpoint_path(run);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(FitError::write(&path)(error)),
        _ => Ok(()),
    }
}

/// Removes the beginnings of checkpoints that a killed run left beside its last one: `.checkpoint.` and six letters or digits.
pub(crate) fn sweep(run: &Path) {
    let is_one = |name: &str| {
        let end = name.strip_prefix(".checkpoint.");
        end.is_some_and(|end| end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_alphanumeric()))
    };
    for entry in std::fs::read_dir(run).into_iter().flatten().flatten() {
        if entry.file_name().to_str().is_some_and(is_one) {
            // One that stays only takes room.
            let _ = std::fs::remove_file(entry.path());
        }
    }
}

/// Replaces the folder's checkpoint.
pub(crate) fn save<M: Module>(run: &Path, state: &State<M>) -> Result<(), FitError> {
    let path = checkpoint_path(run);
    let unreadable = |what: String| FitError::Checkpoint { path: path.clone(), what };
    let memory = serde_json::to_vec(&state.memory).map_err(|error| unreadable(error.to_string()))?;
    let weights = |flow: M| store::weights(flow, &path);
    let optimizer = state.optimizer.into_bytes().map_err(|error| unreadable(error.to_string()))?;
    let (flow, average, best) =
        (weights(state.flow.valid())?, weights(state.average.clone())?, weights(state.best.clone())?);
    container::write(&path, KIND, &[&memory, &flow, &average, &best, &optimizer])?;
    Ok(())
}

/// Puts the folder's checkpoint into `start`, a run at its beginning; `None` where the folder has none.
pub(crate) fn load<M: Module>(run: &Path, start: State<M>) -> Result<Option<State<M>>, FitError> {
    let path = checkpoint_path(run);
    if !path.exists() {
        return Ok(None);
    }
    let wrong = |what: String| FitError::Checkpoint { path: path.clone(), what };
    let parts = container::read(&path, KIND, 5)?;
    let [memory, flow, average, best, optimizer] = <[Vec<u8>; 5]>::try_from(parts).unwrap_or_default();
    let memory: Memory = serde_json::from_slice(&memory).map_err(|error| wrong(error.to_string()))?;
    if let Some(difference) = Difference::between(&start.memory.run, &memory.run) {
        return Err(difference.error(path));
    }
    let flow = store::with_weights(start.flow.valid(), flow, &path)?.train();
    Ok(Some(State {
        memory,
        flow,
        average: store::with_weights(start.average, average, &path)?,
        best: store::with_weights(start.best, best, &path)?,
        optimizer: start
            .optimizer
            .from_bytes(Bytes::from_bytes_vec(optimizer))
            .map_err(|error| wrong(error.to_string()))?,
    }))
}
