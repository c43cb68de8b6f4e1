//! The pictures of the demo: events per square kilometre on a map, and the report of the flow.

use crate::failure::Outcome;
use std::path::Path;
use tissot::Model;
use tissot::inspect::audit::{Audit, Effort, Thresholds, audit_model};
use tissot::inspect::{Angle, Metric};
use tissot_atlas::survey::{SurveyOptions, survey};
use tissot_atlas::{DensityMap, Field, density_map, report as report_of, write_file};
use tissot_train::Rows;

/// The mean radius of the Earth in kilometres (IUGG).
const RADIUS: f64 = 6_371.008_8;
/// Cells of the map, along longitude and along latitude.
const CELLS: [usize; 2] = [720, 360];

/// The density per square kilometre over the whole map, with the events on it.
pub fn earthquakes(model: &Model, rows: &Rows, path: &Path) -> Outcome {
    let [columns, lines] = CELLS;
    let centre = |k: usize, n: usize, from: f64, to: f64| from + (to - from) * (k as f64 + 0.5) / n as f64;
    let mut log_density = Vec::with_capacity(columns * lines);
    for line in 0..lines {
        let latitude = centre(line, lines, -90.0, 90.0);
        let cells: Vec<f64> =
            (0..columns).flat_map(|column| [centre(column, columns, -180.0, 180.0), latitude]).collect();
        // One degree by one degree is (pi R / 180)^2 cos(latitude) square kilometres.
        let area = 2.0 * (std::f64::consts::PI * RADIUS / 180.0).ln() + latitude.to_radians().cos().ln();
        log_density.extend(model.log_prob(&cells, &[]).into_iter().map(|log_prob| log_prob - area));
    }
    let points: Vec<[f64; 2]> = rows.values.chunks_exact(2).map(|row| [row[0], row[1]]).collect();
    let field =
        Field { x: (-180.0, 180.0), y: (-90.0, 90.0), columns, rows: lines, log_density: &log_density };
    let label = format!("{} events of one week", points.len());
    let style = DensityMap {
        title: "Where the next earthquake is likely",
        subtitle: "A normalizing flow fitted to one week of events (USGS, February 2018)",
        colour_label: "Probability per square kilometre",
        points: &points,
        points_label: &label,
        floor_decades: 6.0,
        equirectangular: true,
        ..DensityMap::default()
    };
    Ok(density_map(&field, &style)?.save(path)?)
}

/// The report of the flow, lengths measured on the sphere.
pub fn report(model: &Model, rows: &Rows, snapshots: &[(u64, Model)], path: &Path) -> Outcome {
    let options = SurveyOptions {
        metric: Metric::Sphere { longitude: 0, latitude: 1, angle: Angle::Degrees },
        rows: &rows.values,
        rows_from: format!("{} events of one week", rows.n),
        snapshots,
        title: "Earthquakes".into(),
        ..SurveyOptions::default()
    };
    let survey = survey(model, &options)?.with_audit(&audited(model, &rows.values, &rows.context));
    Ok(write_file(path, report_of(&survey)?.as_bytes())?)
}

/// A smaller audit than that of `tissot audit`, for the head of a report: on these rows or, without any, on the model's own.
pub fn audited(model: &Model, rows: &[f64], context: &[f64]) -> Audit {
    let effort = Effort { rows: 2_048, jacobians: 64, samples: 2_048, ..Effort::default() };
    audit_model(model, rows, context, &Thresholds::default(), &effort)
}
