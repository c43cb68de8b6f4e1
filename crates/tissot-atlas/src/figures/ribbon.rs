//! The quantiles of the singular values, with the gap.

use super::panel::{GAP, LETTERS, MARK, PHONE, Panel, ROW, look};
use crate::AtlasError;
use crate::canvas::{Align, Hang, Ink, Rect};
use crate::colour::{BAND, FAMILIES, INK, LINE, SOFT_INK};
use crate::font;
use crate::sheet::Sheet;
use crate::survey::{Ribbon, Survey};
use crate::ticks::{Axis, logarithmic};

/// A gap is marked where neighbouring medians are further apart than this.
pub const MARKED: f64 = 10.0;

/// Boxes for each singular value: 5 to 95 % light, 25 to 75 % dark, the median a line; on a logarithmic scale.
pub fn ribbon(survey: &Survey, width: f64) -> Result<Sheet, AtlasError> {
    let Ribbon { quantiles, gap_after, gap, .. } = &survey.ribbon;
    let log = |v: f64| if v > 0.0 && v.is_finite() { v.log10() } else { f64::NAN };
    let all = || quantiles.iter().flatten().map(|&v| log(v)).filter(|v| v.is_finite());
    let (low, high) = (all().fold(0.0, f64::min) - 0.15, all().fold(0.0, f64::max) + 0.15);
    let height = (0.42 * width).round();
    let ticks = logarithmic(low, high, (height / (1.6 * PHONE)) as usize);
    let widest =
        ticks.labelled.iter().map(|t| font::width(&t.label, 0.95 * PHONE, false)).fold(0.0, f64::max);
    let left = (widest + MARK + GAP + ROW).round();
    let plot = Rect { x: left, y: 8.0, width: width - left - 14.0, height };
    let mut sheet = Sheet::new(width, plot.bottom() + Panel::below("x") + 4.0);
    let n = quantiles.len();
    let slot = plot.width / n.max(1) as f64;
    let y = |v: f64| plot.bottom() - (log(v).max(low) - low) / (high - low) * plot.height;
    sheet.draw(|pen| {
        pen.frame(Rect { x: plot.x - 0.5, y: plot.y - 0.5, ..plot }, Ink(LINE, 1.0), 1.0)?;
        let one = (y(1.0) * 1.0).round() - 0.5;
        pen.line((plot.x, one), (plot.right(), one), Ink(SOFT_INK, 0.8), 1.0)?;
        for (k, q) in quantiles.iter().enumerate() {
            let wide = (0.72 * slot).min(46.0);
            let x = plot.x + (k as f64 + 0.5) * slot - 0.5 * wide;
            let block = |from: f64, to: f64, opacity: f64| {
                let rect = Rect { x, y: y(to), width: wide, height: (y(from) - y(to)).max(1.0) };
                pen.block(rect, Ink(BAND, opacity))
            };
            block(q[0], q[4], 0.28)?;
            block(q[1], q[3], 0.55)?;
            pen.line((x, y(q[2])), (x + wide, y(q[2])), Ink(INK, 1.0), 2.0)?;
        }
        if let Some(after) = gap_after.filter(|_| *gap > MARKED) {
            let x = (plot.x + after as f64 * slot).round() - 0.5;
            let ink = Ink(FAMILIES[1], 1.0);
            pen.line((x, plot.y), (x, plot.bottom()), ink, 1.6)?;
            let text = format!("gap: ÷ {}", short(*gap));
            let right = x < plot.x + 0.6 * plot.width;
            let (at, align) = if right { (x + 8.0, Align::Left) } else { (x - 8.0, Align::Right) };
            pen.label(&text, (at, plot.y + 18.0), look(LETTERS, FAMILIES[1], align), Hang::Middle)?;
        }
        for &at in &ticks.small {
            let y = plot.bottom() - (at - low) / (high - low) * plot.height;
            pen.line((plot.x - 0.5 * MARK, y), (plot.x, y), Ink(LINE, 1.0), 1.0)?;
        }
        for tick in &ticks.labelled {
            let y = plot.bottom() - (tick.at - low) / (high - low) * plot.height;
            pen.line((plot.x - MARK, y), (plot.x, y), Ink(LINE, 1.0), 1.0)?;
            let place = (plot.x - MARK - GAP, y);
            pen.label(&tick.label, place, look(LETTERS, SOFT_INK, Align::Right), Hang::Middle)?;
        }
        let numbers = Axis::Plain.ticks((0.5, n as f64 + 0.5), |ticks, share| {
            let whole = ticks.iter().all(|tick| tick.at.fract() == 0.0);
            whole && ticks.iter().all(|t| font::width(&t.label, PHONE, false) + 10.0 <= share * plot.width)
        });
        for tick in numbers.iter().filter(|tick| tick.at >= 1.0 && tick.at <= n as f64) {
            let x = plot.x + (tick.at - 0.5) * slot;
            let place = (x, plot.bottom() + MARK + GAP);
            pen.label(&tick.label, place, look(LETTERS, SOFT_INK, Align::Centre), Hang::Top)?;
        }
        let middle = (plot.x + 0.5 * plot.width, plot.bottom() + MARK + GAP + 0.9 * ROW);
        pen.label("Singular value, the largest first", middle, look(LETTERS, INK, Align::Centre), Hang::Top)?;
        let up = crate::canvas::Lettering { upwards: true, ..look(LETTERS, INK, Align::Centre) };
        pen.label("Stretch", (2.0, plot.y + 0.5 * plot.height), up, Hang::Top)
    })?;
    let panel = Panel {
        plot,
        x: (0.5, n as f64 + 0.5),
        y: (low, high),
        axes: (Axis::Plain, Axis::Plain),
        x_label: String::new(),
        y_label: String::new(),
    };
    panel.target(&mut sheet, "ribbon", "Singular values", "");
    Ok(sheet)
}

/// Two digits.
pub fn short(value: f64) -> String {
    if value >= 1e4 {
        format!("{value:.0e}")
    } else if value >= 10.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.1}")
    }
}
