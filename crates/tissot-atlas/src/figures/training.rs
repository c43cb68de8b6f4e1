//! What training changed: log p_t - log p_0, and its two parts.

use super::legend::{self, Scale};
use super::map::{self, field};
use super::panel::{LETTERS, Panel, ROW, WIDE, look};
use crate::AtlasError;
use crate::canvas::{Align, Hang, Rect};
use crate::colour::INK;
use crate::sheet::Sheet;
use crate::survey::{Map, Survey};

/// One scale for all snapshots.
pub fn scale(survey: &Survey) -> Scale {
    Scale::diverging(
        survey
            .training
            .iter()
            .flat_map(|at| at.total.values.iter().chain(&at.base.values).chain(&at.log_det.values)),
    )
}

/// Three maps of one snapshot: the whole change, the base's part, the log-det's part.
pub fn frame(survey: &Survey, map: &Map, k: usize, width: f64) -> Result<Sheet, AtlasError> {
    let at = &survey.training[k];
    let scale = scale(survey);
    let whole = map::panel(map, WIDE);
    let aspect = map.log_det.columns as f64 / map.log_det.rows as f64;
    // Wide maps stand one above the other two.
    let parts = [("Change of log p", &at.total), ("Base's part", &at.base), ("Log-det's part", &at.log_det)];
    let side = (width - 8.0 - 2.0 * 14.0) / 3.0;
    let height = (side / aspect).round();
    let top = 4.0 + ROW;
    let bottom = top + height + 12.0;
    let mut sheet = Sheet::new(width, bottom + legend::HEIGHT);
    for (n, (name, grid)) in parts.into_iter().enumerate() {
        let plot = Rect { x: 4.0 + n as f64 * (side + 14.0), y: top, width: side, height };
        let panel = Panel { plot, ..whole.clone() };
        field(&mut sheet, &panel, grid, scale)?;
        sheet.draw(|pen| {
            let line = crate::canvas::Ink(crate::colour::LINE, 1.0);
            pen.frame(Rect { x: plot.x - 0.5, y: plot.y - 0.5, ..plot }, line, 1.0)?;
            let at = (plot.x, plot.y - 0.5 * ROW);
            pen.label(name, at, look(LETTERS, INK, Align::Left), Hang::Middle)
        })?;
        panel.target(&mut sheet, "training", name, &format!("data-frame=\"{k}\""));
    }
    let place = Rect { x: 4.0, y: bottom, width: width - 8.0, height: legend::HEIGHT };
    scale.legend(
        &mut sheet,
        place,
        "change since the first, nats",
        Some(("◀ less likely", "more likely ▶")),
    )?;
    Ok(sheet)
}
