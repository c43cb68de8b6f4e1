//! Models in the units of their tables.

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::columns::{Column, Columns, Domain};
use tissot::inspect::audit::{Effort, Kind, Thresholds, audit_model};
use tissot::laws::randomize;
use tissot::presets::{Size, nsf_coupling};
use tissot::{Model, Provenance};

fn column(name: &str, domain: Domain, mean: f64, std: f64) -> Column {
    Column { name: name.into(), domain, cut: 0.0, mean, std }
}

fn model() -> Model {
    let config = nsf_coupling(&Size::new(2).with_transforms(2).with_hidden([8]));
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
    Model {
        flow: randomize(flow, 1, 0.3),
        config,
        columns: Columns(vec![
            column("price", Domain::Positive, 3.0, 0.5),
            column("age", Domain::Real, 40.0, 12.0),
        ]),
        context: Columns::default(),
        provenance: Provenance::default(),
    }
}

const EFFORT: Effort = Effort { rows: 2_000, jacobians: 32, samples: 4_000, seed: 0 };

#[test]
fn rows_in_the_users_units_are_those_of_the_flow() {
    let model = model();
    let mut rows = model.sample(1_500, &[], &mut ChaCha8Rng::seed_from_u64(4));
    let found = audit_model(&model, &rows, &[], &Thresholds::default(), &EFFORT);
    assert!(found.is_healthy(), "{:?}", found.findings);
    assert_eq!(found.rows, 1_500);
    rows.extend([-1.0, 40.0, -2.0, 41.0]);
    let found = audit_model(&model, &rows, &[], &Thresholds::default(), &EFFORT);
    assert_eq!(found.rows, 1_500);
    assert!(found.notes.contains(&"2 rows are outside a column's domain: density 0, left out".to_owned()));
    let found = audit_model(&model, &[-1.0, 40.0], &[], &Thresholds::default(), &EFFORT);
    assert_eq!(
        found.verdict(),
        "1 finding in 0 layers on 0 rows: all 1 rows are outside a column's domain, expected rows of the model's table"
    );
}

#[test]
fn a_heavy_tail_is_named_as_the_users_column() {
    let model = model();
    let mut rows = model.sample(2_000, &[], &mut ChaCha8Rng::seed_from_u64(4));
    // One row in ten gets an age with a Pareto tail of shape 2.
    for (k, row) in rows.chunks_mut(2).enumerate().filter(|(k, _)| k % 10 == 0) {
        row[1] = 40.0 + 12.0 * 2.0 * (2_001.0 / (k as f64 + 0.5)).powi(2).min(1e6);
    }
    let found = audit_model(&model, &rows, &[], &Thresholds::default(), &EFFORT);
    let tail = found.findings.iter().find(|finding| finding.kind == Kind::Tail).expect("a heavy tail");
    assert_eq!(tail.place.as_deref(), Some("age"));
    assert!(tail.message.starts_with("column age: its tail has shape "), "{}", tail.message);
    assert_eq!(found.fooled.unwrap().tails[0].column, "price");
}

#[test]
fn equal_seeds_give_equal_reports() {
    let model = model();
    let look = |seed| {
        let audit = audit_model(&model, &[], &[], &Thresholds::default(), &Effort { seed, ..EFFORT });
        serde_json::to_string(&audit).unwrap()
    };
    assert_eq!(look(1), look(1));
    assert_ne!(look(1), look(2));
}
