//! What a reader is asked to do.

/// What happens to a row in which a wanted value is missing.
///
/// Missing are: an empty field, `NA`, `NaN`, `nan`, `?`, `null`, a lone `-` and a lone `.`; in NPY files a NaN, in Parquet files a null
/// or a NaN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Missing {
    /// The row is an error that names file, row and column.
    #[default]
    Error,
    /// The row is dropped and counted.
    Drop,
}

/// Whether the first row of a text table names the columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Header {
    /// It does, unless all its fields are numbers or missing values.
    #[default]
    Auto,
    /// It does.
    Yes,
    /// It does not: the columns are named `x1`, `x2`, ...
    No,
}

/// A column whose fields are labels.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelColumn {
    /// Its name.
    pub name: String,
    /// Whether it is one of all columns of numbers, too; where columns are chosen, it is if it is among them.
    pub is_number: bool,
}

/// How a table is read; [`ReadOptions::default`] reads every column and finds out the rest.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReadOptions {
    /// The columns to read, in this order; `None` reads all. Columns that are not read may hold anything.
    pub columns: Option<Vec<String>>,
    /// A column that is read as it stands, text or numbers: [`Block::labels`](super::Block::labels).
    pub labels: Option<LabelColumn>,
    /// What happens to rows with missing values.
    pub missing: Missing,
    /// Whether a text table has a header. NPY and NPZ files have none, Parquet files their own names.
    pub header: Header,
    /// The byte between fields; `None` finds it out from the first lines (`,`, `;` or a tab).
    pub delimiter: Option<u8>,
}
