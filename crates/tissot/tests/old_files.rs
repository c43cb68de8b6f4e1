//! A model file from before flows could embed their context: it is read, gives the same numbers, and is written again.

use burn::tensor::Device;
use std::path::Path;
use tissot::Model;

/// Rows of x and n, their contexts c, and what the program that made the file scored them.
const ROWS: [f64; 6] = [0.5, 3.0, -2.0, 0.0, 4.0, 9.0];
const CONTEXT: [f64; 3] = [0.25, -1.0, 1.5];
const SCORES: [f64; 3] = [-3.9445938148149633, -5.28516510080482, -6.586101212233324];

#[test]
fn a_model_of_the_first_version_is_what_it_was() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/model_0_1_0.tissot");
    let model = Model::load(&path, &Device::flex()).unwrap();
    assert_eq!(model.config.embedding, None);
    assert_eq!(
        (model.columns.names(), model.context.names()),
        (vec!["x".into(), "n".into()], vec!["c".into()])
    );
    let check = |model: &Model| {
        for (found, expected) in model.log_prob(&ROWS, &CONTEXT).into_iter().zip(SCORES) {
            assert!((found - expected).abs() < 1e-5, "{found}, expected {expected}");
        }
    };
    check(&model);
    let folder = tempfile::tempdir().unwrap();
    let again = folder.path().join("again.tissot");
    model.save(&again).unwrap();
    let again = Model::load(&again, &Device::flex()).unwrap();
    assert_eq!((&again.config, &again.provenance), (&model.config, &model.provenance));
    check(&again);
}
