//! The models of the golden files, imported.

#![allow(dead_code)] // Each test target uses a part of it.

use burn::tensor::Device;
use std::path::{Path, PathBuf};
use tissot::dtype::Precision;
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

/// The model of a golden file, whose weights are f32.
pub fn model(name: &str, precision: Precision) -> Model {
    let file = Checkpoint::open(path(&format!("{name}.safetensors"))).unwrap();
    let architecture = Architecture { precision: Some(precision), ..architecture(name) };
    import(&file.under("weights.").unwrap(), &architecture, &Device::flex()).unwrap()
}

/// Its flow, after a check that a file can hold it.
pub fn flow(name: &str, precision: Precision) -> AnyFlow {
    let Model { flow, config, .. } = model(name, precision);
    assert_eq!(FlowConfig::from_json(&config.to_json().unwrap()).unwrap(), config);
    flow
}
