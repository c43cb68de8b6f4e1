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
    Ok(sheet)
}

/// The data as dots that do not hide lines.
pub fn dots(sheet: &mut Sheet, panel: &Panel, points: &[[f64; 2]]) {
    let size = (90.0 / (points.len() as f64).sqrt()).clamp(1.6, 3.6);
    sheet.dots("quiet", &panel.points(points), Ink(SOFT_INK, 0.55), size);
}

fn latent_panel(map: &Map, width: f64) -> Panel {
    let x = (map.latent_range[0], map.latent_range[1]);
    let y = x;
    let left = Panel::left(Axis::Plain, y, "z2", 600.0);
    // As large as a map, and square where that is not too high.
    let width = (width - left - 22.0).min(WIDE - left - 22.0);
    let plot = Rect { x: left, y: 8.0, width, height: width };
    Panel { plot, x, y, axes: (Axis::Plain, Axis::Plain), x_label: "z1".into(), y_label: "z2".into() }
}
