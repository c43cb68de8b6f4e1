//! Exported models: what a file holds, and that PyTorch computes the same with it.

mod expected;
mod image_models;
mod table_models;
mod torch;

use burn::tensor::{Device, FloatDType};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use safetensors::{Dtype, SafeTensors};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use table_models::table;
use tissot::columns::{Column, Columns, Domain};
use tissot::image::{ImageModel, Pixels};
use tissot::layers::{LuLinearConfig, PermutationConfig};
use tissot::nets::{EmbeddingConfig, MlpConfig};
use tissot::presets::{self, ImageSize, Size};
use tissot::{AnyModel, Error, FlowConfig, Layer, LayerConfig, Model, Provenance, interop};

fn exported(model: &AnyModel) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    interop::export(model, &path).unwrap();
    std::fs::read(path).unwrap()
}

/// Two columns under one: a linear map, a norm, a coupling, an order, an embedding.
fn small() -> Model {
    let mut config = presets::real_nvp(&Size::new(2).with_context(1).with_transforms(1).with_hidden([3]));
    config.layers.insert(0, LayerConfig::LuLinear(LuLinearConfig::default()));
    config.layers.push(LayerConfig::Chain(vec![LayerConfig::Permutation(PermutationConfig::Reverse)]));
    let net = MlpConfig { hidden: vec![2], ..MlpConfig::default() }.into();
    let config = config.with_embedding(EmbeddingConfig { features: 2, net });
    let mut model = table(config, 1, 0.5);
    let column = |name: &str| Column {
        name: name.into(),
        domain: Domain::Bounded(-90.0, 90.0),
        cut: 0.0,
        mean: 0.1,
        std: 2.0,
    };
    model.columns = Columns(vec![column("longitude"), column("latitude")]);
    model.provenance = Provenance { source: "quakes.csv".into(), steps: 7, ..Provenance::default() };
    model
}

const NAMES: [(&str, &[usize]); 19] = [
    ("bijection.layers.0.bias", &[2]),
    ("bijection.layers.0.diagonal", &[2]),
    ("bijection.layers.0.lower", &[2, 2]),
    ("bijection.layers.0.permutation.indices", &[2]),
    ("bijection.layers.0.permutation.inverse", &[2]),
    ("bijection.layers.0.sign", &[2]),
    ("bijection.layers.0.upper", &[2, 2]),
    ("bijection.layers.1.log_scale", &[2]),
    ("bijection.layers.1.shift", &[2]),
    ("bijection.layers.2.net.hidden.0.bias", &[3]),
    ("bijection.layers.2.net.hidden.0.weight", &[3, 3]),
    ("bijection.layers.2.net.last.bias", &[2]),
    ("bijection.layers.2.net.last.weight", &[3, 2]),
    ("bijection.layers.3.layers.0.indices", &[2]),
    ("bijection.layers.3.layers.0.inverse", &[2]),
    ("embedding.hidden.0.bias", &[2]),
    ("embedding.hidden.0.weight", &[1, 2]),
    ("embedding.last.bias", &[2]),
    ("embedding.last.weight", &[2, 2]),
];

#[test]
fn every_parameter_is_there_under_its_path_with_its_values() {
    let model = small();
    let bytes = exported(&AnyModel::Table(model.clone()));
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut found: Vec<(&str, Vec<usize>)> =
        file.iter().map(|(name, view)| (name, view.shape().to_vec())).collect();
    found.sort();
    let expected: Vec<(&str, Vec<usize>)> =
        NAMES.iter().map(|&(name, shape)| (name, shape.to_vec())).collect();
    assert_eq!(found, expected);

    let floats = |name: &str| -> Vec<f32> {
        let view = file.tensor(name).unwrap();
        assert_eq!(view.dtype(), Dtype::F32, "{name}");
        view.data().chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect()
    };
    let Layer::LuLinear(linear) = &model.flow.bijection.layers[0] else { panic!("no linear map") };
    let values = |data: burn::tensor::TensorData| data.iter::<f32>().collect::<Vec<_>>();
    assert_eq!(floats("bijection.layers.0.lower"), values(linear.lower.val().into_data()));
    assert_eq!(floats("bijection.layers.0.upper"), values(linear.upper.val().into_data()));
    assert_eq!(floats("bijection.layers.0.diagonal"), values(linear.diagonal.val().into_data()));
    let view = file.tensor("bijection.layers.0.permutation.indices").unwrap();
    assert_eq!(view.dtype(), Dtype::I32);
    assert_eq!(view.data(), [1_i32, 0].map(i32::to_le_bytes).concat());
}

