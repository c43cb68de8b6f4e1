//! A density over two columns, on a logarithmic colour scale.

use crate::canvas::{Align, Ink, Lettering, Pen, Rect};
use crate::colour::{INK, LINE, PAPER, POINT, SOFT_INK, scale};
use crate::layout::{ARROW, CAPITALS, GAP, LABEL, Layout, MARK, NOTE, Request, SUBTITLE, TICK, TITLE};
use crate::raster::{self, Range};
use crate::sheet::Sheet;
use crate::ticks::Axis;
use crate::{AtlasError, Field, Picture, canvas, numbers};
use std::f64::consts::LN_10;

/// How a density map looks. An empty text is left out, with the room for it.
#[derive(Debug, Clone, Copy)]
pub struct DensityMap<'a> {
    /// Large, above.
    pub title: &'a str,
    /// Below the title.
    pub subtitle: &'a str,
    /// What x is, with its unit.
    pub x_label: &'a str,
    /// What y is, with its unit.
    pub y_label: &'a str,
    /// What the colours are, with the unit: probability per square kilometre, say.
    pub colour_label: &'a str,
    /// Places drawn as small dots, in units of the axes.
    pub points: &'a [[f64; 2]],
    /// What the dots are, for the legend below the map.
    pub points_label: &'a str,
    /// How many powers of ten below the largest density the colours reach, more than 0 and at most 1000. What is lower has
    /// the colour of the background.
    pub floor_decades: f64,
    /// The axes are longitude and latitude in degrees: labels as 120°W and 30°N, a graticule, and sides such that a
    /// kilometre is equally long both ways in the middle latitude.
    pub equirectangular: bool,
    /// Width of the plot over its height, 0.25 to 4; not asked where `equirectangular`.
    pub aspect: f64,
    /// Width of the PNG in pixels, 200 to 10,000; everything scales with it.
    pub width: u32,
}

impl Default for DensityMap<'_> {
    /// Plain axes, six decades, 1600 pixels, no texts and no points.
    fn default() -> Self {
        Self {
            title: "",
            subtitle: "",
            x_label: "",
            y_label: "",
            colour_label: "",
            points: &[],
            points_label: "",
            floor_decades: 6.0,
            equirectangular: false,
            aspect: 1.5,
            width: 1600,
        }
    }
}

/// Draws a density over two columns: a map of the world, or any plane.
///
/// The colour is the decimal logarithm of the density, `log_density / ln 10`, from the largest finite value down to
/// `floor_decades` below it; `+inf` has the colour of the largest. Between the centres of the cells it is interpolated. Cells
/// that are not a number are grey, and a note below the map counts them; another counts the points outside of it.
///
/// # Errors
/// [`AtlasError::FieldLength`], [`AtlasError::Extent`] and [`AtlasError::NothingToShow`] for a field that cannot be drawn,
/// [`AtlasError::Setting`] for a number of the settings out of its range.
pub fn density_map(field: &Field<'_>, style: &DensityMap<'_>) -> Result<Picture, AtlasError> {
    let top = field.top()?;
    style.check()?;
    let range = Range { floor: top - style.floor_decades * LN_10, top };
    let inside: Vec<[f64; 2]> =
        style.points.iter().copied().filter(|&point| contains(field, point)).collect();
    let notes = notes(field, style.points.len() - inside.len());
    let request = Request {
        title: style.title,
        subtitle: style.subtitle,
        x_label: style.x_label,
        y_label: style.y_label,
        colour_label: style.colour_label,
        legend: !inside.is_empty() && !style.points_label.is_empty(),
        notes: &notes,
        axes: if style.equirectangular {
            (Axis::Longitude, Axis::Latitude)
        } else {
            (Axis::Plain, Axis::Plain)
        },
        x: field.x,
        y: field.y,
        decades: (range.floor / LN_10, range.top / LN_10),
        aspect: style.sides(field),
    };
    let layout = Layout::new(&request);
    let chart = Chart { style, request: &request, layout: &layout };

    let mut sheet = Sheet::new(canvas::SHEET, layout.height);
    let pixels = |length: f64| (length * f64::from(style.width) / canvas::SHEET).round().max(1.0) as u32;
    for (place, of_field) in [(layout.plot, true), (layout.bar, false)] {
        let (width, height) = (pixels(place.width), pixels(place.height));
        let png =
            if of_field { raster::field(field, range, width, height)? } else { raster::bar(width, height)? };
        sheet.image(place, png, None);
    }
    sheet.draw(|pen| {
        chart.graticule(pen)?;
        chart.points(pen, &inside)?;
        chart.axes(pen)?;
        chart.colour_bar(pen)?;
        chart.words(pen)
    })?;
    Ok(sheet.finish(style.width, PAPER))
}

