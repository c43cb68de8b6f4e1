//! Rows as a stream of blocks.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::npy::NpyRows;
use super::source::{Format, Origin, Source};
use super::text::TextRows;
use super::{Missing, ReadOptions, TableError, npz};

/// Some rows of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Block {
    /// The number of rows.
    pub rows: usize,
    /// The values, row by row: value `j` of row `i` is at `i * columns + j`.
    pub values: Vec<f64>,
    /// Where each row is in the file: the line of a text (a header is line 1), the row of an array or of Parquet,
    /// all counted from 1.
    pub lines: Vec<u64>,
    /// The label of each row; none where [`ReadOptions::labels`] asks for none.
    pub labels: Vec<Arc<str>>,
}

/// What became of the next row.
pub(super) enum Row {
    Kept(u64),
    Dropped,
    End,
}

/// What rows are read from.
pub(super) trait RowSource: Send {
    fn origin(&self) -> &Origin;

    /// The names of the columns that are read.
    fn columns(&self) -> Vec<String>;

    /// Appends the wanted values of the next row.
    fn next_row(&mut self, values: &mut Vec<f64>, missing: Missing) -> Result<Row, TableError>;

    /// The label of the row that was read last.
    fn label(&self) -> Option<Arc<str>>;
}

/// Reads a table block by block, so that it need not fit into memory.
///
/// What is held are the block, some buffers and the longest row; of a Parquet file the pages at hand. Only an array in
/// Fortran order, or in an NPZ archive, is held whole, and a Parquet file that is gzipped or comes from standard input.
///
/// # Examples
///
/// ```
/// use tissot_train::table::{ReadOptions, RowReader};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("stars.csv");
/// std::fs::write(&path, "name,x,y\nVega,1,2\nDeneb,3,4\nSirius,5,6\n")?;
///
/// let options = ReadOptions { columns: Some(vec!["y".into(), "x".into()]), ..Default::default() };
/// let mut reader = RowReader::open(&path, &options)?;
/// assert_eq!(reader.columns(), ["y", "x"]);
/// let block = reader.next_block(2)?.expect("there are rows");
/// assert_eq!(block.values, [2.0, 1.0, 4.0, 3.0]);
/// assert_eq!(block.lines, [2, 3]);
/// assert_eq!(reader.next_block(2)?.expect("there is a row").values, [6.0, 5.0]);
/// assert!(reader.next_block(2)?.is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct RowReader {
    rows: Box<dyn RowSource>,
    columns: Vec<String>,
    missing: Missing,
    kept: u64,
    dropped: u64,
}

impl RowReader {
    /// Opens a table: CSV and its kin, NPY, NPZ or (with the feature `parquet`) Parquet, each plain or gzipped. The path `-`
    /// is standard input, and `file.npz:NAME` one array of an archive.
    ///
    /// # Errors
    ///
    /// The file cannot be read, is empty or is no table, or a wanted column is not there (or twice).
    pub fn open(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, TableError> {
        let source = Source::open(path.as_ref())?;
        let rows: Box<dyn RowSource> = match source.format {
            Format::Text => Box::new(TextRows::open(source, options)?),
            Format::Npy => Box::new(NpyRows::open(source.origin, source.bytes, options)?),
            Format::Npz => Box::new(npz::open(source, options)?),
            #[cfg(feature = "parquet")]
            Format::Parquet => Box::new(super::parquet::ParquetRows::open(source, options)?),
            #[cfg(not(feature = "parquet"))]
            Format::Parquet => return Err(TableError::NoParquet { file: source.origin.file }),
        };
        let columns = rows.columns();
        Ok(Self { rows, columns, missing: options.missing, kept: 0, dropped: 0 })
    }

    /// What the table is called in messages.
    pub fn name(&self) -> &str {
        &self.rows.origin().file
    }

    /// The names of the columns that are read, in the order of a block's values.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// How many rows were dropped so far as they had missing values.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Reads up to `max_rows` rows; `None` at the end. A block before the end may be shorter only if it is the last.
    ///
    /// # Errors
    ///
    /// A row is wrong, the file cannot be read on, or it ends without a single row. Reading cannot go on after an
    /// error.
    ///
    /// # Panics
    ///
    /// If `max_rows` is 0.
    pub fn next_block(&mut self, max_rows: usize) -> Result<Option<Block>, TableError> {
        assert!(max_rows > 0, "a block of 0 rows was asked for");
        let mut block = Block { rows: 0, values: Vec::new(), lines: Vec::new(), labels: Vec::new() };
        while block.rows < max_rows {
            match self.rows.next_row(&mut block.values, self.missing)? {
                Row::Kept(line) => {
                    block.lines.push(line);
                    block.labels.extend(self.rows.label());
                    block.rows += 1;
                }
                Row::Dropped => self.dropped += 1,
                Row::End => break,
            }
        }
        self.kept += block.rows as u64;
        let file = || self.name().to_owned();
        match (self.kept, self.dropped) {
            (0, 0) => Err(TableError::NoRows { file: file() }),
            (0, dropped) => Err(TableError::AllDropped { file: file(), dropped }),
            _ => Ok((block.rows > 0).then_some(block)),
        }
    }
}

impl fmt::Debug for RowReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RowReader")
            .field("name", &self.name())
            .field("columns", &self.columns)
            .field("kept", &self.kept)
            .field("dropped", &self.dropped)
            .finish_non_exhaustive()
    }
}