#[test]
fn weights_keep_their_number_type() {
    let model = small();
    let flow = model.flow.clone().to_dtype(FloatDType::F64).unwrap();
    let bytes = exported(&AnyModel::Table(Model { flow, ..model }));
    for (name, view) in SafeTensors::deserialize(&bytes).unwrap().iter() {
        let integers = name.ends_with(".indices") || name.ends_with(".inverse");
        assert_eq!(view.dtype(), if integers { Dtype::I32 } else { Dtype::F64 }, "{name}");
    }
}

#[test]
fn the_description_is_that_of_the_model() {
    let model = small();
    let bytes = exported(&AnyModel::Table(model.clone()));
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let metadata = header.metadata().clone().unwrap();
    assert_eq!(metadata.len(), 3);
    assert_eq!((metadata["format"].as_str(), metadata["version"].as_str()), ("tissot", "1"));
    let description: Value = serde_json::from_str(&metadata["model"]).unwrap();
    let expected = json!({
        "flow": model.config, "columns": model.columns, "context": model.context, "provenance": model.provenance,
    });
    assert_eq!(description, expected);
    assert_eq!(FlowConfig::from_json(&description["flow"].to_string()).unwrap(), model.config);
}

#[test]
fn images_have_their_flows_under_their_names() {
    let size = ImageSize::new([1, 4, 4]).with_levels(1, 1).with_hidden(3);
    let (pixels, rng) = (Pixels::new([1, 4, 4]), &mut ChaCha8Rng::seed_from_u64(0));
    let (flow, noise) = (presets::glow(&size), presets::dequantiser(&size));
    let model = ImageModel::new(flow, Some(noise), pixels, Vec::new(), &Device::flex(), rng).unwrap();
    let bytes = exported(&AnyModel::Image(model.clone()));
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let floats = file.iter().filter(|(_, view)| view.dtype() == Dtype::F32);
    let count: usize = floats.map(|(_, view)| view.shape().iter().product::<usize>()).sum();
    assert_eq!(count, model.num_params());
    for start in ["flow.bijection.", "dequantiser.bijection."] {
        assert!(file.names().iter().any(|name| name.starts_with(start)), "{start}");
    }
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let description: Value = serde_json::from_str(&header.metadata().clone().unwrap()["model"]).unwrap();
    let expected = json!({
        "flow": model.config, "dequantiser": model.dequantiser, "pixels": model.pixels, "classes": [],
        "provenance": model.provenance,
    });
    assert_eq!(description, expected);
}

#[test]
fn equal_models_are_equal_files_and_tensors_are_aligned() {
    let model = AnyModel::Table(small());
    let bytes = exported(&model);
    for _ in 0..5 {
        assert_eq!(bytes, exported(&model));
    }
    assert_eq!(u64::from_le_bytes(bytes[..8].try_into().unwrap()) % 8, 0);
    let file = SafeTensors::deserialize(&bytes).unwrap();
    for (name, view) in file.iter() {
        let start = view.data().as_ptr() as usize - bytes.as_ptr() as usize;
        assert_eq!(8 * start % view.dtype().bitsize(), 0, "{name}");
    }
}

#[test]
fn what_cannot_be_written_is_an_error_and_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let model = AnyModel::Table(small());
    let fails = |path: PathBuf| match interop::export(&model, &path) {
        Err(Error::Write { path: found, .. }) => assert_eq!(found, path),
        other => panic!("{}: {other:?}", path.display()),
    };
    fails(folder.path().join("none/model.safetensors"));
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    std::fs::write(folder.path().join("taken/file"), "").unwrap();
    fails(folder.path().join("taken"));
    let left = |folder: &Path| std::fs::read_dir(folder).unwrap().count();
    assert_eq!((left(folder.path()), left(&folder.path().join("taken"))), (1, 1));
}
