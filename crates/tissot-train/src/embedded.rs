//! Two small real data sets that are compiled into the crate; `data/README.md` has their source and licence.

use std::io::Read;

use crate::images::Images;

/// A table of numbers that the crate carries.
#[derive(Clone, Debug, PartialEq)]
pub struct Embedded {
    /// What [`by_name`] calls it.
    pub name: &'static str,
    /// The names of the columns.
    pub columns: &'static [&'static str],
    /// The values, row after row: `rows * columns.len()` of them, all finite.
    pub values: Vec<f64>,
    /// The number of rows.
    pub rows: usize,
}

/// The names that [`by_name`] knows.
pub const NAMES: [&str; 2] = ["earthquakes", "digits"];

/// The set of that name, or `None`.
#[must_use]
pub fn by_name(name: &str) -> Option<Embedded> {
    match name {
        "earthquakes" => Some(earthquakes()),
        "digits" => Some(digits()),
        _ => None,
    }
}

/// The seismic events of one week of 2018: longitude and latitude in degrees, depth in kilometres, magnitude.
///
/// 1,707 rows, none with a missing value (USGS, public domain). 28 rows are explosions and quarry blasts. Depths and
/// magnitudes are rounded, so many repeat.
#[must_use]
pub fn earthquakes() -> Embedded {
    let text = include_str!("../data/earthquakes.csv");
    let (_header, rows) = text.split_once('\n').unwrap_or_default();
    parse("earthquakes", &["longitude", "latitude", "depth", "magnitude"], rows)
}

/// Handwritten digits of 8 x 8 pixels: 64 columns of integers from 0 to 16, row by row, then the label, 0 to 9.
///
/// 1,797 rows, none with a missing value (UCI, through scikit-learn, BSD 3-clause). Three pixels are 0 in every row.
/// The pixels are discrete: add uniform noise before fitting a density.
#[must_use]
pub fn digits() -> Embedded {
    let mut rows = String::new();
    let packed: &[u8] = include_bytes!("../data/digits.csv.gz");
    let unpacked = flate2::read::GzDecoder::new(packed).read_to_string(&mut rows);
    assert!(unpacked.is_ok(), "the embedded digits are damaged: {unpacked:?}");
    parse("digits", &DIGITS, &rows)
}

/// The [`digits`] as images of 8 x 8 pixels with 17 levels, grey, in the classes "0" to "9".
#[must_use]
pub fn digit_images() -> Images {
    let table = digits();
    let (mut pixels, mut labels) = (Vec::with_capacity(table.rows * 64), Vec::with_capacity(table.rows));
    for row in table.values.chunks_exact(65) {
        pixels.extend(row[..64].iter().map(|&value| value as u8));
        labels.push(row[64] as usize);
    }
    let mut images = Images::from_pixels(pixels, [8, 8, 1]);
    images.levels = 17;
    images.labels = Some(labels);
    images.classes = (0..10).map(|class| class.to_string()).collect();
    images
}

