//! Writes tables as text or Parquet.

use std::fmt;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::TableError;
use super::output::{Output, Target};
#[cfg(feature = "parquet")]
use super::parquet::ParquetWriter;

/// Endings that promise something that is not written.
const OTHERS: [&str; 12] =
    [".npy", ".npz", ".xlsx", ".xls", ".json", ".png", ".jpg", ".jpeg", ".svg", ".pdf", ".html", ".tissot"];

/// How many bytes are gathered before they are written.
const BUFFER: usize = 1 << 16;

/// Writes a table as CSV, or as tab-separated text where the name ends with `.tsv`; a further `.gz` compresses it.
/// With the feature `parquet` a name that ends with `.parquet` makes an Apache Parquet file of f64 columns.
///
/// Numbers in text are as short as they can be and still read back as the same f64. A file appears under its name only with
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
    form: Form,
    failed: bool,
}

/// How rows are written.
enum Form {
    Text(BufWriter<Output>, u8),
    #[cfg(feature = "parquet")]
    Parquet(Box<ParquetWriter>),
}

impl TableWriter {
    /// Begins a table in a file; the path `-` is standard output.
    ///
    /// # Errors
    ///
    /// The directory does not exist, the path is a directory or its ending that of something else (`.npy`, ..), or the file cannot be
    /// written.
    ///
    /// # Panics
    ///
    /// If there are no columns.
    pub fn create(path: impl AsRef<Path>, columns: &[impl AsRef<str>]) -> Result<Self, TableError> {
        let path = path.as_ref();
        if path.as_os_str() == "-" {
            let target = Target::Direct(Box::new(io::stdout()));
            return Self::text("standard output".to_owned(), Output::new(target, false), b',', columns);
        }
        let file = path.display().to_string();
        let lower = file.to_ascii_lowercase();
        let stem = lower.strip_suffix(".gz").unwrap_or(&lower);
        if OTHERS.iter().any(|ending| stem.ends_with(ending)) {
            return Err(TableError::OutputFormat { file });
        }
        if stem.ends_with(".parquet") {
            return Self::parquet(path, file, stem.len() < lower.len(), columns);
        }
        let delimiter = if stem.ends_with(".tsv") { b'\t' } else { b',' };
        let gzip = stem.len() < lower.len();
        Self::text(file, Output::new(Target::open(path)?, gzip), delimiter, columns)
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
        Self::text(name.to_owned(), Output::new(target, false), b',', columns)
    }

    fn text(
        file: String,
        output: Output,
        delimiter: u8,
        columns: &[impl AsRef<str>],
    ) -> Result<Self, TableError> {
        assert!(!columns.is_empty(), "a table needs a column");
        let mut output = BufWriter::with_capacity(BUFFER, output);
        let result = header(delimiter, columns).and_then(|header| output.write_all(&header));
        result.map_err(|reason| TableError::Write { file: file.clone(), reason })?;
        Ok(Self { file, columns: columns.len(), form: Form::Text(output, delimiter), failed: false })
    }

    #[cfg(feature = "parquet")]
    fn parquet(
        path: &Path,
        file: String,
        gzip: bool,
        columns: &[impl AsRef<str>],
    ) -> Result<Self, TableError> {
        assert!(!columns.is_empty(), "a table needs a column");
        if gzip {
            return Err(TableError::OutputFormat { file });
        }
        let writer = ParquetWriter::new(Output::new(Target::open(path)?, false), columns);
        let writer = writer.map_err(|reason| TableError::Write { file: file.clone(), reason })?;
        Ok(Self { file, columns: columns.len(), form: Form::Parquet(Box::new(writer)), failed: false })
    }

    #[cfg(not(feature = "parquet"))]
    fn parquet(_: &Path, file: String, _: bool, _: &[impl AsRef<str>]) -> Result<Self, TableError> {
        Err(TableError::OutputFormat { file })
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
        let result = match &mut self.form {
            Form::Text(output, delimiter) => write_numbers(output, *delimiter, row),
            #[cfg(feature = "parquet")]
            Form::Parquet(writer) => writer.write_row(row),
        };
        result.map_err(|reason| {
            self.failed = true;
            TableError::Write { file: self.file.clone(), reason }
        })
    }

    /// Writes what is left and puts the file where it is to be.
    ///
    /// # Errors
    ///
    /// The file cannot be written, or a write failed before. The file is then not there.
    pub fn finish(self) -> Result<(), TableError> {
        let Self { file, form, failed, .. } = self;
        let result = match form {
            // The bytes at hand must not be written after those that are missing.
            Form::Text(output, _) if failed => {
                let _ = output.into_parts();
                return Err(TableError::NotKept { file });
            }
            #[cfg(feature = "parquet")]
            Form::Parquet(_) if failed => return Err(TableError::NotKept { file }),
            Form::Text(output, _) => {
                output.into_inner().map_err(io::IntoInnerError::into_error).and_then(Output::finish)
            }
            #[cfg(feature = "parquet")]
            Form::Parquet(writer) => writer.finish(),
        };
        result.map_err(|reason| TableError::Write { file, reason })
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
