//! Two axes and what lies between them.

use crate::AtlasError;
use crate::canvas::{Align, Hang, Ink, Lettering, Pen, Rect};
use crate::colour::{LINE, Rgb, SOFT_INK};
use crate::font::width;
use crate::sheet::Sheet;
use crate::survey::{AxisKind, Curve, MapAxis};
use crate::ticks::{Axis, Tick};

/// Width of the sheet of a figure. On a narrow page letters are set at [`PHONE`], so room is left for these.
pub const WIDE: f64 = 720.0;
pub const LETTERS: f64 = 13.5;
pub const PHONE: f64 = 22.0;
/// Length of tick marks, and the gap behind them.
pub const MARK: f64 = 5.0;
pub const GAP: f64 = 4.0;
/// A row of letters below a panel.
pub const ROW: f64 = 26.0;

/// Two axes at a place of the sheet.
#[derive(Debug, Clone)]
pub struct Panel {
    pub plot: Rect,
    pub x: (f64, f64),
    pub y: (f64, f64),
    pub axes: (Axis, Axis),
    pub x_label: String,
    pub y_label: String,
}

pub fn look(size: f64, colour: Rgb, align: Align) -> Lettering {
    Lettering { size, bold: false, colour, align, upwards: false }
}

pub fn axis(kind: AxisKind) -> Axis {
    match kind {
        AxisKind::Plain => Axis::Plain,
        AxisKind::Longitude => Axis::Longitude,
        AxisKind::Latitude => Axis::Latitude,
    }
}

/// What stands beside an axis: nothing where the ticks say it.
pub fn label(axis: &MapAxis) -> String {
    if axis.kind == AxisKind::Plain { axis.name.clone() } else { String::new() }
}

impl Panel {
    /// Where a place is on the sheet; what is far outside stays near.
    pub fn place(&self, x: f64, y: f64) -> (f64, f64) {
        let share = |v: f64, (from, to): (f64, f64)| ((v - from) / (to - from)).clamp(-4.0, 5.0);
        let plot = self.plot;
        (plot.x + share(x, self.x) * plot.width, plot.bottom() - share(y, self.y) * plot.height)
    }

    pub fn contains(&self, x: f64, y: f64) -> bool {
        (self.x.0..=self.x.1).contains(&x) && (self.y.0..=self.y.1).contains(&y)
    }

    fn y_ticks(axis: Axis, range: (f64, f64), height: f64) -> Vec<Tick> {
        axis.ticks(range, |_, share| share * height >= 1.5 * PHONE)
    }

    /// The room that ticks and label of y need at the left, for a plot about so high.
    pub fn left(axis: Axis, range: (f64, f64), label: &str, height: f64) -> f64 {
        let widest = Self::y_ticks(axis, range, height)
            .iter()
            .map(|tick| width(&tick.label, 0.95 * PHONE, false))
            .fold(0.0, f64::max);
        (widest + MARK + GAP + if label.is_empty() { 4.0 } else { ROW }).round()
    }

    /// The room that ticks and label of x need below.
    pub fn below(label: &str) -> f64 {
        MARK + GAP + ROW + if label.is_empty() { 0.0 } else { 0.85 * ROW }
    }

    /// Frame, ticks and labels; the marks within a group that a page can draw anew.
    pub fn axes(&self, sheet: &mut Sheet) -> Result<(), AtlasError> {
        let plot = self.plot;
        let line = Ink(LINE, 1.0);
        sheet.draw(|pen| pen.frame(Rect { x: plot.x - 0.5, y: plot.y - 0.5, ..plot }, line, 1.0))?;
        sheet.open("class=\"ticks\"");
        sheet.draw(|pen| {
            let x_ticks = self.axes.0.ticks(self.x, |ticks, share| {
                ticks.iter().all(|tick| width(&tick.label, PHONE, false) + 14.0 <= share * plot.width)
            });
            for tick in x_ticks {
                let x = self.place(tick.at, self.y.0).0;
                pen.line((x, plot.bottom()), (x, plot.bottom() + MARK), line, 1.0)?;
                let place = (x, plot.bottom() + MARK + GAP);
                pen.label(&tick.label, place, look(LETTERS, SOFT_INK, Align::Centre), Hang::Top)?;
            }
            for tick in Self::y_ticks(self.axes.1, self.y, plot.height) {
                let y = self.place(self.x.0, tick.at).1;
                pen.line((plot.x - MARK, y), (plot.x, y), line, 1.0)?;
                let place = (plot.x - MARK - GAP, y);
                pen.label(&tick.label, place, look(LETTERS, SOFT_INK, Align::Right), Hang::Middle)?;
            }
            Ok(())
        })?;
        sheet.close();
        sheet.draw(|pen| self.labels(pen))
    }

    fn labels(&self, pen: &Pen<'_>) -> Result<(), AtlasError> {
        let plot = self.plot;
        let look = look(LETTERS, crate::colour::INK, Align::Centre);
        if !self.x_label.is_empty() {
            let place = (plot.x + 0.5 * plot.width, plot.bottom() + MARK + GAP + 0.9 * ROW);
            pen.label(&self.x_label, place, look, Hang::Top)?;
        }
        if !self.y_label.is_empty() {
            let ticks = Self::left(self.axes.1, self.y, "", plot.height);
            let place = (plot.x - ticks - 0.5 * ROW, plot.y + 0.5 * plot.height);
            pen.label(&self.y_label, place, Lettering { upwards: true, ..look }, Hang::Top)?;
        }
        Ok(())
    }

    /// Lines, each family in its ink; cut at the frame by a group around them.
    pub fn curves(
        &self,
        pen: &Pen<'_>,
        curves: &[Curve],
        inks: [Ink; 2],
        stroke: f64,
    ) -> Result<(), AtlasError> {
        for curve in curves {
            for piece in &curve.pieces {
                let places: Vec<(f64, f64)> = piece.iter().map(|&[x, y]| self.place(x, y)).collect();
                let stroke = if curve.level == 0.0 { 1.8 * stroke } else { stroke };
                pen.path(&places, inks[curve.along], stroke)?;
            }
        }
        Ok(())
    }

    /// The places of points inside.
    pub fn points(&self, points: &[[f64; 2]]) -> Vec<(f64, f64)> {
        points.iter().filter(|[x, y]| self.contains(*x, *y)).map(|&[x, y]| self.place(x, y)).collect()
    }

    /// What a pointer finds here.
    pub fn target(&self, sheet: &mut Sheet, figure: &str, name: &str, rest: &str) {
        let name = name.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        let ((x0, x1), (y0, y1)) = (self.x, self.y);
        let kind = |axis| match axis {
            Axis::Plain => "plain",
            Axis::Longitude => "longitude",
            Axis::Latitude => "latitude",
        };
        let (kx, ky) = (kind(self.axes.0), kind(self.axes.1));
        sheet.target(
            self.plot,
            &format!(
                "class=\"hot\" tabindex=\"0\" role=\"application\" aria-label=\"{name}: arrow keys move, values are read out\" \
                 data-figure=\"{figure}\" data-x0=\"{x0}\" data-x1=\"{x1}\" data-y0=\"{y0}\" data-y1=\"{y1}\" \
                 data-kinds=\"{kx} {ky}\" {rest}"
            ),
        );
    }
}
