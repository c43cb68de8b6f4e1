//! The models in PyTorch: `docs/tissot_torch.py` and `docs/tissot_torch_images.py` against Tissot.

use crate::{expected, image_models, table_models};
use burn::tensor::FloatDType;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use tissot::image::{ImageFlow, ImageModel};
use tissot::{AnyModel, Model, interop};

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

/// The export of a model and what Tissot says of it, by the weights' number type.
fn write(folder: &Path, name: &str, model: &AnyModel) {
    for (kind, dtype) in [("f64", FloatDType::F64), ("f32", FloatDType::F32)] {
        let (model, expected) = match model.clone() {
            AnyModel::Table(model) => {
                let model = Model { flow: model.flow.to_dtype(dtype).unwrap(), ..model };
                let expected = expected::of_table(&model);
                (AnyModel::Table(model), expected)
            }
            AnyModel::Image(model) => {
                let ImageFlow { flow, dequantiser } = model.flow;
                let flow = flow.to_dtype(dtype).unwrap();
                let dequantiser = dequantiser.map(|noise| noise.to_dtype(dtype).unwrap());
                let model = ImageModel { flow: ImageFlow { flow, dequantiser }, ..model };
                let expected = expected::of_images(&model);
                (AnyModel::Image(model), expected)
            }
        };
        interop::export(&model, folder.join(format!("{name}.{kind}.safetensors"))).unwrap();
        expected.write(&folder.join(format!("{name}.{kind}.expected")));
    }
}

#[test]
fn pytorch_computes_the_same() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, model) in table_models::all() {
        write(folder.path(), &name, &AnyModel::Table(model));
    }
    for (name, model) in image_models::all() {
        write(folder.path(), &name, &AnyModel::Image(model));
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/test_tissot_torch.py");
    let output = Command::new(python).arg("-B").arg(script).arg(folder.path()).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    println!("{out}");
}
