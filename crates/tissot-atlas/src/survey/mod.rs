//! Everything that a report shows, as plain numbers: gathered once, drawn and written as JSON from the same values.

mod axes;
mod cells;
mod checked;
mod curves;
mod direction;
mod error;
mod frame;
mod gather;
mod grids;
mod images;
mod indicatrices;
mod layers;
mod map;
mod marginal;
mod metric;
mod places;
mod plane;
mod principal;
mod round;
mod rows;
mod subject;
mod training;

pub use checked::Checked;
pub use error::SurveyError;
pub use gather::{SurveyOptions, survey, survey_bijection};
pub use images::{Direction, Directions, ImageSurveyOptions, Images, Level, PixelMaps, survey_images};
pub use map::{AxisKind, Curve, Grid, Indicatrix, LayerMap, Map, MapAxis, Snapshot};
pub use principal::Principal;
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
    /// What a flow of images does: [`survey_images`]. Maps, rows and the ribbon are then empty.
    pub images: Option<Images>,
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
#[derive(Debug, Clone, Default, Serialize)]
pub struct Stretched {
    /// How many directions belong together: 1 where the largest stretch is well apart from the next (1.2 times) and its
    /// direction is about the same a tenth of a standard deviation to either side; more where stretches are nearly equal, or
    /// directions turn into one another, so that only the space they span means something.
    pub dimensions: usize,
    /// How much of the direction, or of the space, each column has: signed cosines for one direction, lengths of the
    /// projections for more.
    pub columns: Vec<f64>,
    /// The least cosine between the direction of the largest stretch and those at the two places beside; 0.9 makes it
    /// the same.
    pub alignment: f64,
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
