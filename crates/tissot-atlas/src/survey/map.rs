//! What a map is, in numbers.

use super::Principal;
use serde::Serialize;

/// One axis of a map.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct MapAxis {
    /// The column, or the principal component.
    pub name: String,
    /// The column's place among the columns.
    pub column: Option<usize>,
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

/// The map of two columns or of two principal components; what is off it is held, or averaged over rows.
#[derive(Debug, Clone, Serialize)]
pub struct Map {
    /// Along the bottom.
    pub x: MapAxis,
    /// Along the side.
    pub y: MapAxis,
    /// The other columns and where they are held.
    pub held: Vec<(String, f64)>,
    /// The two principal components, where the map is of these: coordinates are `direction . (standardised row)`.
    pub principal: Option<Principal>,
    /// How many rows the other columns are averaged over, where they are not held. `log_density` is then that of the two
    /// axes, and `log_det` and the squared stretches are means, weighted by how likely the place is given each row's others.
    pub averaged: Option<usize>,
    /// `log p`, in nats in the user's units; of two principal components that are averaged, in those of the axes. Empty
    /// without a base.
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
