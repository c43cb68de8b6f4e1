//! Where everything goes on the sheet. All lengths are pixels of a 1600 pixel wide sheet.

use crate::canvas::{Rect, SHEET};
use crate::font::{width, wrap};
use crate::ticks::{Axis, LogTicks, Tick, logarithmic};

/// Between the drawing and the edges of the sheet.
pub const MARGIN: f64 = 52.0;
/// Sizes of letters.
pub const TITLE: f64 = 38.0;
pub const SUBTITLE: f64 = 23.0;
pub const LABEL: f64 = 22.0;
pub const TICK: f64 = 20.0;
pub const NOTE: f64 = 19.0;
/// Height of capital letters and digits, in ems of the font.
pub const CAPITALS: f64 = 0.73;
/// Length of tick marks, and the gap behind them.
pub const MARK: f64 = 8.0;
pub const GAP: f64 = 8.0;
/// Height of the arrow below the colour bar.
pub const ARROW: f64 = 20.0;

const BAR: f64 = 28.0;
const LINE: f64 = 1.4;

/// What the layout depends on.
#[derive(Debug)]
pub struct Request<'a> {
    pub title: &'a str,
    pub subtitle: &'a str,
    pub x_label: &'a str,
    pub y_label: &'a str,
    pub colour_label: &'a str,
    pub legend: bool,
    pub notes: &'a [String],
    pub axes: (Axis, Axis),
    pub x: (f64, f64),
    pub y: (f64, f64),
    /// Decimal logarithms at the ends of the colour bar.
    pub decades: (f64, f64),
    /// Width of the plot over its height.
    pub aspect: f64,
}

/// Places. Texts are at their base lines.
#[derive(Debug)]
pub struct Layout {
    pub height: f64,
    pub plot: Rect,
    pub bar: Rect,
    pub x_ticks: Vec<Tick>,
    pub y_ticks: Vec<Tick>,
    pub bar_ticks: LogTicks,
    pub title: Vec<(f64, String)>,
    pub subtitle: Vec<(f64, String)>,
    /// Base line of the label of x; of those of y and of the colours, which read upwards.
    pub x_label: f64,
    pub y_label: f64,
    pub colour_label: f64,
    /// Base line of the legend of the points.
    pub legend: f64,
    pub notes: Vec<(f64, String)>,
}

impl Layout {
    pub fn new(request: &Request<'_>) -> Self {
        let widest = |ticks: &[Tick]| ticks.iter().map(|t| width(&t.label, TICK, false)).fold(0.0, f64::max);
        let room_for = |label: &str| if label.trim().is_empty() { 0.0 } else { LABEL * 1.7 };
        // The labels decide how wide the plot is, and its size which labels there are: start from a cautious guess.
        let guess = 0.75 * SHEET / request.aspect;
        let y_ticks = request.axes.1.ticks(request.y, |_, share| share * guess >= 3.2 * TICK);
        let bar_ticks =
            logarithmic(request.decades.0, request.decades.1, ((guess / (2.2 * TICK)) as usize).min(12));
        let left = MARGIN + room_for(request.y_label) + widest(&y_ticks) + GAP + MARK;
        let after_bar = MARK + GAP + widest(&bar_ticks.labelled);
        let right = 36.0 + BAR + after_bar + room_for(request.colour_label) + MARGIN;
        let plot_width = (SHEET - left - right).floor().max(100.0);

        let mut y = MARGIN;
        let room = SHEET - left - MARGIN;
        let mut block = |text: &str, size: f64, bold: bool, leading: f64, before: f64| {
            let lines = wrap(text, size, bold, room);
            let first = y + before + CAPITALS * size;
            let placed: Vec<(f64, String)> = lines
                .into_iter()
                .enumerate()
                .map(|(k, line)| (first + k as f64 * leading * size, line))
                .collect();
            y = placed.last().map_or(y, |(base, _)| *base);
            placed
        };
        let title = block(request.title, TITLE, true, 1.25, 0.0);
        let subtitle = block(request.subtitle, SUBTITLE, false, LINE, 22.0);
        let plot = Rect {
            x: left.round(),
            y: (y + if title.len() + subtitle.len() > 0 { 32.0 } else { 0.0 }).round(),
            width: plot_width,
            height: (plot_width / request.aspect).round(),
        };
        let x_ticks = request.axes.0.ticks(request.x, |ticks, share| {
            let spacing = share * plot.width;
            ticks.iter().all(|tick| width(&tick.label, TICK, false) + 32.0 <= spacing)
        });

        let mut base = plot.bottom() + MARK + GAP + CAPITALS * TICK;
        let x_label = base + if request.x_label.trim().is_empty() { 0.0 } else { LABEL * 1.7 };
        base = x_label;
        let mut next = |first: bool| {
            base += if first { 44.0 } else { LINE * NOTE };
            base
        };
        let legend = if request.legend { next(true) } else { x_label };
        let mut notes: Vec<(f64, String)> = Vec::new();
        for line in request.notes.iter().flat_map(|note| wrap(note, NOTE, false, room)) {
            notes.push((next(!request.legend && notes.is_empty()), line));
        }
        let last = notes.last().map_or(legend, |(base, _)| *base);
        let bar =
            Rect { x: plot.right() + 36.0, y: plot.y, width: BAR, height: (plot.height - ARROW).max(10.0) };
        Self {
            height: (last + MARGIN).round(),
            y_label: MARGIN + CAPITALS * LABEL,
            colour_label: bar.right() + after_bar + LABEL * 1.45,
            plot,
            bar,
            x_ticks,
            y_ticks,
            bar_ticks,
            title,
            subtitle,
            x_label,
            legend,
            notes,
        }
    }

