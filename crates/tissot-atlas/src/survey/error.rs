//! What can be wrong with what a survey is made of.

/// Why there is no survey. Every message is one line.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SurveyError {
    /// There is nothing to look at.
    #[error("found {found} rows inside the columns' domains, expected at least {expected}")]
    Rows {
        /// How many rows there are.
        found: usize,
        /// How many are needed.
        expected: usize,
    },
    /// A column that is not there, or twice.
    #[error("columns of the map: found {found}, expected two of {}", names.join(", "))]
    Columns {
        /// What was asked for.
        found: String,
        /// What there is.
        names: Vec<String>,
    },
    /// A map that cannot be made of this model.
    #[error("{0}")]
    Plane(String),
    /// Images that the model is not of.
    #[error("{0}")]
    Model(String),
    /// The sphere is no metric for these columns.
    #[error(
        "metric sphere: {0}; it needs two columns, the longitude from -180 to 360 and then the latitude from -90 to 90"
    )]
    Sphere(String),
    /// A row that is not there.
    #[error("row {row}: there are {rows} rows")]
    Row {
        /// The row, from 1.
        row: usize,
        /// How many there are.
        rows: usize,
    },
    /// A snapshot of something else.
    #[error("the snapshot of step {step} has other columns than the model")]
    Snapshot {
        /// Its step.
        step: u64,
    },
}
