//! Model files that were damaged, and files that lie under checksums that fit: an error, never a panic, never more memory
//! than the file has room for.

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use std::path::Path;
use tissot::columns::{Column, Columns, Domain};
use tissot::layers::{ActNormConfig, CouplingConfig, PermutationConfig};
use tissot::nets::MlpConfig;
use tissot::univariate::Shift;
use tissot::{AnyModel, Error, FlowConfig, LayerConfig, Model, Provenance, container};

const KIND: &[u8; 8] = b"TISSOT\r\n";

fn model(layers: Vec<LayerConfig>) -> Model {
    let config = FlowConfig { features: 2, layers, ..FlowConfig::default() };
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

/// A few bytes of weights.
fn small() -> Model {
    model(vec![LayerConfig::ActNorm(ActNormConfig::default())])
}

/// A network, integers, a univariate.
fn network() -> Model {
    let conditioner = MlpConfig { hidden: vec![3], ..MlpConfig::default() }.into();
    let coupling = CouplingConfig { univariate: Shift.into(), conditioner, ..CouplingConfig::default() };
    model(vec![LayerConfig::Permutation(PermutationConfig::Reverse), LayerConfig::Coupling(coupling)])
}

/// Writes a file. Thousands are written here: to replace one, some file systems wait for the disk, to make a new one they
/// do not.
fn put(path: &Path, bytes: &[u8]) {
    let _ = std::fs::remove_file(path);
    std::fs::write(path, bytes).unwrap();
}

/// What reading a file says.
fn read(path: &Path) -> Result<(), String> {
    match AnyModel::load(path, &Device::flex()) {
        Ok(_) => Ok(()),
        Err(Error::ModelFile { what, .. }) => Err(what),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn every_flipped_bit_every_cut_and_every_addition_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.tissot");
    small().save(&path).unwrap();
    let good = std::fs::read(&path).unwrap();
    read(&path).unwrap();
    let refused = |bytes: &[u8], what: &str| {
        put(&path, bytes);
        assert!(read(&path).is_err(), "{what} was not noticed");
    };
    let mut bytes = good.clone();
    for bit in 0..8 * good.len() {
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused(&bytes, &format!("bit {bit}"));
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
    for end in 0..good.len() {
        refused(&good[..end], &format!("a cut at {end}"));
    }
    for added in [&b"\0"[..], b"\n", b" ", &good, &[0; 256]] {
        refused(&[&good[..], added].concat(), &format!("{} bytes more", added.len()));
    }
}

/// The parts of a model's file.
fn parts(model: &Model, path: &Path) -> [Vec<u8>; 2] {
    model.save(path).unwrap();
    container::read(path, KIND, 2).unwrap().try_into().unwrap()
}

/// What reading a file of these parts says; its checksums fit.
fn read_parts(path: &Path, parts: [&[u8]; 2]) -> Result<(), String> {
    let mut file = [&KIND[..], &1_u32.to_le_bytes(), &2_u32.to_le_bytes()].concat();
    for part in parts {
        file.extend((part.len() as u64).to_le_bytes());
        file.extend(blake3::hash(part).as_bytes());
    }
    let hash = blake3::hash(&file);
    file.extend(hash.as_bytes());
    put(path, &[&file[..], parts[0], parts[1]].concat());
    read(path)
}

#[test]
fn files_are_what_the_documentation_says() {
    let folder = tempfile::tempdir().unwrap();
    let (path, again) = (folder.path().join("model.tissot"), folder.path().join("again.tissot"));
    let [description, weights] = parts(&network(), &path);
    read_parts(&again, [&description, &weights]).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), std::fs::read(&again).unwrap());
    assert_eq!(weights[..6], *b"NRUB\x01\x00");
    let metadata = u32::from_le_bytes(weights[6..10].try_into().unwrap()) as usize;
    let data = (10 + metadata).next_multiple_of(256);
    assert!(weights[10 + metadata..data].iter().all(|&byte| byte == 0), "what is between");
    let name = b"bijection.layers.1.Coupling.net.Mlp.hidden.0.weight";
    assert!(weights[10..10 + metadata].windows(name.len()).any(|window| window == name));
}

#[test]
fn weights_that_lie_are_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.tissot");
    let [description, weights] = parts(&network(), &path);
    let mut refused = 0;
    // The CBOR of burnpack, and a little of the numbers behind it.
    for at in 0..weights.len().min(1_400) {
        for flip in [0x01, 0x20, 0x80, 0xff] {
            let mut bad = weights.clone();
            bad[at] ^= flip;
            refused += usize::from(read_parts(&path, [&description, &bad]).is_err());
        }
    }
    assert!(refused > 1_000, "only {refused} were refused");
    for end in 0..weights.len() {
        let _ = read_parts(&path, [&description, &weights[..end]]);
    }
    // Other types of the same width.
    let replaced = |from: &[u8], to: &[u8]| {
        let at = weights.windows(from.len()).position(|window| window == from).unwrap();
        let mut bad = weights.clone();
        bad[at..at + to.len()].copy_from_slice(to);
        bad
    };
    for (from, to) in [("F32", "I32"), ("F32", "U32"), ("I32", "F32"), ("I32", "U32")] {
        let bad = replaced(&[b"c", from.as_bytes()].concat(), &[b"c", to.as_bytes()].concat());
        let found = read_parts(&path, [&description, &bad]);
        assert!(found.is_err(), "{from} as {to} was not noticed");
    }
}

