//! The map of two columns: a field, Tissot's indicatrices, the latent's grid, the data.

use super::ellipses::{self, Ellipse};
use super::legend::{self, Scale};
use super::panel::{Panel, WIDE, axis, label};
use crate::canvas::{Ink, Rect};
use crate::colour::{OVER, POINT, Rgb, scale};
use crate::diverging::Theme;
use crate::sheet::Sheet;
use crate::survey::{Grid, Indicatrix, Map, Metric, Survey};
use crate::{AtlasError, Field, raster};
use std::f64::consts::LN_10;

/// What the colours of a map are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Coloured {
    Stretch,
    Density,
    Digits,
}

impl Coloured {
    pub fn name(self) -> &'static str {
        match self {
            Self::Stretch => "stretch",
            Self::Density => "density",
            Self::Digits => "digits",
        }
    }

    fn grid(self, map: &Map) -> &Grid {
        match self {
            Self::Stretch => &map.log_det,
            Self::Density => &map.log_density,
            Self::Digits => &map.digits,
        }
    }

    /// Those that a map has.
    pub fn of(map: &Map) -> Vec<Self> {
        [Self::Stretch, Self::Density, Self::Digits]
            .into_iter()
            .filter(|coloured| coloured.grid(map).values.iter().any(|v| v.is_finite()))
            .collect()
    }
}

/// Powers of ten that the density's colours reach down.
const DECADES: f64 = 6.0;

/// What is on a map.
#[derive(Debug, Clone)]
pub struct Shown {
    pub coloured: Vec<Coloured>,
    pub indicatrices: bool,
    pub latent_grid: bool,
    pub points: bool,
}

/// Whether the indicatrices of a map are drawn at one scale.
pub fn true_to_scale(survey: &Survey) -> bool {
    survey.map.as_ref().is_none_or(|map| ellipses(map, &panel(map, WIDE)).1)
}

/// The log-det's scale, the same in all pictures of the whole flow.
pub fn stretch_scale(map: &Map) -> Scale {
    Scale::diverging(&map.log_det.values)
}

/// What a log-det's legend says.
pub fn log_det_label(metric: Metric) -> &'static str {
    match metric {
        Metric::Standardised => "log |det J|, nats (data in std. deviations)",
        Metric::Units => "log |det J|, nats (data in own units)",
        Metric::Sphere { .. } => "log |det J|, nats (data on the sphere)",
    }
}

pub const ENDS: (&str, &str) = ("squeezed: density thinned", "stretched: density amplified");

pub fn panel(map: &Map, width: f64) -> Panel {
    let (x, y) = ((map.x.from, map.x.to), (map.y.from, map.y.to));
    let axes = (axis(map.x.kind), axis(map.y.kind));
    let (x_label, y_label) = (label(&map.x), label(&map.y));
    let grid = &map.log_det;
    let aspect = grid.columns as f64 / grid.rows as f64;
    let left = Panel::left(axes.1, y, &y_label, width / aspect);
    let plot_width = width - left - 22.0;
    let plot = Rect { x: left, y: 8.0, width: plot_width, height: (plot_width / aspect).round() };
    Panel { plot, x, y, axes, x_label, y_label }
}

/// Draws a map on a sheet of its own.
pub fn map(survey: &Survey, map: &Map, shown: &Shown, id: &str, width: f64) -> Result<Sheet, AtlasError> {
    let panel = panel(map, width);
    let plot = panel.plot;
    let bottom = plot.bottom() + Panel::below(&panel.x_label) + 8.0;
    let mut sheet = Sheet::new(width, bottom + legend::HEIGHT);
    for &coloured in &shown.coloured {
        sheet.open(&format!("class=\"field {}\"", coloured.name()));
        let grid = coloured.grid(map);
        let scale = colours(map, coloured);
        sheet.open_cut(&format!("{id}-{}", coloured.name()), plot);
        sheet.open("class=\"view\"");
        field(&mut sheet, &panel, grid, scale)?;
        sheet.close();
        sheet.close();
        let place = Rect { y: bottom, height: legend::HEIGHT, ..plot };
        let (label, ends) = match coloured {
            Coloured::Stretch => (log_det_label(survey.metric).to_owned(), Some(ENDS)),
            Coloured::Density => (density_label(map), None),
            Coloured::Digits => ("Decimal digits that survive a round trip in f32".to_owned(), None),
        };
        scale.legend(&mut sheet, place, &label, ends)?;
        sheet.close();
    }
    let on_dark = shown.coloured.first().is_some_and(|c| *c != Coloured::Stretch);
    let over: Rgb = if on_dark && shown.coloured.len() == 1 { [255; 3] } else { OVER };
    sheet.open_cut(&format!("{id}-over"), plot);
    sheet.open("class=\"view\"");
    if shown.latent_grid {
        sheet.open("class=\"over latent-grid\"");
        sheet.draw(|pen| panel.curves(pen, &map.latent_grid, [Ink(over, 0.55); 2], 0.8))?;
        sheet.close();
    }
    if shown.points {
        points(&mut sheet, &panel, &map.points, on_dark && shown.coloured.len() == 1);
    }
    if shown.indicatrices {
        sheet.open("class=\"over indicatrices\"");
        let (ellipses, _) = ellipses(map, &panel);
        sheet.draw(|pen| {
            ellipses.iter().try_for_each(|e| e.draw(pen, Ink(over, 0.10), Ink(over, 0.85), 1.1))
        })?;
        sheet.close();
    }
    sheet.close();
    sheet.close();
    panel.axes(&mut sheet)?;
    panel.target(&mut sheet, "map", "The map", "");
    Ok(sheet)
}

