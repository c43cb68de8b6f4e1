//! Models with periodic columns: units, where the user cuts the circle, files, the audit.

use super::*;
use tissot::columns::{Column, Columns, Domain};
use tissot::inspect::audit::{Effort, Thresholds, audit_model};
use tissot::inspect::{digits_left, digits_measured};
use tissot::{AnyModel, Layer, Model, Provenance, interop};

fn column(domain: Domain) -> Column {
    Column { name: format!("{domain}"), domain, cut: 7.0, mean: 1.0, std: 2.0 }
}

/// A model of an angle and of a number beside it.
fn model(from: f64, to: f64, scale: f64) -> Model {
    let size = Size::new(2).with_transforms(3).with_hidden([16, 16]);
    let config = nsf_circular_coupling(&size, &[0]);
    let columns = Columns(vec![column(Domain::Periodic(from, to)), column(Domain::Real)]);
    assert_eq!(columns.periodic(), [0]);
    Model {
        flow: random(&config, scale),
        config,
        columns: columns.on_circles(PI),
        context: Columns::default(),
        provenance: Provenance::default(),
    }
}

/// Angles in degrees, and numbers.
fn table() -> Vec<f64> {
    (0..80).flat_map(|k| [4.5 * f64::from(k), 1.0 + 0.05 * f64::from(k - 40)]).collect()
}

#[test]
fn an_angle_is_one_turn_of_the_flow_wherever_the_values_are() {
    let columns = model(-180.0, 180.0, 0.0).columns;
    assert_eq!(columns.0[1], column(Domain::Real), "other columns stay");
    let rng = &mut ChaCha8Rng::seed_from_u64(0);
    for (x, z) in [(-180.0, -PI), (0.0, 0.0), (90.0, 0.5 * PI), (180.0, -PI), (540.0, -PI)] {
        let mut found = Vec::new();
        let log_det = columns.forward(&[x, 1.0], &mut found, rng).unwrap();
        assert!((found[0] - z).abs() < 1e-12, "{x}: {found:?}");
        assert!((log_det - (PI / 180.0 / 2.0).ln()).abs() < 1e-12, "{log_det}");
    }
    for z in [-PI, PI, 0.999_999_999_999_999_9 * PI, -7.0 * PI, -1e-17 - PI] {
        let mut x = Vec::new();
        columns.inverse(&[z, 0.0], &mut x);
        assert!((-180.0..180.0).contains(&x[0]), "{z}: {x:?}");
    }
    // So little below a that it rounds to b.
    let clock = Column { cut: 0.0, mean: 0.0, std: 1.0, ..column(Domain::Periodic(0.0, 12.0)) };
    let mut x = Vec::new();
    Columns(vec![clock]).inverse(&[-1e-17], &mut x);
    assert_eq!(x, [0.0]);
}

/// The user may count an angle from 0 to 360 or from -180 to 180: a rotation of the flow by half a turn.
#[test]
fn the_density_does_not_depend_on_where_the_circle_is_cut() {
    let (west, mut east) = (model(-180.0, 180.0, 0.9), model(0.0, 360.0, 0.9));
    let Some(Layer::Rotation(rotation)) = east.flow.bijection.layers.first_mut() else {
        panic!("a rotation")
    };
    rotation.phases = rotation.phases.clone().map(|phases| phases.add_scalar(PI));
    let (a, b) = (west.log_prob(&table(), &[]), east.log_prob(&table(), &[]));
    for (row, (a, b)) in a.iter().zip(&b).enumerate() {
        assert!((a - b).abs() < 1e-9, "row {row}: {a} and {b}");
    }
    let again: Vec<f64> = table().chunks(2).flat_map(|row| [row[0] - 720.0, row[1]]).collect();
    for (a, b) in a.iter().zip(west.log_prob(&again, &[])) {
        assert!((a - b).abs() < 1e-9, "two turns back: {a} and {b}");
    }
    // The cut itself: -180 and what is just below 180.
    let ends = west.log_prob(&[-180.0, 0.3, 180.0, 0.3, 180.0 - 1e-9, 0.3], &[]);
    assert!((ends[0] - ends[1]).abs() < 1e-12 && (ends[0] - ends[2]).abs() < 1e-6, "{ends:?}");
}

#[test]
fn rows_and_latents_are_within_one_turn_and_return() {
    let model = model(-180.0, 180.0, 0.9);
    let drawn = model.sample(5_000, &[], &mut ChaCha8Rng::seed_from_u64(2));
    assert!(drawn.iter().step_by(2).all(|x| (-180.0..180.0).contains(x)));
    let spread = drawn.iter().step_by(2).filter(|x| x.abs() > 90.0).count();
    assert!((500..4_500).contains(&spread), "{spread}");
    let z = model.transform(&table(), &[]);
    assert!(z.iter().step_by(2).all(|z| (-PI..PI).contains(z)));
    for (back, row) in model.inverse_transform(&z, &[]).chunks(2).zip(table().chunks(2)) {
        let turn = (back[0] - row[0]).rem_euclid(360.0);
        assert!(turn.min(360.0 - turn) < 1e-8 && (back[1] - row[1]).abs() < 1e-8, "{row:?}: {back:?}");
    }
}

#[test]
fn a_file_holds_all_of_it_and_pytorch_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("angle.tissot");
    let mut model = model(0.0, 24.0, 0.9);
    model.flow = model.flow.to_dtype(FloatDType::F32).unwrap();
    model.save(&path).unwrap();
    let loaded = Model::load(&path, &Device::flex()).unwrap();
    assert_eq!((&loaded.config, &loaded.columns), (&model.config, &model.columns));
    assert_eq!(loaded.log_prob(&table(), &[]), model.log_prob(&table(), &[]));
    let refused = interop::export(&AnyModel::Table(loaded), folder.path().join("angle.safetensors"));
    assert_eq!(
        refused.unwrap_err().to_string(),
        "flow: found circular features, expected a flow on lines (maf, realnvp, ..): what reads the file in \
         PyTorch knows no circles"
    );
}

#[test]
fn the_audit_finds_nothing_wrong_with_rows_around_the_cut() {
    let mut model = model(-180.0, 180.0, 0.5);
    model.flow = model.flow.to_dtype(FloatDType::F32).unwrap();
    let mut rows = model.sample(1_500, &[], &mut ChaCha8Rng::seed_from_u64(4));
    rows[0] = -180.0;
    rows[2] = 179.999_999_999;
    let audit = audit_model(&model, &rows, &[], &Thresholds::default(), &Effort::default());
    assert!(audit.findings.is_empty(), "{:?}", audit.findings);
    let mass = audit.mass.unwrap();
    assert!((mass.integral - 1.0).abs() < 2e-3, "{mass:?}");
    let x = model.columns.clone();
    let mut inside = Vec::new();
    let rng = &mut ChaCha8Rng::seed_from_u64(0);
    for row in rows[..40].chunks(2) {
        x.forward(row, &mut inside, rng).unwrap();
    }
    let x = super::rows(inside, 2).cast(DType::F32);
    let left = digits_left(&model.flow.bijection, &x, Context::NONE);
    let measured = digits_measured(&model.flow.bijection, &x, Context::NONE);
    assert!(left.iter().all(|digits| digits.expected > 3.0), "{left:?}");
    assert!(measured.iter().all(|digits| *digits > 3.0), "{measured:?}");
}
