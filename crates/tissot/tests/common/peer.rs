//! The models of the golden files, imported.

use burn::tensor::{Device, FloatDType};
use std::path::{Path, PathBuf};
use tissot::interop::{Architecture, Checkpoint, import};
use tissot::{AnyFlow, FlowConfig, Model};

/// The features of every golden flow of tables.
pub const FEATURES: usize = 6;

/// A file of `tests/golden`.
pub fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(name)
}

/// What the file's names and shapes do not tell.
pub fn architecture(name: &str) -> Architecture {
    let text = std::fs::read_to_string(path("architectures.json")).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    Architecture::from_json(&all[name].to_string()).unwrap()
}

/// The model of a golden file, in f32 as its weights are there.
pub fn model(name: &str) -> Model {
    let file = Checkpoint::open(path(&format!("{name}.safetensors"))).unwrap();
    import(&file.under("weights.").unwrap(), &architecture(name), &Device::flex()).unwrap()
}

/// Its flow, after a check that a file can hold it.
pub fn flow(name: &str, dtype: FloatDType) -> AnyFlow {
    let Model { flow, config, .. } = model(name);
    assert_eq!(FlowConfig::from_json(&config.to_json().unwrap()).unwrap(), config);
    flow.to_dtype(dtype).unwrap()
}
