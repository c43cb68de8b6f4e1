//! A stack of drawings and images: a picture of its own, or an element of a page.

use crate::canvas::{Ink, Pen, Rect, UNIT, failed, units};
use crate::colour::Rgb;
use crate::{AtlasError, Picture};
use plotters::prelude::{IntoDrawingArea, SVGBackend};

/// A dot of one of some shades.
#[derive(Debug, Clone, Copy)]
pub struct Dot {
    pub at: (f64, f64),
    pub shade: i32,
}

/// What lies on a sheet, the first at the bottom.
#[derive(Debug)]
enum Part {
    /// SVG elements.
    Elements(String),
    /// An image by light and by dark.
    Image { place: Rect, light: Vec<u8>, dark: Option<Vec<u8>> },
    /// SVG elements for pages alone: what a pointer finds.
    Page(String),
}

/// A stack of drawings and images, the first at the bottom.
#[derive(Debug)]
pub struct Sheet {
    width: f64,
    height: f64,
    parts: Vec<Part>,
}

impl Sheet {
    pub fn new(width: f64, height: f64) -> Self {
        Self { width, height, parts: Vec::new() }
    }

    /// Puts a drawing on top.
    pub fn draw(
        &mut self,
        drawing: impl FnOnce(&Pen<'_>) -> Result<(), AtlasError>,
    ) -> Result<(), AtlasError> {
        let mut text = String::new();
        let (width, height) = units(self.width, self.height);
        let area = SVGBackend::with_string(&mut text, (width as u32, height as u32)).into_drawing_area();
        let pen = Pen::new(area);
        drawing(&pen)?;
        pen.finish()?;
        // What is between the first tag and the last one.
        let inside = text.split_once('\n').and_then(|(_, rest)| rest.rsplit_once("</svg>"));
        let (inside, _) = inside.ok_or_else(|| failed("plotters wrote no svg element"))?;
        self.parts.push(Part::Elements(inside.into()));
        Ok(())
    }

    /// Opens a group with some attributes.
    pub fn open(&mut self, attributes: &str) {
        self.parts.push(Part::Elements(format!("<g {attributes}>\n")));
    }

    /// Opens a group that is cut at a rectangle; `id` is its own on the page.
    pub fn open_cut(&mut self, id: &str, place: Rect) {
        let ((x, y), (width, height)) = (units(place.x, place.y), units(place.width, place.height));
        self.parts.push(Part::Elements(format!(
            "<clipPath id=\"{id}\"><rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\"/></clipPath>\n\
             <g clip-path=\"url(#{id})\">\n"
        )));
    }

    /// Closes a group.
    pub fn close(&mut self) {
        self.parts.push(Part::Elements("</g>\n".into()));
    }

    /// Many small discs, as one element.
    pub fn dots(&mut self, class: &str, places: &[(f64, f64)], ink: Ink, diameter: f64) {
        let Ink([r, g, b], opacity) = ink;
        let mut path = String::new();
        for &(x, y) in places {
            let (x, y) = units(x, y);
            path.push_str(&format!("M{x} {y}h0"));
        }
        let width = diameter * UNIT;
        self.parts.push(Part::Elements(format!(
            "<path class=\"{class}\" fill=\"none\" stroke-linecap=\"round\" stroke=\"#{r:02X}{g:02X}{b:02X}\" \
             stroke-opacity=\"{opacity}\" stroke-width=\"{width}\" d=\"{path}\"/>\n"
        )));
    }

    /// Many small discs in shades, which `colours` gives by light and by dark; as one element a shade.
    pub fn shaded_dots(&mut self, dots: &[Dot], diameter: f64, colours: &dyn Fn(i32) -> [Rgb; 2]) {
        let mut shades: Vec<i32> = dots.iter().map(|dot| dot.shade).collect();
        shades.sort_by_key(|shade| (shade.abs(), *shade));
        shades.dedup();
        let hex = |[r, g, b]: Rgb| format!("#{r:02X}{g:02X}{b:02X}");
        let line: Vec<(f64, f64)> = dots.iter().map(|dot| dot.at).collect();
        self.dots("ring", &line, Ink(crate::colour::SOFT_INK, 0.9), diameter + 1.0);
        for shade in shades {
            let places = dots.iter().filter(|dot| dot.shade == shade);
            let path: String = places
                .map(|dot| {
                    let (x, y) = units(dot.at.0, dot.at.1);
                    format!("M{x} {y}h0")
                })
                .collect();
            let [light, dark] = colours(shade).map(hex);
            self.parts.push(Part::Elements(format!(
                "<path fill=\"none\" stroke-linecap=\"round\" stroke=\"{light}\" style=\"--dark:{dark}\" class=\"shade\" \
                 stroke-width=\"{}\" d=\"{path}\"/>\n",
                diameter * UNIT
            )));
        }
    }

    /// A rectangle that a pointer finds, on pages alone.
    pub fn target(&mut self, place: Rect, attributes: &str) {
        let ((x, y), (width, height)) = (units(place.x, place.y), units(place.width, place.height));
        self.parts.push(Part::Page(format!(
            "<rect x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" fill=\"transparent\" {attributes}/>\n"
        )));
    }

    /// Puts a PNG image on top, stretched to a place; on a dark page another one, where there is one.
    pub fn image(&mut self, place: Rect, light: Vec<u8>, dark: Option<Vec<u8>>) {
        self.parts.push(Part::Image { place, light, dark });
    }

    fn body(&self, page: bool) -> String {
        let mut body = String::new();
        for part in &self.parts {
            match part {
                Part::Elements(text) => body.push_str(text),
                Part::Page(text) if page => body.push_str(text),
                Part::Page(_) => {}
                Part::Image { place, light, dark: Some(dark) } if page => {
                    body.push_str(&image(*place, light, "on-light"));
                    body.push_str(&image(*place, dark, "on-dark"));
                }
                Part::Image { place, light, .. } => body.push_str(&image(*place, light, "")),
            }
        }
        body
    }

    /// The whole sheet, `width` pixels wide, on paper of one colour.
    pub fn finish(&self, width: u32, [r, g, b]: Rgb) -> Picture {
        let height = (f64::from(width) * self.height / self.width).round().max(1.0) as u32;
        let (w, h) = units(self.width, self.height);
        let svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {w} {h}\" \
             preserveAspectRatio=\"none\">\n<rect width=\"{w}\" height=\"{h}\" fill=\"#{r:02x}{g:02x}{b:02x}\"/>\n{}</svg>\n",
            self.body(false)
        );
        Picture::new(svg, width, height)
    }