    /// Where a place on the axes is on the sheet.
    pub fn place(&self, request: &Request<'_>, x: f64, y: f64) -> (f64, f64) {
        let share = |v: f64, (from, to): (f64, f64)| (v - from) / (to - from);
        let plot = self.plot;
        (plot.x + share(x, request.x) * plot.width, plot.bottom() - share(y, request.y) * plot.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request<'a>(title: &'a str, label: &'a str, notes: &'a [String]) -> Request<'a> {
        Request {
            title,
            subtitle: title,
            x_label: label,
            y_label: label,
            colour_label: label,
            legend: !notes.is_empty(),
            notes,
            axes: (Axis::Longitude, Axis::Latitude),
            x: (-180.0, 180.0),
            y: (-90.0, 90.0),
            decades: (-12.0, -4.0),
            aspect: 2.0,
        }
    }

    #[test]
    fn everything_is_on_the_sheet_and_in_order() {
        let long = "a title that is long enough to be broken into several lines ".repeat(6);
        let notes = vec![long.clone(), "short".to_owned()];
        let none: &[String] = &[];
        for (title, label, notes) in [("", "", none), ("A title", "label", none), (&long, "label", &notes)] {
            let request = request(title, label, notes);
            let layout = Layout::new(&request);
            let texts = layout.title.iter().chain(&layout.subtitle).map(|line| line.0);
            let below = [layout.plot.bottom(), layout.x_label].into_iter();
            let after = layout.notes.iter().map(|line| line.0).chain([layout.height - 0.9 * MARGIN]);
            let bases: Vec<f64> = texts.chain([layout.plot.y]).chain(below).chain(after).collect();
            assert!(bases.windows(2).all(|w| w[0] < w[1]), "{bases:?}");
            assert!(layout.plot.x >= MARGIN && layout.bar.right() < SHEET - MARGIN);
            assert!(label.is_empty() || layout.colour_label <= SHEET - MARGIN);
        }
    }

    #[test]
    fn labels_do_not_overlap() {
        for (x, axis) in
            [((-180.0, 180.0), Axis::Longitude), ((0.0, 1e-3), Axis::Plain), ((1e9, 1e9 + 7.0), Axis::Plain)]
        {
            let request = Request { x, axes: (axis, Axis::Plain), ..request("t", "l", &[]) };
            let layout = Layout::new(&request);
            assert!(layout.x_ticks.len() >= 2);
            for pair in layout.x_ticks.windows(2) {
                let [a, b] = [0, 1].map(|k| layout.place(&request, pair[k].at, 0.0).0);
                let [wa, wb] = [0, 1].map(|k| width(&pair[k].label, TICK, false));
                assert!(b - a > (wa + wb) / 2.0 + 10.0, "{pair:?}");
            }
        }
    }
}
