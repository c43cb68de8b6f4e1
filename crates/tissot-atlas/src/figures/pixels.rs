//! Where in images the log-probability comes from, pixel by pixel and level by level.

use super::legend::{self, Scale};
use super::tiles::{NAMES, Tiles, plain};
use crate::AtlasError;
use crate::canvas::Rect;
use crate::numbers::fixed;
use crate::sheet::Sheet;
use crate::survey::{Images, PixelMaps, quantiles};

/// Rows of images: the image, its bits, what the flow's log-det adds, what each level adds, the base's part.
pub fn pixels(images: &Images, width: f64) -> Result<Sheet, AtlasError> {
    let levels = images.levels.len();
    let columns = 4 + levels;
    let tiles = Tiles::new(images, columns, width, NAMES, 0.0);
    let bottom = tiles.bottom(images.maps.len()) + 4.0;
    let mut sheet = Sheet::new(width, bottom + 2.0 * legend::HEIGHT - 18.0);
    let mean = &images.maps[0];
    let average = |values: &[f64]| values.iter().sum::<f64>() / values.len().max(1) as f64;
    // Of the log-dets and of the base each column's own mean is taken off: it says nothing of where.
    let parts = |maps: &PixelMaps| -> Vec<Vec<f64>> {
        [&maps.log_det].into_iter().chain(&maps.levels).chain([&maps.base]).cloned().collect()
    };
    let means: Vec<f64> = parts(mean).iter().map(|part| average(part)).collect();
    let off: Vec<Vec<Vec<f64>>> = images
        .maps
        .iter()
        .map(|maps| {
            let less = |(part, mean): (Vec<f64>, &f64)| part.into_iter().map(|v| v - mean).collect();
            parts(maps).into_iter().zip(&means).map(less).collect()
        })
        .collect();
    let scale = Scale::diverging(off.iter().flatten().flatten());
    let all = || images.maps.iter().flat_map(|maps| maps.bits.iter().copied());
    let ends = quantiles(all(), &[0.01, 0.99]);
    let bits = Scale::Sequential { from: ends[0].min(0.0), to: ends[1].max(ends[0] + 1e-6) };
    tiles.heading(&mut sheet, 0, "image", "mean:")?;
    tiles.heading(&mut sheet, 1, "bits", &fixed(mean.bits_per_dim, 2))?;
    let names = ["log |det J|"].into_iter().chain(images.levels.iter().map(|level| level.name.as_str()));
    for (k, name) in names.chain(["base"]).enumerate() {
        tiles.heading(&mut sheet, 2 + k, name, &fixed(means[k], 2))?;
    }
    let [_, _, channels] = images.shape;
    for (row, maps) in images.maps.iter().enumerate() {
        let name = match maps.image {
            None => format!("mean of {}", images.count),
            Some(number) => format!("image {number}"),
        };
        let beside = match &maps.class {
            Some(class) => format!("{class}, {} bits", fixed(maps.bits_per_dim, 2)),
            None => format!("{} bits", fixed(maps.bits_per_dim, 2)),
        };
        tiles.name(&mut sheet, row, [&name, &beside])?;
        for column in 0..columns {
            let place = [column, row];
            let at = match column {
                0 => tiles.image(&mut sheet, place, &plain(&maps.pixels, channels, images.values), false)?,
                1 => tiles.image(&mut sheet, place, &|n, theme| bits.colour(maps.bits[n], theme), false)?,
                _ => {
                    let part = &off[row][column - 2];
                    tiles.image(&mut sheet, place, &|n, theme| scale.colour(part[n], theme), true)?
                }
            };
            tiles.target(&mut sheet, at, "pixels", &name, &row.to_string());
        }
    }
    let place = Rect { x: 24.0, y: bottom, width: width - 48.0, height: legend::HEIGHT };
    bits.legend(&mut sheet, place, "Bits per dimension at a pixel", None)?;
    let place = Rect { y: bottom + legend::HEIGHT - 18.0, ..place };
    scale.legend(
        &mut sheet,
        place,
        "The other columns: nats at a pixel, less the column's mean",
        Some(ENDS),
    )?;
    Ok(sheet)
}

const ENDS: (&str, &str) = ("less than elsewhere", "more than elsewhere");
