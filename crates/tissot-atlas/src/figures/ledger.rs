//! The ledger of the log-density: each term's quantiles and its share of the variance.

use super::layers::fitted;
use super::panel::{GAP, LETTERS, MARK, PHONE, ROW, look};
use crate::AtlasError;
use crate::canvas::{Align, Hang, Ink, Rect};
use crate::colour::{BAND, FAMILIES, INK, LINE, SOFT_INK};
use crate::font;
use crate::sheet::Sheet;
use crate::survey::{Survey, Term};
use crate::ticks::Axis;

/// Terms that move, the data's first, and their places in the ledger.
pub fn terms(survey: &Survey) -> Vec<(usize, &Term)> {
    survey.ledger.iter().enumerate().filter(|(_, term)| !term.constant).collect()
}

/// For each term, boxes of its quantiles on one scale at the left, bars of its share at the right.
pub fn ledger(survey: &Survey, width: f64) -> Result<Sheet, AtlasError> {
    let terms = terms(survey);
    let size = PHONE;
    let names: Vec<String> = terms.iter().map(|(_, term)| fitted(&term.name, PHONE, 230.0)).collect();
    let widest = names.iter().map(|name| font::width(name, size, false)).fold(0.0, f64::max);
    let left = (widest + 12.0).round();
    let line = 30.0;
    let room = width - left - 20.0;
    let (first, between) = (0.56 * room, 26.0);
    let top = 4.0 + ROW;
    let height = line * terms.len().max(1) as f64;
    let boxes = Rect { x: left, y: top, width: first.round(), height };
    let bars = Rect { x: boxes.right() + between, width: (room - first - between).round(), ..boxes };
    let mut sheet = Sheet::new(width, boxes.bottom() + MARK + GAP + ROW);
    let values = || terms.iter().flat_map(|(_, term)| [term.quantiles[0], term.quantiles[4]]);
    let finite = |values: &mut dyn Iterator<Item = f64>| -> (f64, f64) {
        let (low, high) =
            values.filter(|v| v.is_finite()).fold((0.0_f64, 0.0_f64), |m, v| (m.0.min(v), m.1.max(v)));
        let margin = 0.04 * (high - low).max(1e-6);
        (low - if low < 0.0 { margin } else { 0.0 }, high + margin)
    };
    let nats = finite(&mut values());
    let shares = finite(&mut terms.iter().map(|(_, term)| 100.0 * term.share));
    let x = |v: f64, range: (f64, f64), at: Rect| at.x + (v - range.0) / (range.1 - range.0) * at.width;
    sheet.draw(|pen| {
        for (at, range, title, unit) in
            [(boxes, nats, "Added to log p, nats", ""), (bars, shares, "Share of its variance", " %")]
        {
            pen.frame(Rect { x: at.x - 0.5, y: at.y - 0.5, ..at }, Ink(LINE, 1.0), 1.0)?;
            let zero = x(0.0, range, at).round() - 0.5;
            pen.line((zero, at.y), (zero, at.bottom()), Ink(SOFT_INK, 0.8), 1.0)?;
            let title_at = (at.x, at.y - 0.5 * ROW);
            pen.label(title, title_at, look(LETTERS, INK, Align::Left), Hang::Middle)?;
            let ticks = Axis::Plain.ticks(range, |ticks, share| {
                ticks.iter().all(|t| {
                    font::width(&format!("{}{unit}", t.label), PHONE, false) + 16.0 <= share * at.width
                })
            });
            for tick in ticks {
                let x = x(tick.at, range, at);
                pen.line((x, at.bottom()), (x, at.bottom() + MARK), Ink(LINE, 1.0), 1.0)?;
                let place = (x, at.bottom() + MARK + GAP);
                let label = format!("{}{unit}", tick.label);
                pen.label(&label, place, look(LETTERS, SOFT_INK, Align::Centre), Hang::Top)?;
            }
        }
        for (k, ((_, term), name)) in terms.iter().zip(&names).enumerate() {
            let y = top + (k as f64 + 0.5) * line;
            pen.label(name, (left - 8.0, y), look(LETTERS, INK, Align::Right), Hang::Middle)?;
            let q = &term.quantiles;
            let block = |from: f64, to: f64, high: f64, opacity: f64| {
                let (a, b) = (x(from, nats, boxes), x(to, nats, boxes));
                let rect = Rect { x: a, y: y - 0.5 * high, width: (b - a).max(1.0), height: high };
                pen.block(rect, Ink(BAND, opacity))
            };
            block(q[0], q[4], 12.0, 0.28)?;
            block(q[1], q[3], 12.0, 0.55)?;
            let middle = x(q[2], nats, boxes);
            pen.line((middle, y - 8.0), (middle, y + 8.0), Ink(INK, 1.0), 2.0)?;
            let (a, b) = (x(0.0, shares, bars), x(100.0 * term.share, shares, bars));
            let rect = Rect { x: a.min(b), y: y - 7.0, width: (b - a).abs().max(1.0), height: 14.0 };
            pen.block(rect, Ink(if term.share < 0.0 { FAMILIES[1] } else { FAMILIES[0] }, 0.85))?;
        }
        Ok(())
    })?;
    let panel = super::panel::Panel {
        plot: Rect { x: boxes.x, width: bars.right() - boxes.x, ..boxes },
        x: (0.0, 1.0),
        y: (terms.len() as f64, 0.0),
        axes: (Axis::Plain, Axis::Plain),
        x_label: String::new(),
        y_label: String::new(),
    };
    let list: Vec<String> = terms.iter().map(|(k, _)| k.to_string()).collect();
    panel.target(&mut sheet, "ledger", "The ledger", &format!("data-list=\"{}\"", list.join(" ")));
    Ok(sheet)
}