fn contains(field: &Field<'_>, [x, y]: [f64; 2]) -> bool {
    (field.x.0..=field.x.1).contains(&x) && (field.y.0..=field.y.1).contains(&y)
}

/// What the reader has to know and cannot see.
fn notes(field: &Field<'_>, outside: usize) -> Vec<String> {
    let mut notes = Vec::new();
    let (gaps, cells) = (field.gaps(), field.log_density.len());
    if gaps > 0 {
        let are = if gaps == 1 { "is" } else { "are" };
        let of = format!("{} of {} cells", numbers::grouped(gaps), numbers::grouped(cells));
        notes.push(format!("{of} {are} not a number and drawn grey."));
    }
    if outside > 0 {
        let points = if outside == 1 { "point lies" } else { "points lie" };
        notes.push(format!("{} {points} outside of the picture.", numbers::grouped(outside)));
    }
    notes
}

impl DensityMap<'_> {
    fn check(&self) -> Result<(), AtlasError> {
        let refused = |setting, found, expected| Err(AtlasError::Setting { setting, found, expected });
        if !(self.floor_decades > 0.0 && self.floor_decades <= 1000.0) {
            return refused("floor_decades", self.floor_decades, "more than 0 and at most 1000");
        }
        if !(self.equirectangular || (0.25..=4.0).contains(&self.aspect)) {
            return refused("aspect", self.aspect, "0.25 to 4");
        }
        if !(200..=10_000).contains(&self.width) {
            return refused("width", f64::from(self.width), "200 to 10000 pixels");
        }
        Ok(())
    }

    /// Width of the plot over its height.
    fn sides(&self, field: &Field<'_>) -> f64 {
        if !self.equirectangular {
            return self.aspect;
        }
        let middle = (0.5 * (field.y.0 + field.y.1)).clamp(-80.0, 80.0);
        let sides = (field.x.1 - field.x.0) * middle.to_radians().cos() / (field.y.1 - field.y.0);
        sides.clamp(0.25, 4.0)
    }
}

/// The settings with the places, while the drawing goes on.
struct Chart<'a> {
    style: &'a DensityMap<'a>,
    request: &'a Request<'a>,
    layout: &'a Layout,
}

/// Moves a line that is one pixel wide onto the pixels of the sheet, so that it is sharp.
fn on_pixels(at: f64) -> f64 {
    at.round() - 0.5
}

type Drawn = Result<(), AtlasError>;

