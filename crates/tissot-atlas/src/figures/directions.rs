//! The directions in which images are stretched most and least.

use super::panel::ROW;
use super::tiles::{NAMES, Tiles, plain, signed};
use crate::AtlasError;
use crate::sheet::Sheet;
use crate::survey::{Direction, Images};

/// Rows of images, each with the directions that the flow stretches most there, and least.
pub fn directions(images: &Images, width: f64) -> Result<Sheet, AtlasError> {
    let most = images.directions.iter().map(|at| at.most.len()).max().unwrap_or(0);
    let least = images.directions.iter().map(|at| at.least.len()).max().unwrap_or(0);
    let tiles = Tiles::new(images, 1 + most + least, width, NAMES, ROW);
    let mut sheet = Sheet::new(width, tiles.bottom(images.directions.len()));
    tiles.heading(&mut sheet, 0, "image", "")?;
    let ordinal = |k: usize| ["first", "second", "third"].get(k).copied().unwrap_or("next");
    (0..most).try_for_each(|k| tiles.heading(&mut sheet, 1 + k, "most", ordinal(k)))?;
    (0..least).try_for_each(|k| tiles.heading(&mut sheet, 1 + most + k, "least", ordinal(k)))?;
    let [_, _, channels] = images.shape;
    for (row, at) in images.directions.iter().enumerate() {
        let name = format!("image {}", at.image);
        tiles.name(&mut sheet, row, [&name, ""])?;
        tiles.image(&mut sheet, [0, row], &plain(&at.pixels, channels, images.values), false)?;
        let all = at.most.iter().enumerate().map(|(k, v)| (1 + k, v));
        let all = all.chain(at.least.iter().enumerate().map(|(k, v)| (1 + most + k, v)));
        for (column, direction) in all {
            let colour = signed(&direction.pixels, channels);
            let place = tiles.image(&mut sheet, [column, row], &colour, channels != 3)?;
            tiles.note(&mut sheet, [column, row], &times(direction))?;
            tiles.target(&mut sheet, place, "direction", &name, &format!("{row} {}", column - 1));
        }
    }
    Ok(sheet)
}

/// How many times a direction is stretched.
fn times(direction: &Direction) -> String {
    let stretch = direction.stretch;
    if (0.01..1e4).contains(&stretch) {
        let decimals = (2.0 - stretch.log10().floor()).clamp(0.0, 4.0) as usize;
        format!("× {stretch:.decimals$}")
    } else {
        format!("× {stretch:.1e}").replace('-', "−")
    }
}