/// Reads rows without a header; the files are ours, so a wrong one is a mistake in this crate.
fn parse(name: &'static str, columns: &'static [&'static str], text: &str) -> Embedded {
    let mut values = Vec::new();
    let mut rows = 0;
    for line in text.lines() {
        let before = values.len();
        values.extend(line.split(',').map(|cell| cell.parse().unwrap_or(f64::NAN)));
        rows += 1;
        let row = &values[before..];
        let good = row.len() == columns.len() && row.iter().all(|v: &f64| v.is_finite());
        assert!(good, "the embedded {name} have a damaged row {rows}: {line}");
    }
    Embedded { name, columns, values, rows }
}

/// `pixel_ROW_COLUMN`, then the label.
#[rustfmt::skip]
const DIGITS: [&str; 65] = [
    "pixel_0_0", "pixel_0_1", "pixel_0_2", "pixel_0_3", "pixel_0_4", "pixel_0_5", "pixel_0_6", "pixel_0_7",
    "pixel_1_0", "pixel_1_1", "pixel_1_2", "pixel_1_3", "pixel_1_4", "pixel_1_5", "pixel_1_6", "pixel_1_7",
    "pixel_2_0", "pixel_2_1", "pixel_2_2", "pixel_2_3", "pixel_2_4", "pixel_2_5", "pixel_2_6", "pixel_2_7",
    "pixel_3_0", "pixel_3_1", "pixel_3_2", "pixel_3_3", "pixel_3_4", "pixel_3_5", "pixel_3_6", "pixel_3_7",
    "pixel_4_0", "pixel_4_1", "pixel_4_2", "pixel_4_3", "pixel_4_4", "pixel_4_5", "pixel_4_6", "pixel_4_7",
    "pixel_5_0", "pixel_5_1", "pixel_5_2", "pixel_5_3", "pixel_5_4", "pixel_5_5", "pixel_5_6", "pixel_5_7",
    "pixel_6_0", "pixel_6_1", "pixel_6_2", "pixel_6_3", "pixel_6_4", "pixel_6_5", "pixel_6_6", "pixel_6_7",
    "pixel_7_0", "pixel_7_1", "pixel_7_2", "pixel_7_3", "pixel_7_4", "pixel_7_5", "pixel_7_6", "pixel_7_7",
    "label",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn column(table: &Embedded, index: usize) -> Vec<f64> {
        table.values.chunks(table.columns.len()).map(|row| row[index]).collect()
    }

    #[test]
    fn earthquakes_are_whole() {
        let table = earthquakes();
        assert_eq!((table.rows, table.values.len()), (1707, 1707 * 4));
        assert_eq!(table.values[..4], [-118.6671667, 34.4945, 26.49, 2.0]);
        assert!(column(&table, 0).iter().all(|v| v.abs() <= 180.0));
        assert!(column(&table, 1).iter().all(|v| v.abs() <= 90.0));
        // the bounding box that the source states: depths from -2.79 to 573.76
        let depth = column(&table, 2);
        assert_eq!(depth.iter().copied().fold(f64::INFINITY, f64::min), -2.79);
        assert_eq!(depth.iter().copied().fold(f64::NEG_INFINITY, f64::max), 573.76);
        assert!(column(&table, 3).iter().all(|v| (-2.0..8.0).contains(v)));
    }

    #[test]
    fn digits_are_whole() {
        let table = digits();
        assert_eq!((table.rows, table.values.len()), (1797, 1797 * 65));
        assert_eq!(table.columns[9], "pixel_1_1");
        assert_eq!(table.values[..8], [0.0, 0.0, 5.0, 13.0, 9.0, 1.0, 0.0, 0.0]);
        let labels = column(&table, 64);
        let counts: Vec<usize> =
            (0..10).map(|k| labels.iter().filter(|&&v| v == f64::from(k)).count()).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
        let pixels = table.values.chunks(65).flat_map(|row| &row[..64]);
        assert!(pixels.clone().all(|v| (0.0..=16.0).contains(v) && v.fract() == 0.0));
        let constant: Vec<usize> = (0..64).filter(|&i| column(&table, i).iter().all(|&v| v == 0.0)).collect();
        assert_eq!(constant, [0, 32, 39]);
    }

    #[test]
    fn digits_are_images() {
        let (images, table) = (digit_images(), digits());
        assert_eq!((images.len(), images.shape(), images.levels), (1797, [8, 8, 1], 17));
        let mut pixels = Vec::new();
        images.read(&[3, 1796], &mut pixels).unwrap();
        let values: Vec<f64> = pixels.iter().map(|&v| v.into()).collect();
        let row = |row: usize| &table.values[row * 65..][..65];
        assert_eq!(values, [&row(3)[..64], &row(1796)[..64]].concat());
        let labels = images.labels.unwrap();
        assert_eq!([labels[3] as f64, labels[1796] as f64], [row(3)[64], row(1796)[64]]);
        assert_eq!(images.classes.concat(), "0123456789");
    }

    #[test]
    fn names_are_known() {
        for name in NAMES {
            assert_eq!(by_name(name).map(|table| table.name), Some(name));
        }
        assert_eq!(by_name("irises"), None);
    }
}
