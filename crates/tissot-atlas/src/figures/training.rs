//! What training changed: log p_t - log p_0, and its two parts.

use super::legend::{self, Scale};
use super::map::{self, field};
use super::panel::{LETTERS, Panel, ROW, WIDE, look};
use crate::AtlasError;
use crate::canvas::{Align, Hang, Ink, Rect};
use crate::colour::{INK, LINE};
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

/// Between maps.
const BETWEEN: f64 = 14.0;

/// Three maps of one snapshot: the whole change, large, and beside it the base's part and the log-det's part.
pub fn frame(survey: &Survey, map: &Map, k: usize, width: f64) -> Result<Sheet, AtlasError> {
    let at = &survey.training[k];
    let scale = scale(survey);
    let whole = map::panel(map, WIDE);
    let aspect = map.log_det.columns as f64 / map.log_det.rows as f64;
    // The two small ones with their names are together as high as the large one.
    let both = width - 8.0 - BETWEEN;
    let small = ((both / aspect - ROW) / (3.0 / aspect)).round();
    let large = both - small;
    let (high, low) = ((large / aspect).round(), (small / aspect).round());
    let (top, right) = (4.0 + ROW, 4.0 + large + BETWEEN);
    let parts = [
        ("Change of log p", &at.total, Rect { x: 4.0, y: top, width: large, height: high }),
        ("Base's part", &at.base, Rect { x: right, y: top, width: small, height: low }),
        ("Log-det's part", &at.log_det, Rect { x: right, y: top + high - low, width: small, height: low }),
    ];
    let bottom = top + high + 12.0;
    let mut sheet = Sheet::new(width, bottom + legend::HEIGHT);
    for (name, grid, plot) in parts {
        let panel = Panel { plot, ..whole.clone() };
        field(&mut sheet, &panel, grid, scale)?;
        sheet.draw(|pen| {
            pen.frame(Rect { x: plot.x - 0.5, y: plot.y - 0.5, ..plot }, Ink(LINE, 1.0), 1.0)?;
            let at = (plot.x, plot.y - 0.5 * ROW);
            pen.label(name, at, look(LETTERS, INK, Align::Left), Hang::Middle)
        })?;
        panel.target(&mut sheet, "training", name, &format!("data-frame=\"{k}\""));
    }
    // The labels of the ends are half beyond them.
    let place = Rect { x: 24.0, y: bottom, width: width - 48.0, height: legend::HEIGHT };
    let ends = ("less likely than at first", "more likely");
    scale.legend(&mut sheet, place, "change since the first, nats", Some(ends))?;
    Ok(sheet)
}
