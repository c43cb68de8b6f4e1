//! The layers of a flow of two columns, one by one.

use super::grids::dots;
use super::legend::{self, Scale};
use super::map::{self, ENDS, field};
use super::panel::{LETTERS, PHONE, Panel, ROW, WIDE, look};
use crate::AtlasError;
use crate::canvas::{Align, Hang, Ink, Rect};
use crate::colour::{FAMILIES, INK, LINE};
use crate::font;
use crate::sheet::Sheet;
use crate::survey::{LayerMap, Map, Survey};
use crate::ticks::Axis;

/// What a layer's log-det is in, whichever the metric.
const LABEL: &str = "log |det J| of the layer, nats";
/// Between panels.
const BETWEEN: f64 = 14.0;

/// Whether a layer's log-det is not the same everywhere.
pub fn varies(layer: &LayerMap) -> bool {
    let finite = || layer.log_det.values.iter().copied().filter(|v| v.is_finite());
    finite().fold(f64::NEG_INFINITY, f64::max) - finite().fold(f64::INFINITY, f64::min) > 1e-3
}

/// One scale for all layers.
pub fn scale(survey: &Survey) -> Scale {
    Scale::diverging(
        survey.layers.iter().filter(|layer| varies(layer)).flat_map(|layer| &layer.log_det.values),
    )
}

/// A name that fits into a width.
pub fn fitted(name: &str, size: f64, room: f64) -> String {
    if font::width(name, size, false) <= room {
        return name.to_owned();
    }
    let mut short: Vec<char> = name.chars().collect();
    while short.len() > 1
        && font::width(&format!("{}…", short.iter().collect::<String>()), size, false) > room
    {
        short.pop();
    }
    format!("{}…", short.into_iter().collect::<String>())
}

/// Where in data space each layer does its work: small maps with one legend. Layers that
/// stretch all places alike are left out.
pub fn multiples(survey: &Survey, map: &Map, width: f64) -> Result<Sheet, AtlasError> {
    let scale = scale(survey);
    let shown: Vec<(usize, &LayerMap)> =
        survey.layers.iter().enumerate().filter(|(_, layer)| varies(layer)).collect();
    let aspect = map.log_det.columns as f64 / map.log_det.rows as f64;
    let across = 3.min(shown.len().max(1));
    let side = ((width - 8.0 - BETWEEN * (across - 1) as f64) / across as f64).min(0.5 * width);
    let (plot_height, step) = (side / aspect, side / aspect + ROW + 10.0);
    let rows = shown.len().div_ceil(across);
    let bottom = 4.0 + rows as f64 * step + 6.0;
    let mut sheet = Sheet::new(width, bottom + legend::HEIGHT);
    for (n, (k, layer)) in shown.iter().enumerate() {
        let (column, row) = ((n % across) as f64, (n / across) as f64);
        let plot = Rect {
            x: 4.0 + column * (side + BETWEEN),
            y: 4.0 + ROW + row * step,
            width: side,
            height: plot_height,
        };
        let panel = Panel { plot, ..map::panel(map, WIDE) };
        field(&mut sheet, &panel, &layer.log_det, scale)?;
        sheet.draw(|pen| {
            let frame = Rect { x: plot.x - 0.5, y: plot.y - 0.5, ..plot };
            pen.frame(frame, Ink(LINE, 1.0), 1.0)?;
            let name = fitted(&layer.name, PHONE, side);
            let at = (plot.x, plot.y - 0.5 * ROW);
            pen.label(&name, at, look(LETTERS, INK, Align::Left), Hang::Middle)
        })?;
        panel.target(&mut sheet, "layer", &layer.name, &format!("data-frame=\"{k}\""));
    }
    // The labels of the ends are half beyond them.
    let place = Rect { x: 24.0, y: bottom, width: width - 48.0, height: legend::HEIGHT };
    scale.legend(&mut sheet, place, LABEL, Some(ENDS))?;
    Ok(sheet)
}

/// One layer: its log-det over the data's plane, and the data and its grid after it.
pub fn frame(survey: &Survey, map: &Map, k: usize, width: f64) -> Result<Sheet, AtlasError> {
    let layer = &survey.layers[k];
    let scale = scale(survey);
    let whole = map::panel(map, WIDE);
    let aspect = map.log_det.columns as f64 / map.log_det.rows as f64;
    let half = 0.5 * (width - 2.0 * BETWEEN);
    // Both equally high: the first as wide as its aspect asks, within limits.
    let left = Panel::left(whole.axes.1, whole.y, &whole.y_label, 300.0);
    let first = (half * 2.0 * aspect / (aspect + 1.0)).clamp(0.8 * half, 1.3 * half);
    let second_left = Panel::left(Axis::Plain, (layer.y[0], layer.y[1]), "", 300.0);
    let second = width - first - BETWEEN - second_left - 16.0;
    let height = ((first - left) / aspect).clamp(180.0, 420.0).round();
    let top = 6.0 + ROW;
    let plot = Rect { x: left, y: top, width: first - left, height };
    let panel = Panel { plot, ..whole };
    let after = Panel {
        plot: Rect { x: first + BETWEEN + second_left, y: top, width: second, height },
        x: (layer.x[0], layer.x[1]),
        y: (layer.y[0], layer.y[1]),
        axes: (Axis::Plain, Axis::Plain),
        x_label: String::new(),
        y_label: String::new(),
    };
    let bottom = plot.bottom() + Panel::below(&panel.x_label) + 4.0;
    let mut sheet = Sheet::new(width, bottom + legend::HEIGHT);
    field(&mut sheet, &panel, &layer.log_det, scale)?;
    panel.axes(&mut sheet)?;
    sheet.open_cut(&format!("layer-{k}"), after.plot);
    dots(&mut sheet, &after, &layer.points);
    let inks = [Ink(FAMILIES[0], 0.9), Ink(FAMILIES[1], 0.9)];
    sheet.draw(|pen| after.curves(pen, &layer.grid, inks, 0.8))?;
    sheet.close();
    after.axes(&mut sheet)?;
    sheet.draw(|pen| {
        let name = |text: &str, plot: Rect| {
            let at = (plot.x, plot.y - 0.5 * ROW);
            pen.label(text, at, look(LETTERS, INK, Align::Left), Hang::Middle)
        };
        name("Its log-det over the data", panel.plot)?;
        name("The data after it", after.plot)
    })?;
    panel.target(&mut sheet, "layer", &layer.name, &format!("data-frame=\"{k}\""));
    let place =
        Rect { x: panel.plot.x, y: bottom, width: width - panel.plot.x - 24.0, height: legend::HEIGHT };
    scale.legend(&mut sheet, place, LABEL, Some(ENDS))?;
    Ok(sheet)
}
