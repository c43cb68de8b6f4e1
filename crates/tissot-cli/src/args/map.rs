//! What `tissot map` can be given.

use super::{ComputeArgs, MissingArg};
use crate::parse::Given;
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How lengths are measured on the data's side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum MetricArg {
    /// In standard deviations of the columns, after their domains' maps: as the flow sees them.
    #[default]
    Standardised,
    /// In the columns' own units.
    Units,
    /// On the unit sphere: longitude and latitude in degrees.
    Sphere,
}

/// `tissot map`.
#[derive(Debug, Args)]
pub struct MapArgs {
    /// The model's file.
    pub model: PathBuf,
    /// Rows to look at, with the model's columns by name; `-` is standard input. Images, for a model of images. What is drawn
    /// from the model without it.
    pub data: Option<String>,
    /// The file for the report, one page that needs nothing else; MODEL.html where no other output is asked for.
    #[arg(long, short)]
    pub out: Option<PathBuf>,
    /// A file for one figure as PNG.
    #[arg(long)]
    pub png: Option<PathBuf>,
    /// Dots per inch of the PNG, 50 to 1200.
    #[arg(long, default_value_t = 300.0)]
    pub dpi: f64,
    /// A file for one figure as SVG, its letters as outlines.
    #[arg(long)]
    pub svg: Option<PathBuf>,
    /// Which figure --png and --svg are: stretch, density, digits, latent-grid, data-grid, layers, ribbon, ledger, heat,
    /// pairs or training, of images pixels, directions or ledger; the first that the model has, by default.
    #[arg(long)]
    pub figure: Option<String>,
    /// Its width in millimetres, 60 to 600.
    #[arg(long, default_value_t = 160.0)]
    pub width: f64,
    /// How lengths are measured on the data's side.
    #[arg(long, value_enum, default_value_t)]
    pub metric: MetricArg,
    /// The two columns of the map; the first two by default.
    #[arg(long, value_delimiter = ',')]
    pub columns: Option<Vec<String>>,
    /// Makes the map of the first two principal components of the rows instead of two columns.
    #[arg(long, conflicts_with = "columns")]
    pub principal: bool,
    /// Averages what is off the map over rows of DATA, instead of holding it at one of them.
    #[arg(long, conflicts_with = "at")]
    pub marginal: bool,
    /// The row of DATA, from 1, at whose values the other columns and the context are held; the one nearest to the
    /// medians by default.
    #[arg(long)]
    pub at: Option<usize>,
    /// A value for each context column, for rows drawn from the model: d=1.5,e=2.
    #[arg(long, default_value = "")]
    pub given: Given,
    /// The folder of snapshots that `fit --snapshots` kept; MODEL.run/snapshots where it is there.
    #[arg(long)]
    pub snapshots: Option<PathBuf>,
    /// Rows of DATA that miss a value.
    #[arg(long, value_enum, default_value_t)]
    pub missing: MissingArg,
    /// Resizes images to the model's.
    #[arg(long)]
    pub resize: bool,
    /// Where to compute.
    #[command(flatten)]
    pub compute: ComputeArgs,
}