impl Chart<'_> {
    fn letters(size: f64, colour: [u8; 3], align: Align) -> Lettering {
        Lettering { size, bold: false, colour, align, upwards: false }
    }

    /// Where a line across the plot is.
    fn x(&self, at: f64) -> f64 {
        on_pixels(self.layout.place(self.request, at, 0.0).0)
    }

    fn y(&self, at: f64) -> f64 {
        on_pixels(self.layout.place(self.request, 0.0, at).1)
    }

    /// Meridians and parallels, those of zero a little stronger.
    fn graticule(&self, pen: &Pen<'_>) -> Drawn {
        if !self.style.equirectangular {
            return Ok(());
        }
        let plot = self.layout.plot;
        let ink = |at: f64| Ink([255; 3], if at == 0.0 { 0.28 } else { 0.15 });
        for tick in &self.layout.x_ticks {
            let x = self.x(tick.at);
            pen.line((x, plot.y), (x, plot.bottom()), ink(tick.at), 1.0)?;
        }
        for tick in &self.layout.y_ticks {
            let y = self.y(tick.at);
            pen.line((plot.x, y), (plot.right(), y), ink(tick.at), 1.0)?;
        }
        Ok(())
    }

    /// Light discs in dark rings, which can be seen on every colour of the scale. All rings are below all discs, so that
    /// a crowd stays light; many points are drawn smaller.
    fn points(&self, pen: &Pen<'_>, points: &[[f64; 2]]) -> Drawn {
        let radius = (60.0 / (points.len() as f64).sqrt()).clamp(1.7, 3.6);
        let places = || points.iter().map(|&[x, y]| self.layout.place(self.request, x, y));
        places().try_for_each(|place| pen.disc(place, radius + 1.0, Ink(scale(0.0), 0.5)))?;
        places().try_for_each(|place| pen.disc(place, radius, Ink(POINT, 0.8)))
    }

    fn axes(&self, pen: &Pen<'_>) -> Drawn {
        let (plot, line) = (self.layout.plot, Ink(LINE, 1.0));
        let corner = Rect { x: on_pixels(plot.x), y: on_pixels(plot.y), ..plot };
        pen.frame(corner, line, 1.0)?;
        for tick in &self.layout.x_ticks {
            let (x, y) = (self.x(tick.at), plot.bottom());
            pen.line((x, y), (x, y + MARK), line, 1.0)?;
            let base = y + MARK + GAP + CAPITALS * TICK;
            pen.text(&tick.label, (x, base), Self::letters(TICK, SOFT_INK, Align::Centre))?;
        }
        for tick in &self.layout.y_ticks {
            let (x, y) = (plot.x, self.y(tick.at));
            pen.line((x - MARK, y), (x, y), line, 1.0)?;
            let place = (x - MARK - GAP, y + 0.5 * CAPITALS * TICK);
            pen.text(&tick.label, place, Self::letters(TICK, SOFT_INK, Align::Right))?;
        }
        Ok(())
    }

    /// Marks and labels of the colour bar, and an arrow: what is lower has this colour, too.
    fn colour_bar(&self, pen: &Pen<'_>) -> Drawn {
        let (bar, (from, to)) = (self.layout.bar, self.request.decades);
        let line = Ink(LINE, 1.0);
        let y = |at: f64| on_pixels(bar.bottom() - (at - from) / (to - from) * bar.height);
        let tip = (bar.x + 0.5 * bar.width, bar.bottom() + ARROW);
        pen.polygon(
            &[(bar.x, bar.bottom() - 0.5), (bar.right(), bar.bottom() - 0.5), tip],
            Ink(scale(0.0), 1.0),
        )?;
        for &at in &self.layout.bar_ticks.small {
            pen.line((bar.right(), y(at)), (bar.right() + 0.5 * MARK, y(at)), line, 1.0)?;
        }
        for tick in &self.layout.bar_ticks.labelled {
            let y = y(tick.at);
            pen.line((bar.right(), y), (bar.right() + MARK, y), line, 1.0)?;
            let place = (bar.right() + MARK + GAP, y + 0.5 * CAPITALS * TICK);
            pen.text(&tick.label, place, Self::letters(TICK, SOFT_INK, Align::Left))?;
        }
        Ok(())
    }

    fn words(&self, pen: &Pen<'_>) -> Drawn {
        let (layout, request) = (self.layout, self.request);
        let (left, middle) = (layout.plot.x, layout.plot.x + 0.5 * layout.plot.width);
        for (base, line) in &layout.title {
            let look = Lettering { bold: true, ..Self::letters(TITLE, INK, Align::Left) };
            pen.text(line, (left, *base), look)?;
        }
        for (base, line) in &layout.subtitle {
            pen.text(line, (left, *base), Self::letters(SUBTITLE, SOFT_INK, Align::Left))?;
        }
        let label = Self::letters(LABEL, INK, Align::Centre);
        if !request.x_label.trim().is_empty() {
            pen.text(request.x_label, (middle, layout.x_label), label)?;
        }
        let height = |rect: Rect| rect.y + 0.5 * rect.height;
        let sides = [(request.y_label, layout.y_label), (request.colour_label, layout.colour_label)];
        for (text, base) in sides.into_iter().filter(|(text, _)| !text.trim().is_empty()) {
            pen.text(text, (base, height(layout.plot)), Lettering { upwards: true, ..label })?;
        }
        if request.legend {
            let dot = (left + 6.0, layout.legend - 0.5 * CAPITALS * NOTE);
            pen.disc(dot, 6.0, Ink(scale(0.0), 1.0))?;
            pen.disc(dot, 4.8, Ink(POINT, 1.0))?;
            let look = Self::letters(NOTE, SOFT_INK, Align::Left);
            pen.text(self.style.points_label, (left + 22.0, layout.legend), look)?;
        }
        for (base, line) in &layout.notes {
            pen.text(line, (left, *base), Self::letters(NOTE, SOFT_INK, Align::Left))?;
        }
        Ok(())
    }
}
