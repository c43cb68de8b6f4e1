//! The latent's grid in data space, the data's grid in the latent.

use super::map;
use super::panel::{Panel, WIDE};
use crate::AtlasError;
use crate::canvas::{Ink, Rect};
use crate::colour::{FAMILIES, SOFT_INK};
use crate::sheet::Sheet;
use crate::survey::Map;
use crate::ticks::Axis;

const INKS: [Ink; 2] = [Ink(FAMILIES[0], 0.95), Ink(FAMILIES[1], 0.95)];

/// The image of the latent's grid in data space, with the data.
pub fn latent_grid(map: &Map, width: f64) -> Result<Sheet, AtlasError> {
    let panel = map::panel(map, width);
    let height = panel.plot.bottom() + Panel::below(&panel.x_label) + 4.0;
    let mut sheet = Sheet::new(width, height);
    sheet.open_cut("latent-grid", panel.plot);
    dots(&mut sheet, &panel, &map.points);
    sheet.draw(|pen| panel.curves(pen, &map.latent_grid, INKS, 1.0))?;
    sheet.close();
    panel.axes(&mut sheet)?;
    panel.target(&mut sheet, "latent_grid", "The latent's grid in data space", "");
    Ok(sheet)
}

/// The image of the data's grid in the latent, with the latents of the data and, if wanted, Tissot's indicatrices.
pub fn data_grid(map: &Map, width: f64, indicatrices: bool) -> Result<Sheet, AtlasError> {
    let panel = latent_panel(map, width);
    let height = panel.plot.bottom() + Panel::below(&panel.x_label) + 4.0;
    let mut sheet = Sheet::new(width, height);
    sheet.open_cut("data-grid", panel.plot);
    dots(&mut sheet, &panel, &map.latents);
    sheet.draw(|pen| panel.curves(pen, &map.data_grid, INKS, 1.0))?;
    if indicatrices {
        let (ellipses, _) = map::pushed(map, &panel);
        sheet.draw(|pen| {
            let ink = crate::colour::INK;
            ellipses.iter().try_for_each(|e| e.draw(pen, Ink(ink, 0.12), Ink(ink, 0.9), 1.1))
        })?;
    }
    sheet.close();
    panel.axes(&mut sheet)?;
    panel.target(&mut sheet, "data_grid", "The data's grid in the latent", "");
    Ok(sheet)
}

/// The data as dots that do not hide lines.
pub fn dots(sheet: &mut Sheet, panel: &Panel, points: &[[f64; 2]]) {
    let size = (90.0 / (points.len() as f64).sqrt()).clamp(1.6, 3.6);
    sheet.dots("quiet", &panel.points(points), Ink(SOFT_INK, 0.55), size);
}

fn latent_panel(map: &Map, width: f64) -> Panel {
    let [x, y] = map.latent_range.map(|[from, to]| (from, to));
    let left = Panel::left(Axis::Plain, y, "z2", 600.0);
    let plot_width = width.min(WIDE) - left - 22.0;
    // One scale both ways, so that circles are round.
    let height = (plot_width * (y.1 - y.0) / (x.1 - x.0)).round();
    let plot = Rect { x: left, y: 8.0, width: plot_width, height };
    Panel { plot, x, y, axes: (Axis::Plain, Axis::Plain), x_label: "z1".into(), y_label: "z2".into() }
}
