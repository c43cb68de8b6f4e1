//! The embedded font: Inter, under the SIL Open Font License (see `fonts/`).

use plotters::style::{FontDesc, FontFamily, FontStyle, register_font};
use resvg::usvg::fontdb;
use std::sync::{Arc, LazyLock};

const REGULAR: &[u8] = include_bytes!("../fonts/Inter-Regular.ttf");
const SEMI_BOLD: &[u8] = include_bytes!("../fonts/Inter-SemiBold.ttf");

/// The families written into an SVG; a viewer without Inter takes its own sans serif.
const FAMILY: &str = "Inter, sans-serif";

/// plotters makes an SVG font size out of its own by dividing by this.
const PLOTTERS: f64 = 1.24;

/// The fonts for rendering: these two, none of the system's.
pub static DATABASE: LazyLock<Arc<fontdb::Database>> = LazyLock::new(|| {
    let mut fonts = fontdb::Database::new();
    fonts.load_font_data(REGULAR.to_vec());
    fonts.load_font_data(SEMI_BOLD.to_vec());
    fonts.set_sans_serif_family("Inter");
    Arc::new(fonts)
});

/// Whether plotters knows the fonts; it measures with them.
static REGISTERED: LazyLock<bool> = LazyLock::new(|| {
    register_font(FAMILY, FontStyle::Normal, REGULAR).is_ok()
        && register_font(FAMILY, FontStyle::Bold, SEMI_BOLD).is_ok()
});

/// The font of a size in pixels per em.
pub fn font(size: f64, bold: bool) -> FontDesc<'static> {
    LazyLock::force(&REGISTERED);
    let style = if bold { FontStyle::Bold } else { FontStyle::Normal };
    FontDesc::new(FontFamily::Name(FAMILY), size * PLOTTERS, style)
}

/// How wide a text is, in pixels; rather 2 % too much than too little.
pub fn width(text: &str, size: f64, bold: bool) -> f64 {
    // plotters rounds to whole pixels: measure large.
    match font(size * 16.0, bold).layout_box(text) {
        Ok(((from, _), (to, _))) => f64::from(to - from) / 16.0,
        Err(_) => 0.62 * size * text.chars().count() as f64,
    }
}

/// Breaks a text between words so that no line is wider than `room` (a single long word may be).
pub fn wrap(text: &str, size: f64, bold: bool, room: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size, bold) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_weights_are_registered_as_one_family() {
        assert!(*REGISTERED);
        let faces: Vec<u16> =
            DATABASE.faces().filter(|f| f.families[0].0 == "Inter").map(|f| f.weight.0).collect();
        assert_eq!(faces, [400, 600]);
    }

    #[test]
    fn widths_come_from_the_font() {
        assert!(width("iiii", 20.0, false) < 0.5 * width("mmmm", 20.0, false));
        assert!(width("Title", 20.0, false) < width("Title", 20.0, true));
        let (one, two) = (width("8", 20.0, false), width("8", 40.0, false));
        assert!((two / one - 2.0).abs() < 0.02 && (10.0..15.0).contains(&one), "{one} {two}");
    }

    #[test]
    fn long_texts_wrap_and_lose_no_word() {
        let text = "a density over longitude and latitude, learnt from one week of events";
        let lines = wrap(text, 20.0, false, 200.0);
        assert!(lines.len() >= 3 && lines.iter().all(|line| width(line, 20.0, false) <= 200.0), "{lines:?}");
        assert_eq!(lines.join(" "), text);
        assert!(wrap("  ", 20.0, false, 200.0).is_empty());
    }
}
