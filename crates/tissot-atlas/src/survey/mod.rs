//! Everything that a report shows, as plain numbers: gathered once, drawn and written as JSON from the same values.

mod cells;
mod checked;
mod curves;
mod error;
mod gather;
mod indicatrices;
mod layers;
mod metric;
mod plane;
mod round;
mod rows;
mod subject;
mod training;

pub use checked::Checked;
pub use error::SurveyError;
pub use gather::{SurveyOptions, survey, survey_bijection};
pub(crate) use round::quantiles;
pub use tissot::inspect::Metric;

use serde::Serialize;

/// Everything that a report of a model shows.
///
/// Log-dets are of `forward`, data to latent, in nats: above 0 where density is amplified. Numbers are rounded to about
/// five digits; `null` stands for what is not finite.
#[derive(Debug, Clone, Serialize)]
pub struct Survey {
    /// What the model is.
    pub model: About,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// How lengths are measured on the data's side.
    pub metric: Metric,
    /// The same in words.
    pub metric_words: String,
    /// The values of the context columns that the maps are drawn for, by name.
    pub given: Vec<(String, f64)>,
    /// Where the rows come from, in words.
    pub rows_from: String,
    /// The map of two columns; `None` with one column.
    pub map: Option<Map>,
    /// The layers one by one, with two columns.
    pub layers: Vec<LayerMap>,
    /// Some rows, the least likely first.
    pub rows: Vec<Row>,
    /// The quantiles of the singular values.
    pub ribbon: Ribbon,
    /// What each term adds to the log-density; empty without a base.
    pub ledger: Vec<Term>,
    /// Whether the books balance.
    pub books: Books,
    /// The model while it was trained, the earliest first.
    pub training: Vec<Snapshot>,
    /// The verdict of an audit, where one was made: [`Survey::with_audit`].
    pub audit: Option<Checked>,
}

/// What a model is.
#[derive(Debug, Clone, Default, Serialize)]
pub struct About {
    /// A title for the report.
    pub title: String,
    /// The name of the table that trained it.
    pub source: String,
    /// The name of its preset.
    pub preset: String,
    /// How many numbers were learned.
    pub parameters: usize,
    /// Optimiser steps.
    pub steps: u64,
    /// Mean log-density of the test rows and its standard error, in nats in the user's units.
    pub held_out: Option<(f64, f64)>,
    /// Rows that trained it, chose its weights, and tested it.
    pub rows: [u64; 3],
    /// The version of this library that made it.
    pub version: String,
}

/// One axis of a map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MapAxis {
    /// The column.
    pub name: String,
    /// Its place among the columns.
    pub column: usize,
    /// The lowest value shown.
    pub from: f64,
    /// The highest value shown.
    pub to: f64,
    /// `plain`, `longitude` or `latitude`.
    pub kind: AxisKind,
}

/// What the numbers of an axis are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum AxisKind {
    /// Plain numbers.
    #[default]
    Plain,
    /// Degrees, east positive.
    Longitude,
    /// Degrees, north positive.
    Latitude,
}

/// Values on a regular grid: one for the centre of each cell, row by row, the lowest row first.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Grid {
    /// Cells along x.
    pub columns: usize,
    /// Cells along y.
    pub rows: usize,
    /// The values.
    pub values: Vec<f64>,
}

/// A line through places; a jump starts another piece.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Curve {
    /// Which coordinate is constant along it: 0 or 1.
    pub along: usize,
    /// Its value there.
    pub level: f64,
    /// The pieces.
    pub pieces: Vec<Vec<[f64; 2]>>,
}

/// One of Tissot's indicatrices: what a small circle becomes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Indicatrix {
    /// Where, in data.
    pub at: [f64; 2],
    /// Where in the latent, of a flow of two columns.
    pub latent: [f64; 2],
    /// The stretches, the larger first.
    pub stretch: [f64; 2],
    /// The directions of the two stretches in the metric of the data, unit vectors.
    pub data_axes: [[f64; 2]; 2],
    /// Lengths of a step of 1 of the two columns there, in the metric.
    pub lengths: [f64; 2],
    /// The directions in the latent, unit vectors, of a flow of two columns.
    pub latent_axes: [[f64; 2]; 2],
}

