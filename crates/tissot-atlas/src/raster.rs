//! A field as an image.

use crate::colour::{self, GAP, Rgb};
use crate::{AtlasError, Field};
use resvg::tiny_skia::{IntSize, Pixmap};

/// What the colours mean, in natural logarithms: `floor` and below is the background, `top` the lightest colour.
#[derive(Debug, Clone, Copy)]
pub struct Range {
    pub floor: f64,
    pub top: f64,
}

impl Range {
    /// The colour of a log-density.
    pub fn colour(&self, value: f64) -> Rgb {
        colour::scale((value - self.floor) / (self.top - self.floor))
    }
}

/// The field as a PNG image, smooth between the centres of its cells.
pub fn field(field: &Field<'_>, range: Range, width: u32, height: u32) -> Result<Vec<u8>, AtlasError> {
    cells(field, range.floor, |value| range.colour(value), width, height)
}

/// The field as a PNG image, smooth between the centres of its cells, in any colours; values below `floor` count as
/// `floor`.
pub fn cells(
    field: &Field<'_>,
    floor: f64,
    colour: impl Fn(f64) -> Rgb,
    width: u32,
    height: u32,
) -> Result<Vec<u8>, AtlasError> {
    image(width, height, |x, y| {
        let u = (f64::from(x) + 0.5) / f64::from(width) * field.columns as f64;
        let v = (f64::from(height - y) - 0.5) / f64::from(height) * field.rows as f64;
        field.at(u, v, floor).map_or(GAP, &colour)
    })
}

/// The colour scale as a PNG image, the top above.
pub fn bar(width: u32, height: u32) -> Result<Vec<u8>, AtlasError> {
    image(width, height, |_, y| colour::scale(1.0 - (f64::from(y) + 0.5) / f64::from(height)))
}

/// A colour scale from left to right as a PNG image.
pub fn strip(width: u32, colour: impl Fn(f64) -> Rgb) -> Result<Vec<u8>, AtlasError> {
    image(width, 1, |x, _| colour((f64::from(x) + 0.5) / f64::from(width)))
}

/// An image of given pixels, the first row above.
pub fn exact(width: u32, height: u32, pixel: impl Fn(u32, u32) -> Rgb) -> Result<Vec<u8>, AtlasError> {
    image(width, height, pixel)
}

fn image(width: u32, height: u32, pixel: impl Fn(u32, u32) -> Rgb) -> Result<Vec<u8>, AtlasError> {
    let mut data = Vec::with_capacity(width as usize * height as usize * 4);
    for y in 0..height {
        for x in 0..width {
            let [r, g, b] = pixel(x, y);
            data.extend_from_slice(&[r, g, b, 255]);
        }
    }
    let size = IntSize::from_wh(width, height);
    let pixels = size.and_then(|size| Pixmap::from_vec(data, size));
    let pixels = pixels.ok_or_else(|| AtlasError::Draw(format!("an image of {width} x {height} pixels")))?;
    pixels.encode_png().map_err(|error| AtlasError::Draw(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_go_up_and_gaps_are_grey() {
        let log_density = [0.0, -1.0, f64::NAN, f64::NEG_INFINITY];
        let grid = Field { x: (0.0, 2.0), y: (0.0, 2.0), columns: 2, rows: 2, log_density: &log_density };
        let range = Range { floor: -2.0, top: 0.0 };
        let pixels = Pixmap::decode_png(&field(&grid, range, 2, 2).unwrap()).unwrap();
        let at = |x, y| pixels.pixel(x, y).map(|p| [p.red(), p.green(), p.blue()]).unwrap();
        assert_eq!(at(0, 1), colour::scale(1.0), "row 0 is at the bottom");
        assert_eq!(at(1, 1), colour::scale(0.5));
        assert_eq!(at(0, 0), GAP);
        assert_eq!(at(1, 0), colour::scale(0.0));
    }

    #[test]
    fn the_bar_is_lightest_above() {
        let pixels = Pixmap::decode_png(&bar(1, 64).unwrap()).unwrap();
        let sum = |y| pixels.pixel(0, y).map_or(0, |p| u32::from(p.red()) + u32::from(p.green())) as i32;
        assert!(sum(0) > 450 && sum(63) < 60, "{} {}", sum(0), sum(63));
    }
}
