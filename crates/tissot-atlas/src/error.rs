//! What can go wrong while a picture is made.

use std::path::PathBuf;

/// Why a picture could not be drawn or written. Every message is one line.
#[derive(Debug, thiserror::Error)]
pub enum AtlasError {
    /// The field has another number of cells than its columns and rows say.
    #[error(
        "the field holds {found} values, expected {columns} columns x {rows} rows; give one value for each cell"
    )]
    FieldLength {
        /// How many values there are.
        found: usize,
        /// Cells along x.
        columns: usize,
        /// Cells along y.
        rows: usize,
    },
    /// An axis that does not run from a finite number to a larger one.
    #[error(
        "the field's {axis} axis runs from {from} to {to}, expected finite bounds with the lower one first"
    )]
    Extent {
        /// `x` or `y`.
        axis: char,
        /// Lower bound as given.
        from: f64,
        /// Upper bound as given.
        to: f64,
    },
    /// There is no finite value, so the colour scale has no top.
    #[error(
        "none of the field's {cells} cells holds a finite log-density, so there is no colour scale; check the model"
    )]
    NothingToShow {
        /// How many cells there are.
        cells: usize,
    },
    /// A setting of the picture is out of its range.
    #[error("the picture's {setting} is {found}, expected {expected}")]
    Setting {
        /// Name of the field of the settings.
        setting: &'static str,
        /// Its value.
        found: f64,
        /// The range it has to be in.
        expected: &'static str,
    },
    /// A figure that the survey has not.
    #[error("there is no figure {figure} of this model; it needs other columns, data or snapshots")]
    Missing {
        /// Its name.
        figure: &'static str,
    },
    /// A file name that says no known format.
    #[error("cannot tell the format of '{path}': expected a name that ends in .png or .svg")]
    Extension {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be written. What was there before is still there.
    #[error("cannot write '{path}': {source}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The drawing libraries failed.
    #[error("cannot draw the picture: {0}; this is a fault of the library, please report it")]
    Draw(String),
}
