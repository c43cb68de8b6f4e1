//! Tissot's own examples: maps of the globe whose stretches are known, through the same path as any flow.

use burn::tensor::Device;
use tissot::columns::{Column, Columns, Domain};
use tissot::inspect::projections::{Lambert, Mercator};
use tissot::inspect::{Angle, Metric};
use tissot_atlas::survey::{Survey, SurveyOptions, survey_bijection};
use tissot_atlas::{Figure, draw, write_file};

/// Longitude and latitude in degrees; the projections see radians.
fn columns() -> Columns {
    let std = 1_f64.to_degrees();
    let column = |name: &str| Column { name: name.into(), domain: Domain::Real, cut: 0.0, mean: 0.0, std };
    Columns(vec![column("longitude"), column("latitude")])
}

/// Places all over the globe, but not at the poles.
fn places() -> Vec<f64> {
    (-11..=11).flat_map(|i| (-5..=5).flat_map(move |j| [15.0 * f64::from(i), 15.0 * f64::from(j)])).collect()
}

fn options(rows: &[f64], title: &str) -> SurveyOptions<'static> {
    SurveyOptions {
        metric: Metric::Sphere { longitude: 0, latitude: 1, angle: Angle::Degrees },
        rows: Box::leak(rows.to_vec().into_boxed_slice()),
        rows_from: "places on the globe".into(),
        title: title.into(),
        ..SurveyOptions::default()
    }
}

fn mercator() -> Survey {
    let device = Device::flex();
    let projection = Mercator { meridian: 0.0 };
    survey_bijection(&projection, &columns(), &options(&places(), "Mercator"), &device).unwrap()
}

fn lambert() -> Survey {
    let device = Device::flex();
    let projection = Lambert { meridian: 0.0 };
    survey_bijection(&projection, &columns(), &options(&places(), "Lambert"), &device).unwrap()
}

/// Latitudes of the rows of cells of the map, and their log-dets.
fn log_dets(survey: &Survey) -> impl Iterator<Item = (f64, f64)> + '_ {
    let map = survey.map.as_ref().unwrap();
    let grid = &map.log_det;
    let latitude =
        move |row: usize| map.y.from + (map.y.to - map.y.from) * (row as f64 + 0.5) / grid.rows as f64;
    grid.values.iter().enumerate().map(move |(n, &value)| (latitude(n / grid.columns).to_radians(), value))
}

#[test]
fn mercator_stretches_both_ways_by_one_over_cosine() {
    let survey = mercator();
    for (latitude, log_det) in log_dets(&survey) {
        let expected = -2.0 * latitude.cos().ln();
        assert!((log_det - expected).abs() < 1e-4, "{log_det}, not {expected}, at {latitude}");
    }
    for row in &survey.rows {
        let expected = 1.0 / row.values[1].to_radians().cos();
        for stretch in &row.stretches {
            assert!((stretch / expected - 1.0).abs() < 1e-4, "{stretch}, not {expected}");
        }
        assert_eq!(row.most.dimensions, 2, "no direction is stretched more than another");
    }
    let map = survey.map.as_ref().unwrap();
    for found in &map.indicatrices {
        let expected = 1.0 / found.at[1].to_radians().cos();
        assert!(found.stretch.iter().all(|s| (s / expected - 1.0).abs() < 1e-5), "{found:?}");
    }
}

#[test]
fn lambert_keeps_areas() {
    let survey = lambert();
    assert!(log_dets(&survey).all(|(_, log_det)| log_det.abs() < 1e-4));
    for row in survey.rows.iter().filter(|row| row.values[1] != 0.0) {
        let cos = row.values[1].to_radians().cos();
        assert!((row.stretches[0] * cos - 1.0).abs() < 1e-4 && (row.stretches[1] / cos - 1.0).abs() < 1e-4);
        assert_eq!(row.log_det, 0.0);
        let east = &row.most.columns;
        assert!(row.most.dimensions == 2 || (east[0] == 1.0 && east[1] == 0.0), "{east:?}");
    }
}

/// The figures of `docs/atlas.md`, where `TISSOT_DOCS` names their folder.
#[test]
fn the_figures_are_drawn() {
    let folder = std::env::var_os("TISSOT_DOCS").map(std::path::PathBuf::from);
    for (name, survey) in [("mercator", mercator()), ("lambert", lambert())] {
        assert!(Figure::of(&survey).contains(&Figure::DataGrid));
        for (figure, what) in [(Figure::DataGrid, "latent"), (Figure::Stretch, "globe")] {
            let picture = draw(&survey, figure, 120.0).unwrap();
            let png = picture.to_png_at(120.0, 160.0).unwrap();
            assert!(png.starts_with(b"\x89PNG") && png.len() < 300_000, "{name} {what}: {} bytes", png.len());
            if let Some(folder) = &folder {
                write_file(&folder.join(format!("{name}-{what}.png")), &png).unwrap();
            }
        }
    }
}
