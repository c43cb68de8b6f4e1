//! A drawing in pixels of a sheet, made by plotters' SVG backend.
//!
//! plotters places everything on whole units and cannot embed images in an SVG. So its units are tenths of a pixel here, and
//! a document is a stack of plotters drawings and images.

use crate::AtlasError;
use crate::colour::Rgb;
use crate::font::font;
use plotters::coord::Shift;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, RGBAColor, RGBColor, ShapeStyle};

/// Width of the sheet of a picture of its own.
pub const SHEET: f64 = 1600.0;

/// plotters' units in a pixel of the sheet.
pub const UNIT: f64 = 10.0;

/// A place on the sheet in pixels, from the upper left corner.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f64,
    pub y: f64,
    pub width: f64,
    pub height: f64,
}

impl Rect {
    pub fn right(&self) -> f64 {
        self.x + self.width
    }
    pub fn bottom(&self) -> f64 {
        self.y + self.height
    }
}

/// A colour with its opacity, 0 to 1.
#[derive(Debug, Clone, Copy)]
pub struct Ink(pub Rgb, pub f64);

impl Ink {
    fn style(self, stroke: f64) -> ShapeStyle {
        let Self([r, g, b], opacity) = self;
        let color = RGBAColor(r, g, b, opacity);
        ShapeStyle { color, filled: stroke == 0.0, stroke_width: (stroke * UNIT).round() as u32 }
    }
}

/// Which end of a text is at its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Align {
    Left,
    Centre,
    Right,
}

impl Align {
    fn h_pos(self) -> HPos {
        match self {
            Self::Left => HPos::Left,
            Self::Centre => HPos::Center,
            Self::Right => HPos::Right,
        }
    }
}

/// Which height of a text is at its place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hang {
    Top,
    Middle,
}

/// How a text looks.
#[derive(Debug, Clone, Copy)]
pub struct Lettering {
    /// Pixels per em.
    pub size: f64,
    pub bold: bool,
    pub colour: Rgb,
    pub align: Align,
    /// Reads from the bottom to the top.
    pub upwards: bool,
}

/// What plotters draws on.
pub struct Pen<'a>(DrawingArea<SVGBackend<'a>, Shift>);

pub fn units(x: f64, y: f64) -> (i32, i32) {
    ((x * UNIT).round() as i32, (y * UNIT).round() as i32)
}

/// XML has no way to write most control characters.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

pub fn failed(error: impl std::fmt::Display) -> AtlasError {
    AtlasError::Draw(error.to_string())
}

impl<'a> Pen<'a> {
    pub fn new(area: DrawingArea<SVGBackend<'a>, Shift>) -> Self {
        Self(area)
    }

    pub fn finish(self) -> Result<(), AtlasError> {
        self.0.present().map_err(failed)
    }

    fn draw<E>(&self, element: &E) -> Result<(), AtlasError>
    where
        for<'b> &'b E: PointCollection<'b, (i32, i32)>,
        E: Drawable<SVGBackend<'a>>,
    {
        self.0.draw(element).map_err(failed)
    }

    /// The outline of a rectangle.
    pub fn frame(&self, rect: Rect, ink: Ink, stroke: f64) -> Result<(), AtlasError> {
        let Rect { x, y, .. } = rect;
        let (right, bottom) = (rect.right(), rect.bottom());
        // Not plotters' own rectangle, whose lines have no width in its SVG backend.
        self.path(&[(x, y), (right, y), (right, bottom), (x, bottom), (x, y)], ink, stroke)
    }

    pub fn line(&self, from: (f64, f64), to: (f64, f64), ink: Ink, stroke: f64) -> Result<(), AtlasError> {
        self.draw(&PathElement::new(vec![units(from.0, from.1), units(to.0, to.1)], ink.style(stroke)))
    }

    pub fn polygon(&self, corners: &[(f64, f64)], ink: Ink) -> Result<(), AtlasError> {
        let corners: Vec<(i32, i32)> = corners.iter().map(|&(x, y)| units(x, y)).collect();
        self.draw(&Polygon::new(corners, ink.style(0.0)))
    }

    /// A line through many places.
    pub fn path(&self, places: &[(f64, f64)], ink: Ink, stroke: f64) -> Result<(), AtlasError> {
        let places: Vec<(i32, i32)> = places.iter().map(|&(x, y)| units(x, y)).collect();
        self.draw(&PathElement::new(places, ink.style(stroke)))
    }

    /// A filled rectangle.
    pub fn block(&self, rect: Rect, ink: Ink) -> Result<(), AtlasError> {
        let corners = [units(rect.x, rect.y), units(rect.right(), rect.bottom())];
        self.draw(&Rectangle::new(corners, ink.style(0.0)))
    }

    /// A line of text whose top or middle is at its place, so that it stays there at other sizes of letters.
    pub fn label(
        &self,
        text: &str,
        (x, y): (f64, f64),
        look: Lettering,
        hang: Hang,
    ) -> Result<(), AtlasError> {
        let Lettering { size, bold, colour: [r, g, b], align, upwards } = look;
        let turn = if upwards { FontTransform::Rotate270 } else { FontTransform::None };
        let style = font(size * UNIT, bold).transform(turn).color(&RGBColor(r, g, b));
        let v_pos = match hang {
            Hang::Top => VPos::Top,
            Hang::Middle => VPos::Center,
        };
        self.draw(&Text::new(printable(text), units(x, y), style.pos(Pos::new(align.h_pos(), v_pos))))
    }

    pub fn disc(&self, (x, y): (f64, f64), radius: f64, ink: Ink) -> Result<(), AtlasError> {
        self.draw(&Circle::new(units(x, y), (radius * UNIT).round() as i32, ink.style(0.0)))
    }

    /// A line of text on a base line.
    pub fn text(&self, text: &str, (x, y): (f64, f64), look: Lettering) -> Result<(), AtlasError> {
        let Lettering { size, bold, colour: [r, g, b], align, upwards } = look;
        // plotters' SVG backend puts the base line of a text hung from its top 0.76 em lower.
        let rise = 0.76 * size;
        let (place, turn) = if upwards {
            (units(x - rise, y), FontTransform::Rotate270)
        } else {
            (units(x, y - rise), FontTransform::None)
        };
        let style = font(size * UNIT, bold).transform(turn).color(&RGBColor(r, g, b));
        self.draw(&Text::new(printable(text), place, style.pos(Pos::new(align.h_pos(), VPos::Top))))
    }
}
