//! `tissot export`: the file, what is said, and what does not work.

mod common;

use common::Folder;
use serde_json::{Value, json};

/// The header of a safetensors file.
fn header(bytes: &[u8]) -> Value {
    let length = u64::from_le_bytes(bytes[..8].try_into().unwrap()) as usize;
    serde_json::from_slice(&bytes[8..8 + length]).unwrap()
}

#[test]
fn a_model_becomes_one_file_with_its_description() {
    let folder = Folder::with_model();
    let info = folder.json(&["info", "model.tissot", "--json"]);
    let parameters = info["parameters"].as_u64().unwrap();
    let said = folder.good(&["export", "model.tissot", "-o", "model.safetensors"]);
    assert_eq!(said, format!("{parameters} parameters in model.safetensors\n"));
    let bytes = folder.read("model.safetensors");
    let header = header(&bytes);
    assert_eq!(header["bijection.layers.0.log_scale"]["shape"], json!([2]));
    let floats = header.as_object().unwrap().values().filter(|tensor| tensor["dtype"] == "F32");
    let count =
        |shape: &Value| shape.as_array().unwrap().iter().map(|n| n.as_u64().unwrap()).product::<u64>();
    assert_eq!(floats.map(|tensor| count(&tensor["shape"])).sum::<u64>(), parameters);
    let description = header["__metadata__"]["model"].as_str().unwrap();
    let description: Value = serde_json::from_str(description).unwrap();
    for key in ["flow", "columns", "context", "provenance"] {
        assert_eq!(description[key], info[key], "{key}");
    }
    let said = folder.json(&["export", "model.tissot", "--out", "again.safetensors", "--json"]);
    assert_eq!(said, json!({"parameters": parameters, "out": "again.safetensors"}));
    assert!(folder.read("again.safetensors") == bytes, "equal models are equal files");
}

#[test]
fn what_does_not_work_is_one_line() {
    let folder = Folder::with_model();
    folder.write("two.csv", "x,y\n1,2\n");
    let path = std::fs::canonicalize(folder.path("model.tissot")).unwrap();
    folder.fails(
        &["export", "model.tissot", "-o", "model.tissot"],
        2,
        &format!(
            "--out {}: is the file that is read (model.tissot); give the name of another",
            path.display()
        ),
    );
    folder.fails(
        &["export", "two.csv", "-o", "m.safetensors"],
        1,
        "two.csv: this is no tissot model or checkpoint (it does not begin as one); `tissot fit` makes models",
    );
    folder.fails(
        &["export", "model.tissot", "-o", "none/m.safetensors"],
        1,
        "none/m.safetensors: cannot be written: No such file or directory (os error 2)",
    );
    let found = folder.run(&["export", "model.tissot"]);
    assert_eq!(found.status.code(), Some(2));
}
