//! Pictures of what a normalizing flow does to space.
//!
//! A picture function takes plain numbers (it knows no flow), checks them, and returns a [`Picture`]: an SVG document that
//! can be had as text, as PNG bytes, or in a file. The font is embedded, so a picture looks the same on every machine.
//!
//! * [`density_map`]: a density over two columns on a logarithmic colour scale, as a map of the world or on plain axes.
//!
//! ```
//! use tissot_atlas::{DensityMap, Field, density_map};
//! let log_density: Vec<f64> = (0..12).map(|cell| -f64::from(cell)).collect();
//! let field = Field { x: (0.0, 4.0), y: (0.0, 3.0), columns: 4, rows: 3, log_density: &log_density };
//! let style = DensityMap { title: "Twelve cells", width: 400, ..DensityMap::default() };
//! let png = density_map(&field, &style)?.to_png()?;
//! assert_eq!(&png[1..4], b"PNG");
//! # Ok::<(), tissot_atlas::AtlasError>(())
//! ```

mod canvas;
mod colour;
mod density_map;
mod error;
mod field;
mod font;
mod layout;
mod numbers;
mod picture;
mod raster;
mod ticks;

pub use density_map::{DensityMap, density_map};
pub use error::AtlasError;
pub use field::Field;
pub use picture::Picture;
