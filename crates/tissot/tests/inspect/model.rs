//! Models: rows in the user's units, metrics, and results as JSON.

use crate::common::random;
use tissot::columns::{Column, Columns, Domain};
use tissot::inspect::{Angle, Ledger, LocalGeometry, Metric, geometry_of_model};
use tissot::presets::{self, Size};
use tissot::{Model, Provenance};

fn column(name: &str, domain: Domain, mean: f64, std: f64) -> Column {
    Column { name: name.into(), domain, cut: 0.0, mean, std }
}

fn model() -> Model {
    let config = presets::real_nvp(&Size::new(3).with_context(1).with_hidden([12]).with_transforms(3));
    let columns = vec![
        column("longitude", Domain::Real, 20.0, 60.0),
        column("latitude", Domain::Bounded(-90.0, 90.0), 0.2, 1.5),
        column("depth", Domain::Positive, 3.0, 0.8),
    ];
    Model {
        flow: random(&config, 0.7),
        config,
        columns: Columns(columns),
        context: Columns(vec![column("year", Domain::Real, 2000.0, 10.0)]),
        provenance: Provenance::default(),
    }
}

const ROWS: [f64; 9] = [10.0, 48.0, 12.0, -150.0, -60.0, 300.0, 40.0, 5.0, 25.0];
const YEARS: [f64; 3] = [1990.0, 2003.0, 2012.0];

fn close(a: f64, b: f64, tolerance: f64) {
    assert!((a - b).abs() < tolerance * b.abs().max(1.0), "{a} is not {b}");
}

#[test]
fn the_ledger_of_a_model_is_in_the_users_units() {
    let model = model();
    let ledger = Ledger::of_model(&model, &ROWS, &YEARS);
    for (found, expected) in ledger.log_prob.iter().zip(model.log_prob(&ROWS, &YEARS)) {
        close(*found, expected, 1e-12);
    }
    let outside = Ledger::of_model(&model, &[10.0, 48.0, -1.0], &YEARS[..1]);
    assert_eq!(outside.log_prob, [f64::NEG_INFINITY]);
    assert_eq!(outside.summary().left_out, 1);
}

#[test]
fn in_units_it_is_the_derivative_of_what_transform_does() {
    let model = model();
    let found = geometry_of_model(&model, &ROWS, &YEARS, Metric::Units);
    for (row, at) in found.iter().enumerate() {
        let x = &ROWS[row * 3..row * 3 + 3];
        let year = &YEARS[row..=row];
        for k in 0..3 {
            let step = 1e-5;
            let moved = |sign: f64| {
                let x: Vec<f64> = x.iter().zip(&at.right[k]).map(|(x, v)| x + sign * step * v).collect();
                model.transform(&x, year)
            };
            let (ahead, behind) = (moved(1.0), moved(-1.0));
            for i in 0..3 {
                let expected = at.singular_values[k] * at.left[k][i];
                close((ahead[i] - behind[i]) / (2.0 * step), expected, 1e-7);
            }
        }
    }
}

#[test]
fn each_metric_has_its_log_det() {
    let model = model();
    let ledger = Ledger::of_model(&model, &ROWS, &YEARS);
    let log_dets = |metric| geometry_of_model(&model, &ROWS, &YEARS, metric).into_iter().map(|at| at.log_det);
    for (row, log_det) in log_dets(Metric::Standardised).enumerate() {
        close(log_det, ledger.total[row], 1e-9);
    }
    for (row, log_det) in log_dets(Metric::Units).enumerate() {
        close(log_det, ledger.total[row] + ledger.preprocessing[row], 1e-9);
    }
    let sphere = Metric::Sphere { longitude: 0, latitude: 1, angle: Angle::Degrees };
    for (row, log_det) in log_dets(sphere).enumerate() {
        let slopes = model.columns.slopes(&ROWS[row * 3..row * 3 + 3]);
        let degree = 1_f64.to_radians();
        let east = slopes[0] / degree / ROWS[row * 3 + 1].to_radians().cos();
        close(log_det, ledger.total[row] + east.ln() + (slopes[1] / degree).ln(), 1e-9);
    }
    let outside = geometry_of_model(&model, &[10.0, 91.0, 1.0], &YEARS[..1], sphere);
    assert!(outside[0].largest().is_nan() && outside[0].log_det.is_nan());
}

#[test]
fn results_are_numbers_that_json_can_hold() {
    let model = model();
    let ledger = Ledger::of_model(&model, &ROWS, &YEARS);
    let text = serde_json::to_string(&ledger).expect("JSON");
    assert_eq!(serde_json::from_str::<Ledger>(&text).expect("a ledger"), ledger);
    let at = geometry_of_model(&model, &ROWS, &YEARS, Metric::Units);
    let text = serde_json::to_string(&at).expect("JSON");
    assert_eq!(serde_json::from_str::<Vec<LocalGeometry>>(&text).expect("geometries"), at);
    let text = serde_json::to_string(&Metric::Standardised).expect("JSON");
    assert_eq!(
        (text.as_str(), Metric::Standardised.to_string().as_str()),
        ("\"Standardised\"", "standardised columns")
    );
}
