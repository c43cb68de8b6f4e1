//! The colour scales below a figure, with their units.

use super::panel::{GAP, LETTERS, MARK, PHONE, ROW, look};
use crate::AtlasError;
use crate::canvas::{Align, Hang, Ink, Rect};
use crate::colour::{self, INK, LINE, Rgb, SOFT_INK};
use crate::diverging::{Theme, diverging};
use crate::font::width;
use crate::raster;
use crate::sheet::Sheet;
use crate::ticks::Axis;

/// Height of a legend with its letters.
pub const HEIGHT: f64 = 2.9 * ROW + BAR + MARK + GAP;
const BAR: f64 = 13.0;

/// A colour scale.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Scale {
    /// From `-limit` to `limit`.
    Diverging { limit: f64 },
    /// From `from`, dark, to `to`, light.
    Sequential { from: f64, to: f64 },
}

impl Scale {
    /// A scale that holds nearly all values: the largest 2 % may be beyond.
    pub fn diverging<'a>(values: impl IntoIterator<Item = &'a f64>) -> Self {
        let mut sizes: Vec<f64> = values.into_iter().map(|v| v.abs()).filter(|v| v.is_finite()).collect();
        sizes.sort_by(f64::total_cmp);
        let most = sizes.get(sizes.len().saturating_sub(1) * 98 / 100).copied().unwrap_or(0.0);
        Self::Diverging { limit: rounded_up(most) }
    }

    pub fn colour(self, value: f64, theme: Theme) -> Rgb {
        match self {
            Self::Diverging { limit } => diverging(value / limit, theme),
            Self::Sequential { from, to } => colour::scale((value - from) / (to - from)),
        }
    }

    fn ends(self) -> (f64, f64) {
        match self {
            Self::Diverging { limit } => (-limit, limit),
            Self::Sequential { from, to } => (from, to),
        }
    }

    /// The lowest value that counts.
    pub fn floor(self) -> f64 {
        match self {
            Self::Diverging { limit } => -2.0 * limit,
            Self::Sequential { from, .. } => from,
        }
    }

    /// The legend across a place: what the colours are, above; the bar; ticks.
    pub fn legend(
        self,
        sheet: &mut Sheet,
        place: Rect,
        label: &str,
        ends: Option<(&str, &str)>,
    ) -> Result<(), AtlasError> {
        let bar = Rect { y: place.y + ROW, height: BAR, ..place };
        let (from, to) = self.ends();
        let colours = |theme| move |t: f64| self.colour(from + t * (to - from), theme);
        let dark = match self {
            Self::Diverging { .. } => Some(raster::strip(256, colours(Theme::Dark))?),
            Self::Sequential { .. } => None,
        };
        sheet.image(bar, raster::strip(256, colours(Theme::Light))?, dark);
        let ticks = Axis::Plain.ticks((from, to), |ticks, share| {
            ticks.iter().all(|tick| width(&tick.label, PHONE, false) + 16.0 <= share * bar.width)
        });
        sheet.draw(|pen| {
            let line = Ink(LINE, 1.0);
            for tick in &ticks {
                let x = bar.x + (tick.at - from) / (to - from) * bar.width;
                pen.line((x, bar.bottom()), (x, bar.bottom() + MARK), line, 1.0)?;
                let at = (x, bar.bottom() + MARK + GAP);
                pen.label(&tick.label, at, look(LETTERS, SOFT_INK, Align::Centre), Hang::Top)?;
            }
            let at = (bar.x, place.y + 0.5 * ROW - 2.0);
            pen.label(label, at, look(LETTERS, INK, Align::Left), Hang::Middle)?;
            if let Some((low, high)) = ends {
                // Long words only where both have room.
                let short = |text| if bar.width < 600.0 { head(text) } else { text };
                let (low, high) = (short(low), short(high));
                let y = bar.bottom() + MARK + GAP + 0.9 * ROW;
                pen.label(low, (bar.x, y), look(LETTERS, SOFT_INK, Align::Left), Hang::Top)?;
                pen.label(high, (bar.right(), y), look(LETTERS, SOFT_INK, Align::Right), Hang::Top)?;
            }
            Ok(())
        })
    }
}

/// What stands before a colon.
fn head(text: &str) -> &str {
    text.split(':').next().unwrap_or(text)
}

/// A round number that is not below, and not 0.
fn rounded_up(value: f64) -> f64 {
    if !(value > 1e-6 && value.is_finite()) {
        return 1.0;
    }
    let power = 10f64.powi(value.log10().floor() as i32);
    let steps = [1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0, 10.0];
    steps.into_iter().map(|s| s * power).find(|&s| s >= value * (1.0 - 1e-9)).unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_are_round_and_centred_at_zero() {
        let mut values = vec![-0.4; 99];
        values.extend([f64::NAN, 1e9]);
        assert_eq!(Scale::diverging(&values), Scale::Diverging { limit: 0.4 });
        assert_eq!(Scale::diverging(&[0.0]), Scale::Diverging { limit: 1.0 });
        assert_eq!((rounded_up(0.41), rounded_up(7.0), rounded_up(95.0)), (0.5, 8.0, 100.0));
        let scale = Scale::Diverging { limit: 2.0 };
        assert_eq!(scale.colour(0.0, Theme::Light), diverging(0.0, Theme::Light));
        assert_eq!(scale.colour(-9.0, Theme::Dark), diverging(-1.0, Theme::Dark));
    }
}
