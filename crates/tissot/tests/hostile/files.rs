//! Model files whose checksums are right and whose descriptions are not: each is refused before memory is asked for.

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::path::Path;
use tissot::columns::{Column, Columns, Domain};
use tissot::image::{ImageModel, Pixels};
use tissot::presets::{self, ImageSize, Size};
use tissot::{AnyModel, Model, Provenance, container};

const KIND: &[u8; 8] = b"TISSOT\r\n";

fn table() -> Model {
    let config = presets::real_nvp(&Size::new(2).with_transforms(1).with_hidden([3]));
    let column =
        |name: &str| Column { name: name.into(), domain: Domain::Real, cut: 0.0, mean: 0.0, std: 1.0 };
    Model {
        flow: config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap(),
        config,
        columns: Columns(vec![column("x"), column("y")]),
        context: Columns::default(),
        provenance: Provenance::default(),
    }
}

/// What is said of the file with its description changed at a place of it.
fn refused(path: &Path, place: &str, value: Value) -> String {
    let parts = container::read(path, KIND, 2).unwrap();
    let mut description: Value = serde_json::from_slice(&parts[0]).unwrap();
    *description.pointer_mut(place).unwrap_or_else(|| panic!("no {place}")) = value;
    let changed = path.with_extension("changed");
    container::write(&changed, KIND, &[description.to_string().as_bytes(), &parts[1]]).unwrap();
    let error = AnyModel::load(&changed, &Device::flex()).map(|_| ()).expect_err(place).to_string();
    assert!(!error.contains('\n'), "{error}");
    error
}

#[test]
fn a_description_cannot_ask_for_more_than_its_weights() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    table().save(&path).unwrap();
    let net = "/flow/layers/1/Coupling/conditioner";
    let residual = |hidden: u64, blocks: u64| json!({"Residual": {"hidden": hidden, "blocks": blocks}});
    for (place, value) in [
        ("/flow/layers/1/Coupling/conditioner/Mlp/hidden", json!([1_000_000, 1_000_000])),
        ("/flow/layers/1/Coupling/conditioner/Mlp/hidden", json!([u64::MAX])),
        (net, residual(1, u64::MAX)),
        (net, residual(1_000_000, 3)),
        ("/flow/layers", json!(vec![json!({"LuLinear": {}}); 10_000])),
        ("/flow/layers/1/Coupling/univariate", json!({"RationalQuadratic": {"bins": 10_000}})),
    ] {
        let error = refused(&path, place, value.clone());
        let limit = error.contains("weights, expected no more than") && error.contains("bytes can hold");
        assert!(limit, "{place} {value}: {error}");
    }
    for (place, value, expected) in [
        ("/columns/0/std", json!(0.0), "columns[0].std: found 0, expected a finite number above 0"),
        ("/columns/1/domain", json!({"Bounded": [2.0, 1.0]}), "columns[1].domain: found bounded(2,1)"),
        ("/flow/features", json!(1_000_000_000), "found a flow of [1000000000], expected 2 numbers"),
        ("/columns/0", json!({"name": "x", "\u{1b}[2J\n": 1}), "unknown field `\\u{1b}[2J\\n`"),
    ] {
        let error = refused(&path, place, value);
        assert!(error.contains(expected), "{place}: {error}");
    }
}

#[test]
fn nor_can_that_of_images() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model");
    let flow = presets::glow(&ImageSize::new([1, 4, 4]).with_levels(1, 1).with_hidden(2));
    let rng = &mut ChaCha8Rng::seed_from_u64(0);
    let pixels = Pixels::new([1, 4, 4]);
    ImageModel::new(flow, None, pixels, Vec::new(), &Device::flex(), rng).unwrap().save(&path).unwrap();
    let board = json!({"Checkerboard": {"conditioner": {"Conv": {"hidden": 8000}}}});
    let error = refused(&path, "/flow/layers", json!([board]));
    assert!(error.contains("weights, expected no more than"), "{error}");
    let noise = json!({"features": 1, "positions": [4, 4], "context_maps": 1, "layers": [board]});
    let parts = container::read(&path, KIND, 2).unwrap();
    let mut description: Value = serde_json::from_slice(&parts[0]).unwrap();
    description["dequantiser"] = noise;
    container::write(&path, KIND, &[description.to_string().as_bytes(), &parts[1]]).unwrap();
    let error = AnyModel::load(&path, &Device::flex()).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains("weights, expected no more than"), "{error}");
}
