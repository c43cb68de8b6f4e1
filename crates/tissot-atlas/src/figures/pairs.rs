//! Pairs of columns: the stretch at the rows of data.

use super::layers::fitted;
use super::legend::{self, Scale};
use super::map::{ENDS, log_det_label};
use super::panel::{LETTERS, PHONE, Panel, ROW, look};
use crate::AtlasError;
use crate::canvas::{Align, Hang, Ink, Rect};
use crate::colour::{INK, LINE};
use crate::diverging::{Theme, diverging};
use crate::sheet::{Dot, Sheet};
use crate::survey::{Survey, quantiles};
use crate::ticks::Axis;

/// Columns that are paired, at most.
pub const MOST: usize = 5;
/// Steps of colour.
const STEPS: i32 = 12;

/// Panels of every two of the first columns; a dot a row, its colour the log-det there.
pub fn pairs(survey: &Survey, width: f64) -> Result<Sheet, AtlasError> {
    let d = survey.columns.len().min(MOST);
    let values: Vec<f64> = survey.rows.iter().map(|row| row.log_det).collect();
    let scale = Scale::diverging(&values);
    let Scale::Diverging { limit } = scale else { return Ok(Sheet::new(width, 1.0)) };
    let left = ROW;
    let side = (width - left - 8.0 - 8.0 * (d - 2) as f64) / (d - 1) as f64;
    let side = side.min(260.0);
    let step = side + 8.0;
    let bottom = 4.0 + (d - 1) as f64 * step + ROW;
    let mut sheet = Sheet::new(width, bottom + legend::HEIGHT);
    let range = |k: usize| {
        let ends = quantiles(survey.rows.iter().map(|row| row.values[k]), &[0.01, 0.99]);
        let margin = 0.08 * (ends[1] - ends[0]).max(1e-9);
        (ends[0] - margin, ends[1] + margin)
    };
    let ranges: Vec<(f64, f64)> = (0..d).map(range).collect();
    for (row, j) in (1..d).enumerate() {
        for i in 0..j {
            let plot =
                Rect { x: left + i as f64 * step, y: 4.0 + row as f64 * step, width: side, height: side };
            let share = |v: f64, (from, to): (f64, f64)| (v - from) / (to - from);
            let dots: Vec<Dot> = survey
                .rows
                .iter()
                .filter_map(|at| {
                    let (x, y) = (share(at.values[i], ranges[i]), share(at.values[j], ranges[j]));
                    let inside = (0.0..=1.0).contains(&x) && (0.0..=1.0).contains(&y);
                    let t = (at.log_det / limit).clamp(-1.0, 1.0);
                    inside.then(|| Dot {
                        at: (plot.x + x * side, plot.bottom() - y * side),
                        shade: (t * f64::from(STEPS)).round() as i32,
                    })
                })
                .collect();
            let shade = |k: i32, theme| diverging(f64::from(k) / f64::from(STEPS), theme);
            sheet.shaded_dots(
                &dots,
                (180.0 / (survey.rows.len() as f64).sqrt() / (d as f64 - 1.0).sqrt()).clamp(3.0, 7.0),
                &|k| [shade(k, Theme::Light), shade(k, Theme::Dark)],
            );
            let panel = Panel {
                plot,
                x: ranges[i],
                y: ranges[j],
                axes: (Axis::Plain, Axis::Plain),
                x_label: String::new(),
                y_label: String::new(),
            };
            sheet.draw(|pen| {
                pen.frame(Rect { x: plot.x - 0.5, y: plot.y - 0.5, ..plot }, Ink(LINE, 1.0), 1.0)?;
                if i == 0 {
                    let up = crate::canvas::Lettering { upwards: true, ..look(LETTERS, INK, Align::Centre) };
                    let name = fitted(&survey.columns[j], PHONE, side);
                    pen.label(&name, (2.0, plot.y + 0.5 * side), up, Hang::Top)?;
                }
                if j == d - 1 {
                    let name = fitted(&survey.columns[i], PHONE, side);
                    let place = (plot.x + 0.5 * side, plot.bottom() + 4.0);
                    pen.label(&name, place, look(LETTERS, INK, Align::Centre), Hang::Top)?;
                }
                Ok(())
            })?;
            let name = format!("{} against {}", survey.columns[j], survey.columns[i]);
            panel.target(&mut sheet, "pairs", &name, &format!("data-list=\"{i} {j}\""));
        }
    }
    let place = Rect { x: left, y: bottom, width: width - left - 8.0, height: legend::HEIGHT };
    scale.legend(&mut sheet, place, log_det_label(survey.metric), Some(ENDS))?;
    Ok(sheet)
}
