//! Tables in Apache Parquet files.

mod kind;
mod pages;
mod rows;
mod write;

pub(super) use rows::ParquetRows;
pub(super) use write::ParquetWriter;

use parquet::errors::{ParquetError, Result};
use tissot::{guard, printable};

use super::TableError;
use super::source::Origin;

/// What the library makes of a file that may be damaged: it says so, or panics.
fn guarded<T>(origin: &Origin, work: impl FnOnce() -> Result<T>) -> std::result::Result<T, TableError> {
    match guard::guarded(work) {
        Some(done) => done.map_err(|error| unsound(origin, error)),
        None => Err(unsound(origin, "its data are damaged")),
    }
}

/// What a failure of the library means: that the file is damaged.
fn unsound(origin: &Origin, reason: impl ToString) -> TableError {
    TableError::Parquet { file: origin.file.clone(), reason: printable(&reason.to_string()) }
}

/// The failure of a writer, as it was before the library wrapped it.
fn io(error: ParquetError) -> std::io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<std::io::Error>() {
            Ok(io) => *io,
            Err(other) => std::io::Error::other(other.to_string()),
        },
        other => std::io::Error::other(other.to_string()),
    }
}