/// The map of two columns, the others held.
#[derive(Debug, Clone, Serialize)]
pub struct Map {
    /// Along the bottom.
    pub x: MapAxis,
    /// Along the side.
    pub y: MapAxis,
    /// The other columns and where they are held.
    pub held: Vec<(String, f64)>,
    /// `log p`, in nats in the user's units; empty without a base.
    pub log_density: Grid,
    /// `log |det J|` in the metric.
    pub log_det: Grid,
    /// Decimal digits that survive a round trip in f32; of flows of two columns.
    pub digits: Grid,
    /// Tissot's indicatrices on a lattice.
    pub indicatrices: Vec<Indicatrix>,
    /// The latent's grid in data space; of flows of two columns.
    pub latent_grid: Vec<Curve>,
    /// The data's grid in the latent; of flows of two columns.
    pub data_grid: Vec<Curve>,
    /// What of the latent is shown: of each of two coordinates.
    pub latent_range: [[f64; 2]; 2],
    /// Rows of data.
    pub points: Vec<[f64; 2]>,
    /// Their latents; of flows of two columns.
    pub latents: Vec<[f64; 2]>,
}

/// What one layer does in a flow of two columns.
#[derive(Debug, Clone, Serialize)]
pub struct LayerMap {
    /// Its name.
    pub name: String,
    /// Its log-det over the data's plane.
    pub log_det: Grid,
    /// The data's grid after it.
    pub grid: Vec<Curve>,
    /// The data after it.
    pub points: Vec<[f64; 2]>,
    /// What is shown along x, after it.
    pub x: [f64; 2],
    /// What is shown along y, after it.
    pub y: [f64; 2],
}

/// One row of data.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// Its place in the data, from 1.
    pub row: usize,
    /// Its values in the user's units.
    pub values: Vec<f64>,
    /// Its log-density, in nats in the user's units.
    pub log_prob: f64,
    /// The base's part.
    pub base: f64,
    /// The part of domains and standardisation.
    pub columns: f64,
    /// Each layer's log-det.
    pub layers: Vec<f64>,
    /// `log |det J|` in the metric.
    pub log_det: f64,
    /// The stretches, the largest first.
    pub stretches: Vec<f64>,
    /// Decimal digits that survive a round trip in f32.
    pub digits: f64,
    /// Which way it is stretched most.
    pub most: Stretched,
}

/// The directions of the data in which a row is stretched most.
#[derive(Debug, Clone, Serialize)]
pub struct Stretched {
    /// How many directions belong together: 1 where the largest stretch is well apart from the next (1.2 times), more
    /// where these are nearly equal, so that only the space they span means something.
    pub dimensions: usize,
    /// How much of the direction, or of the space, each column has: signed cosines for one direction, lengths of the
    /// projections for more.
    pub columns: Vec<f64>,
}

/// The quantiles of the singular values over rows: for each place in their order.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Ribbon {
    /// Which quantiles: 0.05, 0.25, 0.5, 0.75, 0.95.
    pub levels: Vec<f64>,
    /// For each singular value, the largest first, its quantiles.
    pub quantiles: Vec<Vec<f64>>,
    /// Where the largest step between neighbouring medians is: behind so many singular values.
    pub gap_after: Option<usize>,
    /// How many times smaller the median behind the gap is.
    pub gap: f64,
    /// Rows in it.
    pub rows: usize,
}

/// What one term adds to the log-density over the rows.
#[derive(Debug, Clone, Serialize)]
pub struct Term {
    /// `base`, `columns` (domains and standardisation) or a layer's name.
    pub name: String,
    /// Its mean, in nats.
    pub mean: f64,
    /// Its quantiles 0.05, 0.25, 0.5, 0.75, 0.95.
    pub quantiles: Vec<f64>,
    /// Its share of the variance of the log-density: its covariance with it over its variance. The shares sum to 1.
    pub share: f64,
    /// Whether it is the same for all rows.
    pub constant: bool,
}

/// Whether the books balance.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Books {
    /// Rows that were checked.
    pub rows: usize,
    /// The largest difference between the sum of the layers' log-dets and that of the exact Jacobian, over 1 or the larger.
    pub jacobian_gap: f64,
    /// `f64` or `f32`: what they were computed in.
    pub digits: &'static str,
    /// The density's integral over everything, in one and two dimensions.
    pub mass: Option<f64>,
    /// How far the integral moves on a grid half as fine: large where the density is finer than the grid.
    pub mass_error: Option<f64>,
}

/// The model at one step of its training.
#[derive(Debug, Clone, Serialize)]
pub struct Snapshot {
    /// The step.
    pub step: u64,
    /// Mean log-density of the rows.
    pub mean_log_prob: f64,
    /// `log p - log p_0` over the map.
    pub total: Grid,
    /// The base's part of it.
    pub base: Grid,
    /// The log-det's part of it.
    pub log_det: Grid,
}
