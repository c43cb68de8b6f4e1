//! The figures of a survey: for pages and for papers.

mod directions;
mod ellipses;
mod grids;
mod heat;
mod layers;
mod ledger;
mod legend;
mod map;
mod pairs;
mod panel;
mod pixels;
mod ribbon;
mod tiles;
mod training;

pub(crate) use layers::varies;
pub(crate) use map::{Coloured, true_to_scale};
pub(crate) use pairs::MOST as PAIRED;
pub(crate) use panel::WIDE;
pub(crate) use ribbon::{MARKED, short};

use crate::sheet::Sheet;
use crate::survey::{Map, Survey};
use crate::{AtlasError, Picture};
use map::Shown;

/// One of the figures of a survey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Figure {
    /// `log |det J|` over two columns, with Tissot's indicatrices and the data.
    Stretch,
    /// `log p` over two columns, with the data.
    Density,
    /// The decimal digits that survive a round trip in f32.
    Digits,
    /// The image of the latent's grid in data space.
    LatentGrid,
    /// The image of the data's grid in the latent, with Tissot's indicatrices.
    DataGrid,
    /// Where in data space each layer does its work.
    Layers,
    /// The quantiles of the singular values.
    Ribbon,
    /// What each term adds to the log-density.
    Ledger,
    /// Rows, ordered by their log-density, against layers.
    Heat,
    /// Pairs of columns with the stretch at the rows.
    Pairs,
    /// What training changed.
    Training,
    /// Where in images the log-probability comes from, pixel by pixel and level by level.
    Pixels,
    /// The directions in which images are stretched most and least.
    Directions,
}

impl Figure {
    /// All figures.
    pub const ALL: [Self; 13] = [
        Self::Stretch,
        Self::Density,
        Self::Digits,
        Self::LatentGrid,
        Self::DataGrid,
        Self::Layers,
        Self::Ribbon,
        Self::Ledger,
        Self::Heat,
        Self::Pairs,
        Self::Training,
        Self::Pixels,
        Self::Directions,
    ];

    /// As a user types it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stretch => "stretch",
            Self::Density => "density",
            Self::Digits => "digits",
            Self::LatentGrid => "latent-grid",
            Self::DataGrid => "data-grid",
            Self::Layers => "layers",
            Self::Ribbon => "ribbon",
            Self::Ledger => "ledger",
            Self::Heat => "heat",
            Self::Pairs => "pairs",
            Self::Training => "training",
            Self::Pixels => "pixels",
            Self::Directions => "directions",
        }
    }

    /// Those that a survey has.
    pub fn of(survey: &Survey) -> Vec<Self> {
        let whole = survey.columns.len() == 2;
        let coloured = survey.map.as_ref().map(Coloured::of).unwrap_or_default();
        let has = |figure: &Self| match figure {
            Self::Stretch => coloured.contains(&Coloured::Stretch),
            Self::Density => coloured.contains(&Coloured::Density),
            Self::Digits => coloured.contains(&Coloured::Digits),
            Self::LatentGrid | Self::DataGrid => whole,
            Self::Layers => whole && survey.layers.iter().filter(|layer| varies(layer)).count() > 0,
            Self::Ribbon => !survey.rows.is_empty(),
            Self::Ledger => !survey.ledger.is_empty(),
            Self::Heat => !survey.ledger.is_empty() && !survey.rows.is_empty(),
            Self::Pairs => survey.columns.len() > 2 && !survey.rows.is_empty(),
            Self::Training => survey.training.len() > 1,
            Self::Pixels => survey.images.is_some(),
            Self::Directions => survey.images.as_ref().is_some_and(|images| !images.directions.is_empty()),
        };
        Self::ALL.into_iter().filter(has).collect()
    }
}

/// Where a sheet without the figure comes from: [`Figure::of`] was not asked.
fn missing(figure: Figure) -> AtlasError {
    AtlasError::Missing { figure: figure.name() }
}

/// The sheet of one figure, so wide in units of about a quarter of a millimetre.
pub(crate) fn sheet(survey: &Survey, figure: Figure, width: f64) -> Result<Sheet, AtlasError> {
    if !Figure::of(survey).contains(&figure) {
        return Err(missing(figure));
    }
    let map = || survey.map.as_ref().ok_or_else(|| missing(figure));
    let images = || survey.images.as_ref().ok_or_else(|| missing(figure));
    let shown = |coloured, indicatrices| Shown {
        coloured: vec![coloured],
        indicatrices,
        latent_grid: false,
        points: true,
    };
    match figure {
        Figure::Stretch => map::map(survey, map()?, &shown(Coloured::Stretch, true), "stretch", width),
        Figure::Density => map::map(survey, map()?, &shown(Coloured::Density, false), "density", width),
        Figure::Digits => map::map(survey, map()?, &shown(Coloured::Digits, false), "digits", width),
        Figure::LatentGrid => grids::latent_grid(map()?, width),
        Figure::DataGrid => grids::data_grid(map()?, width, true),
        Figure::Layers => layers::multiples(survey, map()?, width),
        Figure::Ribbon => ribbon::ribbon(survey, width),
        Figure::Ledger => ledger::ledger(survey, width),
        Figure::Heat => heat::heat(survey, width),
        Figure::Pairs => pairs::pairs(survey, width),
        Figure::Training => training::frame(survey, map()?, survey.training.len() - 1, width),
        Figure::Pixels => pixels::pixels(images()?, width),
        Figure::Directions => directions::directions(images()?, width),
    }
}

/// The map with everything that a page can show or hide.
pub(crate) fn whole_map(survey: &Survey, map: &Map) -> Result<Sheet, AtlasError> {
    let latent_grid = !map.latent_grid.is_empty();
    let shown = Shown { coloured: Coloured::of(map), indicatrices: true, latent_grid, points: true };
    map::map(survey, map, &shown, "map", WIDE)
}

/// One layer of a flow of two columns.
pub(crate) fn layer_frame(survey: &Survey, map: &Map, k: usize) -> Result<Sheet, AtlasError> {
    layers::frame(survey, map, k, WIDE)
}

/// One snapshot of a training.
pub(crate) fn training_frame(survey: &Survey, map: &Map, k: usize) -> Result<Sheet, AtlasError> {
    training::frame(survey, map, k, WIDE)
}

/// One figure of a survey for paper, `millimetres` wide: dark on white, with its legend and units. See
/// [`Picture::to_print`] and [`Picture::to_png_at`].
///
/// # Errors
/// [`AtlasError::Missing`] where the survey has not this figure, see [`Figure::of`]; [`AtlasError::Setting`] for a width
/// outside 60 to 600.
pub fn draw(survey: &Survey, figure: Figure, millimetres: f64) -> Result<Picture, AtlasError> {
    if !(60.0..=600.0).contains(&millimetres) {
        let expected = "60 to 600 millimetres";
        return Err(AtlasError::Setting { setting: "width", found: millimetres, expected });
    }
    let width = (millimetres * UNITS_A_MILLIMETRE).round();
    Ok(sheet(survey, figure, width)?.finish(width as u32, crate::colour::PAPER))
}

/// Units of a sheet in a millimetre of paper: letters of 13.5 units are 9 points high.
pub(crate) const UNITS_A_MILLIMETRE: f64 = 4.25;
