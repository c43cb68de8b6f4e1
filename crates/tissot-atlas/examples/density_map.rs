//! Draws two density maps into a folder: events along an arc on a map of the world, and a ring on plain axes.
//!
//! `cargo run -p tissot-atlas --example density_map -- FOLDER [EVENTS.json]`; the second file is a GeoJSON of points.

use std::error::Error;
use std::f64::consts::PI;
use std::path::{Path, PathBuf};
use tissot_atlas::{DensityMap, Field, density_map};

/// Centres of the Gaussians of a mixture, in degrees, with their standard deviation and weight.
type Mixture = Vec<(f64, f64, f64, f64)>;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let folder = arguments.next().ok_or("name the folder that the pictures go to")?;
    world(&folder, arguments.next().as_deref())?;
    plane(&folder)
}

/// The log-density of a mixture per square kilometre, and its centres or the events as points.
fn world(folder: &Path, events: Option<&Path>) -> Result<(), Box<dyn Error>> {
    let arc = arc();
    let points = match events {
        Some(path) => geojson(path)?,
        None => arc.iter().map(|&(longitude, latitude, ..)| [longitude, latitude]).collect(),
    };
    let (columns, rows) = (720, 360);
    let mixture: Mixture =
        if events.is_some() { points.iter().map(|p| (p[0], p[1], 1.4, 1.0)).collect() } else { arc };
    let total: f64 = mixture.iter().map(|part| part.3).sum();
    let mut log_density = Vec::with_capacity(columns * rows);
    for row in 0..rows {
        let latitude = -90.0 + (row as f64 + 0.5) * 0.5;
        let square_km = (PI * 6371.0 / 180.0).powi(2) * latitude.to_radians().cos();
        for column in 0..columns {
            let longitude = -180.0 + (column as f64 + 0.5) * 0.5;
            let wide = 1e-4 * (-(latitude / 45.0).powi(2)).exp() / (360.0 * 180.0);
            let sum: f64 = mixture
                .iter()
                .map(|&(x, y, s, w)| {
                    let squares = ((longitude - x).powi(2) + (latitude - y).powi(2)) / (s * s);
                    if squares > 80.0 { 0.0 } else { w / total * (-0.5 * squares).exp() / (2.0 * PI * s * s) }
                })
                .sum();
            log_density.push(((sum + wide) / square_km).ln());
        }
    }
    let label = format!("{} events", points.len());
    let style = DensityMap {
        title: "Where the next earthquake happens",
        subtitle: "A density over longitude and latitude, learnt from one week of events",
        colour_label: "Probability per square kilometre",
        points: &points,
        points_label: &label,
        floor_decades: 7.0,
        equirectangular: true,
        ..DensityMap::default()
    };
    let field = Field { x: (-180.0, 180.0), y: (-90.0, 90.0), columns, rows, log_density: &log_density };
    let picture = density_map(&field, &style)?;
    picture.save(folder.join("world.png"))?;
    picture.save(folder.join("world.svg"))?;
    Ok(())
}

/// Parts of a mixture along a great arc around the Pacific.
fn arc() -> Mixture {
    (0..60)
        .map(|k| {
            let angle = PI * (0.1 + 1.6 * f64::from(k) / 59.0);
            let spread = 2.0 + 2.0 * (3.0 * angle).sin().abs();
            (20.0 - 140.0 * angle.cos(), 55.0 * angle.sin(), spread, 1.0 + (5.0 * angle).cos().abs())
        })
        .collect()
}

/// Longitude and latitude of the points of a GeoJSON file.
fn geojson(path: &Path) -> Result<Vec<[f64; 2]>, Box<dyn Error>> {
    let json: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)?;
    let features = json["features"].as_array().ok_or("no list of features")?;
    let place = |feature: &serde_json::Value| {
        let coordinates = &feature["geometry"]["coordinates"];
        Some([coordinates[0].as_f64()?, coordinates[1].as_f64()?])
    };
    Ok(features.iter().filter_map(place).collect())
}

/// Two rings on plain axes, with a few cells missing.
fn plane(folder: &Path) -> Result<(), Box<dyn Error>> {
    let (columns, rows) = (300, 200);
    let cell = |k: usize| {
        let (x, y) = ((k % columns) as f64 * 0.02 - 2.99, (k / columns) as f64 * 0.02 - 1.99);
        let ring = |centre: f64| -0.5 * (((x - centre).hypot(y) - 1.0) / 0.12).powi(2);
        if (x - 2.6).hypot(y + 1.6) < 0.2 {
            f64::NAN
        } else {
            (ring(-0.7).exp() + ring(0.7).exp()).ln() - 1.0
        }
    };
    let log_density: Vec<f64> = (0..columns * rows).map(cell).collect();
    let points: Vec<[f64; 2]> = (0..240)
        .map(|k| {
            let (angle, side) = (f64::from(k) * 0.37, if k % 2 == 0 { -0.7 } else { 0.7 });
            let radius = 1.0 + 0.12 * (f64::from(k) * 1.7).sin();
            [side + radius * angle.cos(), radius * angle.sin()]
        })
        .chain([[9.0, 9.0]])
        .collect();
    let style = DensityMap {
        title: "Two rings",
        subtitle: "Any two columns can be drawn",
        x_label: "x in metres",
        y_label: "y in metres",
        colour_label: "Density per square metre",
        points: &points,
        points_label: "samples",
        ..DensityMap::default()
    };
    let field = Field { x: (-3.0, 3.0), y: (-2.0, 2.0), columns, rows, log_density: &log_density };
    density_map(&field, &style)?.save(folder.join("plane.png"))?;
    Ok(())
}
