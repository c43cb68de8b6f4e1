//! The models in PyTorch: `docs/tissot_torch.py` and `docs/tissot_torch_images.py` against Tissot.

use crate::expected::{self, Expected};
use crate::{image_models, table_models};
use burn::tensor::FloatDType;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use tissot::image::ImageModel;
use tissot::{AnyModel, Model, dtype, interop};

/// Python with PyTorch; `None`, and a word of it, where it has none.
///
/// # Panics
/// Where `TISSOT_PYTHON` names one without it: what was asked for must be there.
fn python() -> Option<OsString> {
    let named = std::env::var_os("TISSOT_PYTHON");
    let python = named.clone().unwrap_or_else(|| "python3".into());
    let found = Command::new(&python).args(["-c", "import torch"]).output();
    let has_torch = found.is_ok_and(|output| output.status.success());
    assert!(has_torch || named.is_none(), "TISSOT_PYTHON: {} has no torch", python.display());
    if !has_torch {
        eprintln!("skipped: {} has no torch; TISSOT_PYTHON names a Python that has", python.display());
    }
    has_torch.then_some(python)
}

/// How far weights are from the identity, by their number type. In f32 inverses of steep splines lose digits, of which PyTorch
/// keeps others than Tissot, so there they are less steep.
const SCALES: [(&str, FloatDType, f64); 2] = [("f64", FloatDType::F64, 0.7), ("f32", FloatDType::F32, 0.3)];

/// The model in a number type, and what Tissot says of it then.
fn said(model: AnyModel, dtype: FloatDType) -> (AnyModel, Expected) {
    match model {
        AnyModel::Table(model) => {
            let model = Model { flow: model.flow.to_dtype(dtype).unwrap(), ..model };
            let expected = expected::of_table(&model);
            (AnyModel::Table(model), expected)
        }
        AnyModel::Image(model) => {
            let flow = dtype::cast(model.flow, dtype).unwrap();
            let model = ImageModel { flow, ..model };
            let expected = expected::of_images(&model);
            (AnyModel::Image(model), expected)
        }
    }
}

#[test]
fn pytorch_computes_the_same() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (kind, dtype, scale) in SCALES {
        let tables = table_models::all(scale).into_iter().map(|(name, model)| (name, AnyModel::Table(model)));
        let images = image_models::all(scale).into_iter().map(|(name, model)| (name, AnyModel::Image(model)));
        for (name, model) in tables.chain(images) {
            let (model, expected) = said(model, dtype);
            interop::export(&model, folder.path().join(format!("{name}.{kind}.safetensors"))).unwrap();
            expected.write(&folder.path().join(format!("{name}.{kind}.expected")));
        }
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/test_tissot_torch.py");
    let output = Command::new(python).arg("-B").arg(script).arg(folder.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    println!("{out}");
}
