//! Images in rows, under headings and beside names.

use super::layers::fitted;
use super::panel::{LETTERS, PHONE, Panel, ROW, look};
use crate::AtlasError;
use crate::canvas::{Align, Hang, Ink, Rect};
use crate::colour::{INK, LINE, Rgb, SOFT_INK};
use crate::diverging::{Theme, diverging};
use crate::raster;
use crate::sheet::Sheet;
use crate::survey::Images;
use crate::ticks::Axis;

const BETWEEN: f64 = 8.0;
/// The pixels that an enlarged image has at least.
const ENLARGED: u32 = 112;

/// A grid of images of one shape.
pub struct Tiles {
    /// Height and width in pixels.
    shape: [usize; 2],
    /// Of the names at the left.
    left: f64,
    /// Width and height of a tile.
    size: [f64; 2],
    /// Of the headings.
    top: f64,
    /// Lines of letters below each tile.
    below: f64,
}

impl Tiles {
    /// So many tiles side by side on a sheet, with rows of names `left` wide and lines below each tile.
    pub fn new(images: &Images, columns: usize, width: f64, left: f64, below: f64) -> Self {
        let [height, across, _] = images.shape;
        let side = (width - left - 4.0 - BETWEEN * (columns - 1) as f64) / columns as f64;
        let side = side.min(170.0);
        let aspect = height as f64 / across as f64;
        Self { shape: [height, across], left, size: [side, side * aspect], top: 2.0 * ROW, below }
    }

    pub fn place(&self, column: usize, row: usize) -> Rect {
        let [width, height] = self.size;
        let x = self.left + column as f64 * (width + BETWEEN);
        Rect { x, y: self.top + row as f64 * (height + BETWEEN + self.below), width, height }
    }

    /// Where rows end.
    pub fn bottom(&self, rows: usize) -> f64 {
        self.place(0, rows).y
    }

    /// What stands above a column: a name, and a remark.
    pub fn heading(
        &self,
        sheet: &mut Sheet,
        column: usize,
        name: &str,
        remark: &str,
    ) -> Result<(), AtlasError> {
        let at = self.place(column, 0);
        let size = if name.chars().count() > 9 { LETTERS - 2.0 } else { LETTERS };
        sheet.draw(|pen| {
            let middle = at.x + 0.5 * at.width;
            pen.label(name, (middle, at.y - 1.5 * ROW), look(size, INK, Align::Centre), Hang::Middle)?;
            pen.label(
                remark,
                (middle, at.y - 0.6 * ROW),
                look(LETTERS - 2.0, SOFT_INK, Align::Centre),
                Hang::Middle,
            )
        })
    }

    /// The name of a row: two lines.
    pub fn name(&self, sheet: &mut Sheet, row: usize, [first, second]: [&str; 2]) -> Result<(), AtlasError> {
        let at = self.place(0, row);
        let middle = at.y + 0.5 * at.height;
        let (x, room) = (self.left - 10.0, self.left - 12.0);
        sheet.draw(|pen| {
            let first = fitted(first, LETTERS, room);
            pen.label(&first, (x, middle - 0.38 * ROW), look(LETTERS, INK, Align::Right), Hang::Middle)?;
            let second = fitted(second, LETTERS, room);
            pen.label(
                &second,
                (x, middle + 0.38 * ROW),
                look(LETTERS - 1.0, SOFT_INK, Align::Right),
                Hang::Middle,
            )
        })
    }

    /// A line below a tile.
    pub fn note(&self, sheet: &mut Sheet, [column, row]: [usize; 2], note: &str) -> Result<(), AtlasError> {
        let at = self.place(column, row);
        let place = (at.x + 0.5 * at.width, at.bottom() + 4.0);
        sheet.draw(|pen| pen.label(note, place, look(LETTERS, SOFT_INK, Align::Centre), Hang::Top))
    }

    /// An image, a colour a pixel, in a frame that a pointer finds.
    pub fn image(
        &self,
        sheet: &mut Sheet,
        [column, row]: [usize; 2],
        colour: &dyn Fn(usize, Theme) -> Rgb,
        themed: bool,
    ) -> Result<Rect, AtlasError> {
        let at = self.place(column, row);
        let [height, width] = self.shape.map(|side| side as u32);
        let times = ENLARGED.div_ceil(height.max(width)).max(1);
        let draw = |theme| {
            raster::exact(width * times, height * times, |x, y| {
                colour((y / times * width + x / times) as usize, theme)
            })
        };
        let dark = if themed { Some(draw(Theme::Dark)?) } else { None };
        sheet.image(at, draw(Theme::Light)?, dark);
        sheet.draw(|pen| pen.frame(Rect { x: at.x - 0.5, y: at.y - 0.5, ..at }, Ink(LINE, 1.0), 1.0))?;
        Ok(at)
    }

    /// Makes a tile speak: `list` names it to the page.
    pub fn target(&self, sheet: &mut Sheet, at: Rect, figure: &str, name: &str, list: &str) {
        let [height, width] = self.shape.map(|side| side as f64);
        let panel = Panel {
            plot: at,
            x: (0.0, width),
            y: (0.0, height),
            axes: (Axis::Plain, Axis::Plain),
            x_label: String::new(),
            y_label: String::new(),
        };
        panel.target(sheet, figure, name, &format!("data-list=\"{list}\""));
    }
}

/// The colour of a pixel of an image whose numbers are 0 to `values - 1`.
pub fn plain(pixels: &[f64], channels: usize, values: usize) -> impl Fn(usize, Theme) -> Rgb + '_ {
    let shade = move |v: f64| (255.0 * v / (values.max(2) - 1) as f64).round().clamp(0.0, 255.0) as u8;
    move |n, _| {
        let at = &pixels[n * channels..(n + 1) * channels];
        if channels == 3 { [shade(at[0]), shade(at[1]), shade(at[2])] } else { [shade(at[0]); 3] }
    }
}

/// The colour of a pixel of a direction: blue below 0 and orange above in one channel, around grey in three.
pub fn signed(pixels: &[f64], channels: usize) -> impl Fn(usize, Theme) -> Rgb + '_ {
    let most = pixels.iter().fold(1e-12, |most: f64, v| most.max(v.abs()));
    let shade = move |v: f64| (127.5 * (1.0 + v / most)).round().clamp(0.0, 255.0) as u8;
    move |n, theme| {
        let at = &pixels[n * channels..(n + 1) * channels];
        if channels == 3 {
            [shade(at[0]), shade(at[1]), shade(at[2])]
        } else {
            diverging(at[0] / most, theme)
        }
    }
}

/// The room that names at the left have.
pub const NAMES: f64 = 4.6 * PHONE;
