//! What an importer refuses, and how it says so.

#[path = "common/peer.rs"]
mod peer;

use burn::tensor::Device;
use std::collections::BTreeMap;
use tissot::Error;
use tissot::interop::{Architecture, Array, Checkpoint, Library, import};

/// The arrays of a golden file.
fn arrays(name: &str) -> BTreeMap<String, Array> {
    let file = Checkpoint::open(peer::path(&format!("{name}.safetensors"))).unwrap();
    file.under("weights.").unwrap().arrays().clone()
}

/// What is said of altered arrays.
fn refused(name: &str, alter: impl FnOnce(&mut BTreeMap<String, Array>)) -> String {
    let mut arrays = arrays(name);
    alter(&mut arrays);
    let checkpoint = Checkpoint::from_arrays("flow.pt", arrays);
    let error = import(&checkpoint, &peer::architecture(name), &Device::flex()).unwrap_err();
    assert!(matches!(error, Error::Checkpoint { .. }), "{error}");
    error.to_string()
}

fn zeros(shape: &[usize]) -> Array {
    Array::new(vec![0.0; shape.iter().product()], shape)
}

#[test]
fn an_array_that_nothing_reads_is_named() {
    let told = refused("nflows_rqs_coupling", |arrays| {
        arrays.insert("_transforms.2.unconditional_transform.weight".into(), zeros(&[3]));
    });
    assert_eq!(
        told,
        "flow.pt: _transforms.2.unconditional_transform.weight: no part of Tissot takes its place, so the flow would be another"
    );
}

#[test]
fn an_array_of_another_shape_is_named() {
    let told = refused("zuko_realnvp", |arrays| {
        arrays.insert("transform.transforms.1.hyper.2.weight".into(), zeros(&[32, 31]));
    });
    assert_eq!(
        told,
        "flow.pt: transform.transforms.1.hyper.2.weight: found the shape [32, 31], expected [32, 32]"
    );
    let told = refused("zuko_nsf_coupling", |arrays| {
        arrays.insert("transform.transforms.0.hyper.4.weight".into(), zeros(&[70, 32]));
    });
    assert!(told.contains("hyper.0") && told.contains("found 70 outputs for 3 features"), "{told}");
}

#[test]
fn an_array_that_is_not_there_is_named() {
    let told = refused("nflows_maf", |arrays| {
        arrays.remove("_transforms.2.autoregressive_net.blocks.0.linear.bias");
    });
    assert_eq!(told, "flow.pt: _transforms.2.autoregressive_net.blocks.0.linear.bias: is not there");
}

#[test]
fn a_layer_without_arrays_is_no_gap_to_guess_at() {
    let told = refused("nflows_maf", |arrays| {
        arrays.remove("_transforms.1._permutation");
    });
    assert!(
        told.contains("_transforms.2.") && told.contains("before it _transforms.1 has no arrays"),
        "{told}"
    );
}

#[test]
fn a_base_that_is_another_is_refused() {
    let told = refused("zuko_maf", |arrays| {
        arrays.insert("base.loc".into(), Array::new(vec![0.5; 6], [6]));
    });
    assert!(told.starts_with("flow.pt: base.loc: found other numbers than 0"), "{told}");
}

#[test]
fn a_mask_that_is_another_is_refused() {
    let told = refused("zuko_maf", |arrays| {
        let mask = arrays["transform.transforms.0.hyper.4.mask"].clone();
        let mut values = mask.values();
        values[0] = 1.0 - values[0];
        arrays.insert("transform.transforms.0.hyper.4.mask".into(), Array::new(values, mask.shape()));
    });
    assert!(told.contains("hyper.4.mask: found a mask that is not that of its degrees"), "{told}");
}

#[test]
fn names_of_no_library_are_refused() {
    let checkpoint = Checkpoint::from_arrays("net.pt", [("encoder.0.weight".to_owned(), zeros(&[2, 2]))]);
    let error = import(&checkpoint, &Architecture::default(), &Device::flex()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "net.pt: encoder.0.weight: such names are not those of nflows, zuko, normflows, FrEIA or FlowJAX"
    );
    let zuko = Architecture { library: Some(Library::Zuko), ..Architecture::default() };
    let checkpoint = Checkpoint::from_arrays("flow.pt", arrays("nflows_maf"));
    let error = import(&checkpoint, &zuko, &Device::flex()).unwrap_err().to_string();
    assert!(error.ends_with("such names are not those of zuko"), "{error}");
}

#[test]
fn a_flow_may_be_a_field_of_a_larger_module() {
    let within = arrays("nflows_maf")
        .into_iter()
        .map(|(name, array)| (format!("model.flow._transform.{name}"), array));
    let checkpoint = Checkpoint::from_arrays("flow.pt", within);
    let model = import(&checkpoint, &Architecture::default(), &Device::flex()).unwrap();
    assert_eq!(model.config, peer::model("nflows_maf", tissot::dtype::Precision::F32).config);
}

#[test]
fn damaged_files_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["zuko_maf.safetensors", "zuko_maf.pt"] {
        let bytes = std::fs::read(peer::path(name)).unwrap();
        let path = folder.path().join(name);
        for end in [0, 1, 7, 8, 9, 100, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(&path, &bytes[..end]).unwrap();
            let error = Checkpoint::open(&path).unwrap_err().to_string();
            assert!(error.contains("zuko_maf"), "{name} cut at {end}: {error}");
        }
    }
    std::fs::write(folder.path().join("text"), "not a checkpoint").unwrap();
    let error = Checkpoint::open(folder.path().join("text")).unwrap_err().to_string();
    assert!(error.contains("neither a safetensors file nor one of torch.save"), "{error}");
}
