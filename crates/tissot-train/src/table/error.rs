//! What can be wrong with a table, in one line that says where and what to do.

use std::io;

use tissot::printable;

/// Why a table could not be read or written.
///
/// Rows of text files are line numbers, so a header is row 1; rows of arrays are counted from 1.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the messages say what the fields are")]
pub enum TableError {
    /// There is no such file.
    #[error("{file}: the file does not exist")]
    NotFound { file: String },
    /// The path to read is a directory.
    #[error("{file}: this is a directory, expected a file with a table")]
    IsDirectory { file: String },
    /// The operating system refused to read.
    #[error("{file}: cannot be read: {reason}")]
    Read { file: String, reason: io::Error },
    /// The file has no bytes.
    #[error("{file}: the file is empty, expected a table with at least one row")]
    Empty { file: String },
    /// The table has columns and nothing else.
    #[error("{file}: the table has no rows, expected at least one row of numbers")]
    NoRows { file: String },
    /// Every row misses a value.
    #[error(
        "{file}: all rows ({dropped}) have missing values and were dropped; choose other columns with --columns"
    )]
    AllDropped { file: String, dropped: u64 },
    /// The bytes are neither text nor an array.
    #[error(
        "{file}: a binary file of an unknown kind, expected CSV, TSV, NPY, NPZ or Parquet, perhaps gzipped"
    )]
    UnknownFormat { file: String },
    /// The text is UTF-16.
    #[error("{file}: the text is UTF-16, expected UTF-8; save the file as UTF-8")]
    Utf16 { file: String },
    /// A byte that is not UTF-8; `column` is as it should be printed, `position` counts the field's bytes from 1.
    #[error(
        "{file}: row {row}, column {column}: byte {position} of the field is 0x{byte:02X}, which is not UTF-8; save the file as UTF-8"
    )]
    NotUtf8 { file: String, row: u64, column: String, position: usize, byte: u8 },
    /// The compressed data are damaged.
    #[error("{file}: the gzip data are damaged or cut short ({reason}); make the file again")]
    Gzip { file: String, reason: io::Error },
    /// A row has more or fewer fields than the first.
    #[error(
        "{file}: row {row}: found {found} fields, expected {expected} as in row {first}; give all rows as many fields"
    )]
    Ragged { file: String, row: u64, found: usize, expected: usize, first: u64 },
    /// A quote is opened and never closed.
    #[error("{file}: row {row}: a quote (\") is opened in this row and never closed; close or remove it")]
    OpenQuote { file: String, row: u64 },
    /// A row is too long to be one.
    #[error(
        "{file}: row {row}: the row is longer than {limit} MiB; a quote (\") may be opened near it and not closed"
    )]
    LongRow { file: String, row: u64, limit: usize },
    /// Text where a number should be; `hint` starts with `; ` or is empty.
    #[error("{file}: row {row}, column {column:?}: found {text:?}, expected a number{hint}")]
    NotANumber { file: String, row: u64, column: String, text: String, hint: String },
    /// A missing value.
    #[error(
        "{file}: row {row}, column {column:?}: the value is missing (found {text:?}); --missing drop drops such rows"
    )]
    MissingValue { file: String, row: u64, column: String, text: String },
    /// An infinite value.
    #[error(
        "{file}: row {row}, column {column:?}: found {text:?}, expected a finite number; correct or remove the row"
    )]
    Infinite { file: String, row: u64, column: String, text: String },
    /// A wanted column that does not exist; `hint` is a nearest name or empty, `existing` the list of names.
    #[error("{file}: there is no column {column:?}{hint}; the columns are {existing}")]
    UnknownColumn { file: String, column: String, hint: String, existing: String },
    /// Two columns of the file have one name.
    #[error("{file}: columns {first} and {second} are both named {column:?}; rename one of them")]
    DuplicateColumn { file: String, column: String, first: usize, second: usize },
    /// A column was asked for twice.
    #[error("{file}: column {column:?} is asked for twice; name each column once")]
    DuplicateWanted { file: String, column: String },
    /// No column was asked for.
    #[error("{file}: no column is asked for; name at least one")]
    NoColumns { file: String },
    /// A delimiter that cannot be one.
    #[error("{file}: the delimiter {delimiter:?} cannot separate fields; use a comma, a semicolon or a tab")]
    BadDelimiter { file: String, delimiter: char },
    /// The file is not what it should be as NPY.
    #[error("{file}: not a sound NPY file: {reason}; write it again with numpy.save")]
    Npy { file: String, reason: String },
    /// The array ends too early.
    #[error(
        "{file}: the array ends in row {row}, expected {expected} rows; the file is cut short, make it again"
    )]
    NpyTruncated { file: String, row: u64, expected: u64 },
    /// The array has a rank other than 1 and 2; `shape` is as Python prints it.
    #[error("{file}: the array has shape {shape}, expected 1 or 2 dimensions; reshape it to (rows, columns)")]
    NpyRank { file: String, shape: String },
    /// The array holds something other than real numbers.
    #[error(
        "{file}: the array has type {dtype}, expected f4, f8, i1 to i8 or u1 to u8; convert it with astype(\"f8\")"
    )]
    NpyType { file: String, dtype: String },
    /// The archive is damaged.
    #[error("{file}: not a sound NPZ file: {reason}; write it again with numpy.savez")]
    Npz { file: String, reason: String },
    /// The archive has no array of this name.
    #[error("{file}: there is no array {array:?}; the arrays are {existing}")]
    UnknownArray { file: String, array: String, existing: String },
    /// The archive has several arrays that could be meant.
    #[error("{file}: which array is meant? choose one as {file}:NAME from {existing}")]
    WhichArray { file: String, existing: String },
    /// The file is not what it should be as Parquet.
    #[error("{file}: not a sound Parquet file: {reason}; write it again")]
    Parquet { file: String, reason: String },
    /// A wanted column holds something else; `found` and `expected` are words.
    #[error(
        "{file}: column {column:?} holds {found}, expected {expected}; convert it or choose others with --columns"
    )]
    ParquetType { file: String, column: String, found: &'static str, expected: &'static str },
    /// Parquet is not built in.
    #[error(
        "{file}: this is a Parquet file, which needs a build of Tissot with the feature `parquet`; or convert it to CSV"
    )]
    NoParquet { file: String },
    /// The table is larger than memory; `free` counts MiB.
    #[error(
        "{file}: row {row}: up to here the table takes all of the {free} MiB of memory that are free; give fewer rows or --columns"
    )]
    TooLarge { file: String, row: u64, free: u64 },
    /// The operating system refused to write.
    #[error("{file}: cannot be written: {reason}")]
    Write { file: String, reason: io::Error },
    /// A write failed before, so the file was not kept.
    #[error("{file}: not kept, as an earlier write to it failed")]
    NotKept { file: String },
    /// The directory to write to does not exist.
    #[error("{file}: cannot be written: the directory {directory} does not exist; create it first")]
    NoDirectory { file: String, directory: String },
    /// The path to write is a directory.
    #[error("{file}: cannot be written: this is a directory; give the name of a file")]
    OutputIsDirectory { file: String },
    /// The name promises a format that is not written.
    #[error(
        "{file}: cannot be written: tables are written as text or Parquet; name the file .csv, .tsv, .csv.gz, .tsv.gz or .parquet"
    )]
    OutputFormat { file: String },
}

/// Bytes from a file as one short line.
pub(super) fn clip(bytes: &[u8]) -> String {
    const LONGEST: usize = 40;
    let text = String::from_utf8_lossy(bytes);
    let mut clipped: String = text.chars().take(LONGEST).collect();
    if clipped.len() < text.len() {
        clipped.push_str("...");
    }
    clipped
}

/// Names as a list of bearable length.
pub(crate) fn list(names: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    const MOST: usize = 20;
    let names: Vec<_> = names.into_iter().collect();
    let shown: Vec<String> = names.iter().take(MOST).map(|name| printable(name.as_ref())).collect();
    match names.len().saturating_sub(MOST) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_things_are_shortened() {
        assert_eq!(clip(b"short"), "short");
        assert_eq!(clip("é".repeat(41).as_bytes()), format!("{}...", "é".repeat(40)));
        let names: Vec<String> = (1..=22).map(|i| format!("c{i}")).collect();
        assert!(list(&names).ends_with("c19, c20 and 2 more"));
        assert_eq!(list(["a", "b"]), "a, b");
    }
}