    /// The sheet as an element of a page, which gives the inks their colours by the names in `inks`.
    pub fn embed(&self, label: &str, inks: &[(Rgb, &str)]) -> String {
        let (w, h) = units(self.width, self.height);
        let label = label.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
        let mut svg = format!(
            "<svg viewBox=\"0 0 {w} {h}\" role=\"img\" aria-label=\"{label}\" style=\"--aspect:{:.3}\">\n{}</svg>",
            self.width / self.height,
            self.body(true)
        );
        for ([r, g, b], name) in inks {
            svg = svg.replace(&format!("\"#{r:02X}{g:02X}{b:02X}\""), &format!("\"var(--{name})\""));
        }
        svg
    }
}

fn image(place: Rect, png: &[u8], class: &str) -> String {
    let ((x, y), (width, height)) = (units(place.x, place.y), units(place.width, place.height));
    let data = base64(png);
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!(
        "<image{class} x=\"{x}\" y=\"{y}\" width=\"{width}\" height=\"{height}\" preserveAspectRatio=\"none\" \
         href=\"data:image/png;base64,{data}\"/>\n"
    )
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
    use crate::canvas::{Align, Lettering, SHEET};

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
        let mut sheet = Sheet::new(SHEET, 100.0);
        sheet.draw(|pen| pen.disc((1.25, 2.0), 0.5, Ink([255, 0, 0], 0.5))).unwrap();
        sheet.image(Rect { x: 1.0, y: 2.0, width: 3.0, height: 4.0 }, b"foo".to_vec(), None);
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
