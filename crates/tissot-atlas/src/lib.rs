//! Pictures of what a normalizing flow does to space.
//!
//! [`survey::survey()`] looks at a model and gathers everything that there is to see as plain numbers, once: which regions
//! it stretches and squeezes, what each layer does, how training made it so. A [`survey::Survey`] is JSON for machines;
//! [`report()`] makes one self-contained page of it, and [`draw()`] one [`Figure`] for paper. All show the same numbers.
//!
//! [`density_map`] knows no flow: a density over two columns on a logarithmic colour scale, as a map of the world or on
//! plain axes.
//!
//! A [`Picture`] is an SVG document that can be had as text, as PNG bytes, or in a file. The font is embedded, so a picture
//! looks the same on every machine.
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
mod diverging;
mod error;
mod field;
mod figures;
mod font;
mod layout;
mod numbers;
mod picture;
mod raster;
mod report;
mod sheet;
pub mod survey;
mod ticks;

pub use density_map::{DensityMap, density_map};
pub use error::AtlasError;
pub use field::Field;
pub use figures::{Figure, draw};
pub use picture::{Picture, write_file};
pub use report::report;
