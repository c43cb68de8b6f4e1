//! A drawing in pixels of a 1600 pixel wide sheet, made by plotters' SVG backend.
//!
//! plotters places everything on whole units and cannot embed images in an SVG. So its units are tenths of a pixel here, and
//! a document is a stack of plotters drawings and images.

use crate::colour::Rgb;
use crate::font::font;
use crate::{AtlasError, Picture};
use plotters::coord::Shift;
use plotters::element::{Circle, Drawable, PathElement, PointCollection, Polygon, Rectangle, Text};
use plotters::prelude::{DrawingArea, IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontTransform, RGBAColor, RGBColor, ShapeStyle};
use std::fmt::Write;

/// Width of the sheet.
pub const SHEET: f64 = 1600.0;

/// plotters' units in a pixel of the sheet.
const UNIT: f64 = 10.0;

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

fn units(x: f64, y: f64) -> (i32, i32) {
    ((x * UNIT).round() as i32, (y * UNIT).round() as i32)
}

fn failed(error: impl std::fmt::Display) -> AtlasError {
    AtlasError::Draw(error.to_string())
}

impl<'a> Pen<'a> {
    fn draw<E>(&self, element: &E) -> Result<(), AtlasError>
    where
        for<'b> &'b E: PointCollection<'b, (i32, i32)>,
        E: Drawable<SVGBackend<'a>>,
    {
        self.0.draw(element).map_err(failed)
    }

    /// The outline of a rectangle.
    pub fn frame(&self, rect: Rect, ink: Ink, stroke: f64) -> Result<(), AtlasError> {
        let corners = [units(rect.x, rect.y), units(rect.right(), rect.bottom())];
        self.draw(&Rectangle::new(corners, ink.style(stroke)))
    }

    pub fn line(&self, from: (f64, f64), to: (f64, f64), ink: Ink, stroke: f64) -> Result<(), AtlasError> {
        self.draw(&PathElement::new(vec![units(from.0, from.1), units(to.0, to.1)], ink.style(stroke)))
    }

    pub fn polygon(&self, corners: &[(f64, f64)], ink: Ink) -> Result<(), AtlasError> {
        let corners: Vec<(i32, i32)> = corners.iter().map(|&(x, y)| units(x, y)).collect();
        self.draw(&Polygon::new(corners, ink.style(0.0)))
    }

    pub fn disc(&self, (x, y): (f64, f64), radius: f64, ink: Ink) -> Result<(), AtlasError> {
        self.draw(&Circle::new(units(x, y), (radius * UNIT).round() as i32, ink.style(0.0)))
    }

    /// A line of text on a base line.
    pub fn text(&self, text: &str, (x, y): (f64, f64), look: Lettering) -> Result<(), AtlasError> {
        let Lettering { size, bold, colour: [r, g, b], align, upwards } = look;
        let h_pos = match align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        // plotters' SVG backend puts the base line of a text hung from its top 0.76 em lower.
        let rise = 0.76 * size;
        let (place, turn) = if upwards {
            (units(x - rise, y), FontTransform::Rotate270)
        } else {
            (units(x, y - rise), FontTransform::None)
        };
        let style = font(size * UNIT, bold).transform(turn).color(&RGBColor(r, g, b));
        // XML has no way to write most control characters.
        let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.draw(&Text::new(text, place, style.pos(Pos::new(h_pos, VPos::Top))))
    }
}

/// A stack of drawings and images, the first at the bottom.
#[derive(Debug)]
pub struct Sheet {
    height: f64,
    body: String,
}

impl Sheet {
    pub fn new(height: f64) -> Self {
        Self { height, body: String::new() }
    }

    /// Puts a drawing on top.
    pub fn draw(
        &mut self,
        drawing: impl FnOnce(&Pen<'_>) -> Result<(), AtlasError>,
    ) -> Result<(), AtlasError> {
        let mut text = String::new();
        let (width, height) = units(SHEET, self.height);
        let area = SVGBackend::with_string(&mut text, (width as u32, height as u32)).into_drawing_area();
        let pen = Pen(area);
        drawing(&pen)?;
        pen.0.present().map_err(failed)?;
        drop(pen);
        // What is between the first tag and the last one.
        let inside = text.split_once('\n').and_then(|(_, rest)| rest.rsplit_once("</svg>"));
        let (inside, _) = inside.ok_or_else(|| failed("plotters wrote no svg element"))?;
        self.body.push_str(inside);
        Ok(())
    }

    /// Puts a PNG image on top, stretched to a place.
    pub fn image(&mut self, place: Rect, png: &[u8]) -> Result<(), AtlasError> {
        let ((x, y), (width, height)) = (units(place.x, place.y), units(place.width, place.height));
        let data = base64(png);
        writeln!(
            self.body,
            r#"<image x="{x}" y="{y}" width="{width}" height="{height}" preserveAspectRatio="none" href="data:image/png;base64,{data}"/>"#
        )
        .map_err(failed)
    }

    /// The whole sheet, `width` pixels wide, on paper of one colour.
    pub fn finish(self, width: u32, [r, g, b]: Rgb) -> Picture {
        let height = (f64::from(width) * self.height / SHEET).round().max(1.0) as u32;
        let (w, h) = units(SHEET, self.height);
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {w} {h}\" \
             preserveAspectRatio=\"none\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>\n{}</svg>\n",
            self.body
        );
        Picture::new(svg, width, height)
    }
}

/// Base 64 with padding (RFC 4648, section 4).
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let bits = (0..3).fold(0, |bits, k| bits << 8 | u32::from(group.get(k).copied().unwrap_or(0)));
        for k in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * k) & 63) as usize];
            text.push(if k <= group.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_that_of_the_rfc() {
        let cases = [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xff, 0xef, 0xbe]), "/+++");
    }

    #[test]
    fn layers_are_stacked_in_tenths_of_a_pixel_and_text_is_escaped() {
        let look =
            Lettering { size: 20.0, bold: true, colour: [0, 0, 0], align: Align::Right, upwards: false };
        let mut sheet = Sheet::new(100.0);
        sheet.draw(|pen| pen.disc((1.25, 2.0), 0.5, Ink([255, 0, 0], 0.5))).unwrap();
        sheet.image(Rect { x: 1.0, y: 2.0, width: 3.0, height: 4.0 }, b"foo").unwrap();
        sheet.draw(|pen| pen.text("a < b & \u{1}c", (50.0, 60.0), look)).unwrap();
        let svg = sheet.finish(800, [255, 255, 255]).to_svg().to_owned();
        assert!(
            svg.starts_with("<svg") && svg.contains(r#"width="800" height="50" viewBox="0 0 16000 1000""#)
        );
        let places = ["<circle cx=\"13\" cy=\"20\" r=\"5\"", "<image x=\"10\" y=\"20\"", "a &lt; b &amp;  c"];
        let places: Vec<usize> = places.iter().map(|part| svg.find(part).expect(part)).collect();
        assert!(places.is_sorted(), "{svg}");
        assert_eq!(svg.matches("</svg>").count(), 1);
    }
}
