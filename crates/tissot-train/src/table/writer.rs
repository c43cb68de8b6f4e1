//! Writes tables as text.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::TableError;
use super::output::{Output, Target};

/// Endings that promise something other than text in columns.
const OTHERS: [&str; 13] = [
    ".npy", ".npz", ".parquet", ".xlsx", ".xls", ".json", ".png", ".jpg", ".jpeg", ".svg", ".pdf", ".html",
    ".tissot",
];

/// How many bytes are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// Writes a table as CSV, or as tab-separated text where the name ends with `.tsv`; a further `.gz` compresses it.
///
/// Numbers are as short as they can be and still read back as the same f64. A file appears under its name only with
/// [`finish`](Self::finish): after an error, or if the writer is dropped, what was there before is untouched.
///
/// # Examples
///
/// ```
/// use tissot_train::table::{ReadOptions, Table, TableWriter};
///
/// let directory = tempfile::tempdir()?;
/// let path = directory.path().join("samples.csv.gz");
/// let mut writer = TableWriter::create(&path, &["x", "y"])?;
/// writer.write_row(&[0.1, 1e-300])?;
/// writer.finish()?;
/// assert_eq!(Table::read(&path, &ReadOptions::default())?.row(0), [0.1, 1e-300]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct TableWriter {
    file: String,
    columns: usize,
    delimiter: u8,
    output: BufWriter<Output>,
    failed: bool,
}

impl TableWriter {
    /// Begins a table in a file; the path `-` is standard output.
    ///
    /// # Errors
    ///
    /// The directory does not exist, the path is a directory or ends with `.npy` or `.npz`, or the file cannot be
    /// written.
    ///
    /// # Panics
    ///
    /// If there are no columns.
    pub fn create(path: impl AsRef<Path>, columns: &[impl AsRef<str>]) -> Result<Self, TableError> {
        let path = path.as_ref();
        if path.as_os_str() == "-" {
            let target = Target::Direct(Box::new(io::stdout()));
            return Self::new("standard output".to_owned(), Output::new(target, false), b',', columns);
        }
        let file = path.display().to_string();
        let lower = file.to_ascii_lowercase();
        let stem = lower.strip_suffix(".gz").unwrap_or(&lower);
        if OTHERS.iter().any(|ending| stem.ends_with(ending)) {
            return Err(TableError::OutputFormat { file });
        }
        let delimiter = if stem.ends_with(".tsv") { b'\t' } else { b',' };
        let gzip = stem.len() < lower.len();
        Self::new(file, Output::new(Target::open(path)?, gzip), delimiter, columns)
    }

    /// Begins a CSV table in any writer; `name` is what it is called in messages.
    ///
    /// # Errors
    ///
    /// The writer fails.
    ///
    /// # Panics
    ///
    /// If there are no columns.
    pub fn to_writer(
        name: &str,
        writer: impl Write + Send + 'static,
        columns: &[impl AsRef<str>],
    ) -> Result<Self, TableError> {
        let target = Target::Direct(Box::new(writer));
        Self::new(name.to_owned(), Output::new(target, false), b',', columns)
    }

    fn new(
        file: String,
        output: Output,
        delimiter: u8,
        columns: &[impl AsRef<str>],
    ) -> Result<Self, TableError> {
        assert!(!columns.is_empty(), "a table needs a column");
        let output = BufWriter::with_capacity(BUFFER, output);
        let mut writer = Self { file, columns: columns.len(), delimiter, output, failed: false };
        let result = header(delimiter, columns).and_then(|header| writer.output.write_all(&header));
        writer.note(result)?;
        Ok(writer)
    }

    /// Writes one row. Values that are not finite are written `NaN`, `inf` and `-inf`.
    ///
    /// # Errors
    ///
    /// The disk is full, or the file cannot be written for another reason.
    ///
    /// # Panics
    ///
    /// If there are not as many values as columns.
    pub fn write_row(&mut self, row: &[f64]) -> Result<(), TableError> {
        let (found, expected) = (row.len(), self.columns);
        assert!(found == expected, "a row of {found} values for a table of {expected} columns");
        let result = write_numbers(&mut self.output, self.delimiter, row);
        self.note(result)
    }

    /// Writes what is left and puts the file where it is to be.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or a write failed before. The file is then not there.
    pub fn finish(self) -> Result<(), TableError> {
        let Self { file, output, failed, .. } = self;
        if failed {
            // The bytes at hand must not be written after those that are missing.
            let _ = output.into_parts();
            return Err(TableError::NotKept { file });
        }
        let result = output.into_inner().map_err(io::IntoInnerError::into_error).and_then(Output::finish);
        result.map_err(|reason| TableError::Write { file, reason })
    }

    /// Remembers a failure and says where it was.
    fn note(&mut self, result: io::Result<()>) -> Result<(), TableError> {
        result.map_err(|reason| {
            self.failed = true;
            TableError::Write { file: self.file.clone(), reason }
        })
    }
}

impl fmt::Debug for TableWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TableWriter")
            .field("file", &self.file)
            .field("columns", &self.columns)
            .finish_non_exhaustive()
    }
}

/// The names of the columns as a line, quoted where they must be.
fn header(delimiter: u8, columns: &[impl AsRef<str>]) -> io::Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(Vec::new());
    writer.write_record(columns.iter().map(AsRef::as_ref)).map_err(io::Error::other)?;
    writer.into_inner().map_err(|error| io::Error::other(error.to_string()))
}

fn write_numbers(output: &mut impl Write, delimiter: u8, row: &[f64]) -> io::Result<()> {
    for (i, &value) in row.iter().enumerate() {
        if i > 0 {
            output.write_all(&[delimiter])?;
        }
        // Both are the shortest digits that read back exactly; far from 1 an exponent is shorter than zeros.
        if value == 0.0 || !value.is_finite() || (1e-5..1e17).contains(&value.abs()) {
            write!(output, "{value}")?;
        } else {
            write!(output, "{value:e}")?;
        }
    }
    output.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short_and_exact() {
        let row = [0.1, -0.0, 1e16, 1e17, 1e-5, 9.5e-6, f64::MAX, 5e-324, f64::NAN, f64::NEG_INFINITY];
        let mut line = Vec::new();
        write_numbers(&mut line, b',', &row).unwrap();
        let line = String::from_utf8(line).unwrap();
        assert_eq!(
            line,
            "0.1,-0,10000000000000000,1e17,0.00001,9.5e-6,1.7976931348623157e308,5e-324,NaN,-inf\n"
        );
        for (text, value) in line.trim().split(',').zip(row) {
            assert_eq!(text.parse::<f64>().unwrap().to_bits() << 1, value.to_bits() << 1, "{text}");
        }
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        assert_eq!(header(b',', &["a", "b c", "d,e", "f\"g"]).unwrap(), b"a,b c,\"d,e\",\"f\"\"g\"\n");
        assert_eq!(header(b'\t', &["a", "d,e"]).unwrap(), b"a\td,e\n");
    }
}
