//! Tables of numbers in files: reading, and writing.
//!
//! Read are text (fields separated by `,`, `;` or tabs, found out from the first lines; with or without a header) and
//! numpy's NPY and NPZ (real numbers, one or two dimensions, either order of memory), and, with the feature `parquet`,
//! Apache Parquet; plain or gzipped, from a file or from standard input (`-`). Columns without names are `x1`, `x2`, ... Text is UTF-8; lines end with `\n` or `\r\n`;
//! blank lines are skipped; a header that ends with a delimiter lets rows do so, too. Values are f64, so 64-bit
//! integers beyond 2^53 are rounded. Infinite values are always an error.
//!
//! [`Table::read`] reads everything, [`RowReader`] a block at a time, [`TableWriter`] writes.
//!
//! # Examples
//!
//! ```
//! use tissot_train::table::{Missing, ReadOptions, Table, TableWriter};
//!
//! let directory = tempfile::tempdir()?;
//! let path = directory.path().join("waves.csv");
//! let mut writer = TableWriter::create(&path, &["height", "period"])?;
//! writer.write_row(&[1.25, 8.0])?;
//! writer.write_row(&[f64::NAN, 9.0])?;
//! writer.finish()?;
//!
//! let options = ReadOptions { missing: Missing::Drop, ..Default::default() };
//! let table = Table::read(&path, &options)?;
//! assert_eq!(table.columns, ["height", "period"]);
//! assert_eq!((table.rows, table.dropped), (1, 1));
//! assert_eq!(table.row(0), [1.25, 8.0]);
//! assert_eq!(table.column("period"), Some(vec![8.0]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod columns;
pub(crate) mod error;
pub(crate) mod header;
mod labels;
pub(crate) mod layout;
mod newlines;
mod npy;
pub(crate) mod npz;
mod number;
mod options;
pub(crate) mod output;
#[cfg(feature = "parquet")]
mod parquet;
mod reader;
mod sniff;
pub(crate) mod source;
mod text;
mod whole;
mod writer;

pub use error::TableError;
pub use options::{Header, LabelColumn, Missing, ReadOptions};
pub use reader::{Block, RowReader};
pub use whole::Table;
pub use writer::TableWriter;