#[test]
fn a_description_that_lies_is_an_error_and_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.tissot");
    let [description, weights] = parts(&network(), &path);
    for at in 0..description.len() {
        for flip in [0x01, 0x02, 0x10] {
            let mut bad = description.clone();
            bad[at] ^= flip;
            let _ = read_parts(&path, [&bad, &weights]);
        }
    }
    for bad in [&b""[..], b"{}", b"[]", b"null", "[".repeat(100_000).as_bytes(), b"{\"flow\":1e999}"] {
        assert!(read_parts(&path, [bad, &weights]).unwrap_err().starts_with("its description"));
    }
}

/// A file whose description asks for more than its weights have.
fn asks(path: &Path, flow: &Value) -> String {
    let [description, weights] = parts(&network(), path);
    let mut description: Value = serde_json::from_slice(&description).unwrap();
    for (key, value) in flow.as_object().unwrap() {
        description["flow"][key] = value.clone();
    }
    read_parts(path, [&serde_json::to_vec(&description).unwrap(), &weights]).unwrap_err()
}

/// Whether it was refused for what it asks, before anything was made.
fn refused(found: &str) -> bool {
    found.starts_with("its description fits no model (flow: found ")
        && found.contains(" weights, expected no more than ")
}

#[test]
fn a_small_file_cannot_ask_for_a_large_model() {
    const MANY: u64 = 1 << 45;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.tissot");
    let coupling = |net: Value, univariate: Value| json!({"layers": [{"Coupling": {"conditioner": net, "univariate": univariate}}]});
    let shift = || json!({"Shift": null});
    let made = |made: Value| json!({"layers": [{"Autoregressive": {"made": made}}]});
    let bins = || json!({"RationalQuadratic": {"bins": MANY, "parameters": {"Zuko": {"slope": 1e-3}}}});
    let inside = coupling(json!({"Mlp": {"hidden": [MANY]}}), shift())["layers"].clone();
    // The product alone is too large, and what is less than nothing does not pay for it.
    let wide = json!({"Mlp": {"hidden": [100_000_000, 100_000_000]}});
    let nothing = json!({"RationalQuadratic": {"bins": 0}});
    let debt =
        json!([coupling(wide.clone(), shift())["layers"][0], coupling(wide.clone(), nothing)["layers"][0],]);
    for flow in [
        coupling(json!({"Mlp": {"hidden": [MANY]}}), shift()),
        coupling(wide, shift()),
        json!({"layers": debt}),
        coupling(json!({"Residual": {"hidden": MANY}}), shift()),
        coupling(json!({"Residual": {"hidden": 3, "blocks": MANY}}), shift()),
        coupling(json!({"Mlp": {"hidden": [3]}}), bins()),
        made(json!({"hidden": [MANY]})),
        made(json!({"hidden": [3], "blocks": MANY})),
        made(json!({"hidden": [u64::MAX], "blocks": u64::MAX})),
        json!({"layers": [{"Coupling": {"kept_univariate": bins()}}]}),
        json!({"layers": [{"Chain": [{"Chain": inside}]}]}),
        json!({"layers": [{"Inverse": inside}]}),
    ] {
        let found = asks(&path, &flow);
        assert!(refused(&found), "{flow}: {found}");
    }
}

#[test]
fn images_are_bounded_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.tissot");
    let [_, weights] = parts(&network(), &path);
    let pixels = json!({"channels": 4, "height": 4, "width": 4});
    let conv = |net: Value| json!([{"Coupling": {"conditioner": net, "univariate": {"Shift": null}}}]);
    let flow = |layers: Value, maps: u64| json!({"features": 4, "positions": [4, 4], "context_maps": maps, "layers": layers});
    let plain = || flow(json!([]), 0);
    let wide = || conv(json!({"Conv": {"hidden": 8_000}}));
    let squeezed = json!([{"Squeezed": {"layers": wide()}}]);
    let deep = conv(json!({"ResidualConv": {"hidden": 8_000, "blocks": 1_000}}));
    let linear = json!([{"LuLinear": {}}]);
    let large = json!({"features": 1_u64 << 23, "positions": [1, 1], "layers": linear});
    let large_pixels = json!({"channels": 1_u64 << 23, "height": 1, "width": 1});
    for description in [
        json!({"flow": flow(wide(), 0), "pixels": pixels}),
        json!({"flow": flow(squeezed, 0), "pixels": pixels}),
        json!({"flow": flow(deep, 0), "pixels": pixels}),
        json!({"flow": plain(), "dequantiser": flow(wide(), 4), "pixels": pixels}),
        json!({"flow": large, "pixels": large_pixels}),
    ] {
        let bytes = serde_json::to_vec(&description).unwrap();
        let found = read_parts(&path, [&bytes, &weights]).unwrap_err();
        assert!(refused(&found), "{description}: {found}");
    }
}
