//! Rows, ordered by their log-density, against layers.

use super::layers::fitted;
use super::legend::{self, Scale};
use super::map::ENDS;
use super::panel::{LETTERS, PHONE, Panel, ROW, look};
use crate::canvas::{Align, Hang, Ink, Rect};
use crate::colour::{INK, LINE, SOFT_INK};
use crate::diverging::Theme;
use crate::sheet::Sheet;
use crate::survey::{Survey, Term};
use crate::ticks::Axis;
use crate::{AtlasError, font, raster};

/// The layers whose log-det is not the same for all rows, and their numbers.
pub fn layers(survey: &Survey) -> Vec<(usize, &Term)> {
    let between = survey.ledger.get(1..survey.ledger.len().saturating_sub(1)).unwrap_or_default();
    between
        .iter()
        .enumerate()
        .filter(|(k, _)| survey.rows.iter().any(|row| row.layers[*k].abs() > 1e-4))
        .collect()
}

/// The log-det of each layer for each row as colours: a column a row of data, the least likely at the left.
pub fn heat(survey: &Survey, width: f64) -> Result<Sheet, AtlasError> {
    let layers = layers(survey);
    let rows = &survey.rows;
    let values: Vec<f64> = layers.iter().flat_map(|(k, _)| rows.iter().map(|row| row.layers[*k])).collect();
    let scale = Scale::diverging(&values);
    let names: Vec<String> = layers.iter().map(|(_, term)| fitted(&term.name, PHONE, 230.0)).collect();
    let size = PHONE;
    let widest = names.iter().map(|name| font::width(name, size, false)).fold(0.0, f64::max);
    let left = (widest + 12.0).round();
    let line =
        (320.0 / layers.len().max(1) as f64).clamp(if layers.len() > 16 { 12.0 } else { 24.0 }, 44.0).round();
    let plot =
        Rect { x: left, y: 6.0, width: width - left - 10.0, height: line * layers.len().max(1) as f64 };
    let bottom = plot.bottom() + ROW + 6.0;
    let mut sheet = Sheet::new(width, bottom + legend::HEIGHT);
    let (w, h) = (rows.len().max(1) as u32, layers.len().max(1) as u32);
    let image = |theme: Theme| {
        raster::exact(w, h, |x, y| {
            let value = values.get(y as usize * rows.len() + x as usize).copied().unwrap_or(f64::NAN);
            if value.is_nan() { crate::colour::GAP } else { scale.colour(value, theme) }
        })
    };
    sheet.open("class=\"sharp\"");
    sheet.image(plot, image(Theme::Light)?, Some(image(Theme::Dark)?));
    sheet.close();
    sheet.draw(|pen| {
        pen.frame(Rect { x: plot.x - 0.5, y: plot.y - 0.5, ..plot }, Ink(LINE, 1.0), 1.0)?;
        // Names on every line, or on every so many where lines are low.
        let every = (PHONE / line).ceil().max(1.0) as usize;
        for (k, name) in names.iter().enumerate().step_by(every) {
            let place = (plot.x - 8.0, plot.y + (k as f64 + 0.5) * line);
            pen.label(name, place, look(LETTERS, INK, Align::Right), Hang::Middle)?;
        }
        let y = plot.bottom() + 5.0;
        pen.label("least likely rows", (plot.x, y), look(LETTERS, SOFT_INK, Align::Left), Hang::Top)?;
        pen.label("most likely rows", (plot.right(), y), look(LETTERS, SOFT_INK, Align::Right), Hang::Top)
    })?;
    let panel = Panel {
        plot,
        x: (0.0, f64::from(w)),
        y: (f64::from(h), 0.0),
        axes: (Axis::Plain, Axis::Plain),
        x_label: String::new(),
        y_label: String::new(),
    };
    let list: Vec<String> = layers.iter().map(|(k, _)| k.to_string()).collect();
    panel.target(&mut sheet, "heat", "Rows and layers", &format!("data-list=\"{}\"", list.join(" ")));
    let place = Rect { y: bottom, height: legend::HEIGHT, ..plot };
    scale.legend(&mut sheet, place, "log |det J|, nats", Some(ENDS))?;
    Ok(sheet)
}