fn density_label(map: &Map) -> String {
    match (&map.principal, map.averaged) {
        (Some(_), Some(_)) => {
            "log p of the two components, nats, what is off them averaged over the data".into()
        }
        (Some(_), None) => "log p, nats in the columns' own units, on a plane through one row".into(),
        (None, Some(_)) => {
            "log p of the two columns, nats in their units, the others averaged over the data".into()
        }
        (None, None) if map.held.is_empty() => {
            "log p, nats in the columns' own units, of the two columns".into()
        }
        (None, None) => "log p, nats in the columns' own units, with the other columns held".into(),
    }
}

fn colours(map: &Map, coloured: Coloured) -> Scale {
    match coloured {
        Coloured::Stretch => stretch_scale(map),
        Coloured::Density => {
            let finite = map.log_density.values.iter().copied().filter(|v| v.is_finite());
            let to = finite.fold(f64::NEG_INFINITY, f64::max);
            Scale::Sequential { from: to - DECADES * LN_10, to }
        }
        Coloured::Digits => Scale::Sequential { from: 0.0, to: 7.2 },
    }
}

/// A grid of values as an image across a panel.
pub fn field(sheet: &mut Sheet, panel: &Panel, grid: &Grid, scale: Scale) -> Result<(), AtlasError> {
    let field =
        Field { x: panel.x, y: panel.y, columns: grid.columns, rows: grid.rows, log_density: &grid.values };
    // Not finer than is seen: pages hold these images.
    let width = (panel.plot.width.round() as u32).min(2 * grid.columns as u32).max(grid.columns as u32);
    let height = (f64::from(width) * panel.plot.height / panel.plot.width).round().max(1.0) as u32;
    let image = |theme| raster::cells(&field, scale.floor(), |v| scale.colour(v, theme), width, height);
    let dark = match scale {
        Scale::Diverging { .. } => Some(image(Theme::Dark)?),
        Scale::Sequential { .. } => None,
    };
    sheet.image(panel.plot, image(Theme::Light)?, dark);
    Ok(())
}

/// The data: small dots in rings.
fn points(sheet: &mut Sheet, panel: &Panel, points: &[[f64; 2]], on_dark: bool) {
    let places = panel.points(points);
    let size = (90.0 / (points.len() as f64).sqrt()).clamp(1.8, 4.0);
    sheet.open("class=\"over points\"");
    if on_dark {
        sheet.dots("ring", &places, Ink(scale(0.0), 0.5), size + 1.2);
        sheet.dots("dot", &places, Ink(POINT, 0.8), size);
    } else {
        sheet.dots("ring", &places, Ink(crate::colour::PAPER, 0.6), size + 1.2);
        sheet.dots("dot", &places, Ink(OVER, 0.65), size);
    }
    sheet.close();
}

/// What small circles in the latent look like in data space, and whether they are true to scale.
fn ellipses(map: &Map, panel: &Panel) -> (Vec<Ellipse>, bool) {
    let half = |i: &Indicatrix, k: usize| {
        let [dx, dy] = i.data_axes[k];
        [dx / i.lengths[0] / i.stretch[k], dy / i.lengths[1] / i.stretch[k]]
    };
    placed(map, panel, |i| i.at, half)
}

/// What small circles in data space look like in the latent, and whether they are true to scale.
pub fn pushed(map: &Map, panel: &Panel) -> (Vec<Ellipse>, bool) {
    placed(map, panel, |i| i.latent, |i, k| i.latent_axes[k].map(|v| v * i.stretch[k]))
}

/// Ellipses with middles and half-axes in units of the panel's axes; where they crowd, some stand for all.
fn placed(
    map: &Map,
    panel: &Panel,
    at: impl Fn(&Indicatrix) -> [f64; 2],
    half: impl Fn(&Indicatrix, usize) -> [f64; 2],
) -> (Vec<Ellipse>, bool) {
    let across = panel.plot.width / (panel.x.1 - panel.x.0);
    let up = panel.plot.height / (panel.y.1 - panel.y.0);
    let found = map.indicatrices.iter().filter_map(|i| {
        let [x, y] = at(i);
        let half = |k: usize| {
            let [dx, dy] = half(i, k);
            (dx * across, -dy * up)
        };
        let ellipse = Ellipse { at: panel.place(x, y), a: half(0), b: half(1) };
        let finite = [ellipse.a.0, ellipse.a.1, ellipse.b.0, ellipse.b.1].iter().all(|v| v.is_finite());
        (finite && panel.contains(x, y)).then_some(ellipse)
    });
    let area = panel.plot.width * panel.plot.height;
    let mut apart: Vec<Ellipse> = Vec::new();
    let least = 0.22 * (area / map.indicatrices.len().max(1) as f64).sqrt();
    for ellipse in found {
        if apart.iter().all(|other| other.distance(&ellipse) >= least) {
            apart.push(ellipse);
        }
    }
    let scale = ellipses::fit(&mut apart);
    (apart, scale)
}
