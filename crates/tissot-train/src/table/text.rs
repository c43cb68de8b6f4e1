//! Rows of CSV and its kin.

use std::sync::Arc;

use csv::{ByteRecord, ReaderBuilder, Terminator};

use tissot::printable;

use super::columns::{MOST_COLUMNS, choose_with_labels, numbered};
use super::error::clip;
use super::labels::Labels;
use super::newlines::{MARK, Newlines};
use super::number::{self, Field};
use super::reader::{Row, RowSource};
use super::source::{Bytes, Origin, Source};
use super::{Header, Missing, ReadOptions, TableError, sniff};

/// The longest row in bytes: a longer one is taken for a quote that is not closed.
const LONGEST_ROW: usize = 64 << 20;

/// How many bytes the parser asks for at a time.
const BUFFER: usize = 1 << 17;

/// A text that is read row by row.
pub(super) struct TextRows {
    origin: Origin,
    reader: csv::Reader<Newlines<Bytes>>,
    record: ByteRecord,
    delimiter: u8,
    /// The names of all columns, and the places of those that are read.
    names: Vec<String>,
    wanted: Vec<usize>,
    labels: Option<Labels>,
    /// Whether the user chose the columns.
    chosen: bool,
    /// The row that says how many fields there are.
    first: u64,
    /// The header ends with a delimiter, so rows may, too.
    trailing: bool,
    /// The first row was read to look for a header, and is data.
    pending: bool,
}

impl TextRows {
    pub(super) fn open(source: Source, options: &ReadOptions) -> Result<Self, TableError> {
        let Source { origin, bytes, sample, whole, .. } = source;
        let delimiter = options.delimiter.unwrap_or_else(|| sniff::delimiter(&sample, whole));
        let file = || origin.file.clone();
        if matches!(delimiter, b'"' | b'\r' | b'\n') || !delimiter.is_ascii() || MARK == [delimiter] {
            return Err(TableError::BadDelimiter { file: file(), delimiter: delimiter.into() });
        }
        if sample.contains(&0) {
            return Err(TableError::UnknownFormat { file: file() });
        }
        let reader = ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .terminator(Terminator::Any(b'\n'))
            .buffer_capacity(BUFFER)
            .from_reader(Newlines::new(bytes));
        let mut rows = Self {
            origin,
            reader,
            record: ByteRecord::new(),
            delimiter,
            names: Vec::new(),
            wanted: Vec::new(),
            labels: None,
            chosen: options.columns.is_some(),
            first: 0,
            trailing: false,
            pending: false,
        };
        rows.read_names(options)?;
        (rows.wanted, rows.labels) = choose_with_labels(&rows.origin.file, &rows.names, options)?;
        Ok(rows)
    }

    /// Reads the first row and names the columns.
    fn read_names(&mut self, options: &ReadOptions) -> Result<(), TableError> {
        let Some(row) = self.read_record()? else {
            return Err(TableError::Empty { file: self.file() });
        };
        self.first = row;
        self.pending = match options.header {
            Header::Auto => number::is_data(self.record.iter()),
            Header::Yes => false,
            Header::No => true,
        };
        let fields = self.record.len();
        if fields > MOST_COLUMNS {
            return Err(TableError::UnknownFormat { file: self.file() });
        }
        self.names = numbered(fields);
        if self.pending {
            return Ok(());
        }
        for (i, field) in self.record.iter().enumerate() {
            let name = std::str::from_utf8(field).map_err(|error| {
                let position = error.valid_up_to();
                self.not_utf8(row, (i + 1).to_string(), position, field)
            })?;
            if !name.trim().is_empty() {
                name.trim().clone_into(&mut self.names[i]);
            } else if i + 1 == fields && i > 0 {
                self.trailing = true;
            }
        }
        if self.trailing {
            self.names.pop();
        }
        Ok(())
    }

    /// Reads the next row that is not blank into the record and returns its line.
    fn read_record(&mut self) -> Result<Option<u64>, TableError> {
        loop {
            self.reader.get_mut().allow(LONGEST_ROW);
            let start = self.reader.position().line();
            match self.reader.read_byte_record(&mut self.record) {
                Ok(true) => {}
                Ok(false) => return Ok(None),
                Err(_) if self.reader.get_ref().is_exhausted() => {
                    return Err(TableError::LongRow {
                        file: self.file(),
                        row: start,
                        limit: LONGEST_ROW >> 20,
                    });
                }
                Err(error) => return Err(self.origin.fault(into_io(error))),
            }
            let end = self.reader.position().line();
            let within = || self.record.as_slice().iter().filter(|&&byte| byte == b'\n').count() as u64;
            if self.reader.get_ref().is_end(self.reader.position().byte()) {
                if self.record.len() == 1 && self.record.as_slice() == MARK {
                    return Ok(None);
                }
                return Err(TableError::OpenQuote { file: self.file(), row: end - within() });
            }
            if self.record.len() == 1
                && !self.record.as_slice().is_empty()
                && self.record.as_slice().trim_ascii().is_empty()
            {
                continue;
            }
            let row = if end == start + 1 { start } else { end - 1 - within() };
            return Ok(Some(row));
        }
    }

    fn file(&self) -> String {
        self.origin.file.clone()
    }

    fn not_utf8(&self, row: u64, column: String, position: usize, field: &[u8]) -> TableError {
        let byte = field.get(position).copied().unwrap_or_default();
        TableError::NotUtf8 { file: self.file(), row, column, position: position + 1, byte }
    }

    /// Says what is wrong with a field.
    fn wrong(&self, row: u64, place: usize, field: Field) -> TableError {
        let bytes = &self.record[place];
        let (file, column, text) = (self.file(), self.names[place].clone(), clip(bytes.trim_ascii()));
        match field {
            Field::Missing => TableError::MissingValue { file, row, column, text },
            Field::Infinite => TableError::Infinite { file, row, column, text },
            Field::NotUtf8(position) => self.not_utf8(row, format!("{column:?}"), position, bytes),
            Field::Number(_) | Field::Text => {
                TableError::NotANumber { file, row, column, text, hint: self.hint(bytes) }
            }
        }
    }

    /// What to do about text in a column of numbers.
    fn hint(&self, bytes: &[u8]) -> String {
        if self.delimiter == b';'
            && let Some(pointed) = number::with_point(bytes)
        {
            return format!("; write decimals with a point: {pointed}");
        }
        if self.chosen {
            return String::new();
        }
        let numeric = |i: &usize| matches!(number::parse(&self.record[*i]), Field::Number(_));
        let names: Vec<String> =
            (0..self.names.len()).filter(numeric).take(8).map(|i| printable(&self.names[i])).collect();
        match names.is_empty() {
            true => "; --columns a,b,c chooses columns".to_owned(),
            false => format!("; --columns chooses columns, here perhaps --columns {}", names.join(",")),
        }
    }
}

impl RowSource for TextRows {
    fn columns(&self) -> Vec<String> {
        self.wanted.iter().map(|&i| self.names[i].clone()).collect()
    }

    fn label(&self) -> Option<Arc<str>> {
        self.labels.as_ref().map(|labels| labels.last.clone())
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn next_row(&mut self, values: &mut Vec<f64>, missing: Missing) -> Result<Row, TableError> {
        let row = if std::mem::take(&mut self.pending) {
            self.first
        } else {
            match self.read_record()? {
                Some(row) => row,
                None => return Ok(Row::End),
            }
        };
        let (found, expected) = (self.record.len(), self.names.len());
        let spare = self.trailing && found == expected + 1 && self.record[expected].trim_ascii().is_empty();
        if found != expected && !spare {
            return Err(TableError::Ragged { file: self.file(), row, found, expected, first: self.first });
        }
        let start = values.len();
        let mut complete = true;
        for &column in &self.wanted {
            match number::parse(&self.record[column]) {
                Field::Number(value) => values.push(value),
                Field::Missing if missing == Missing::Drop => complete = false,
                wrong => return Err(self.wrong(row, column, wrong)),
            }
        }
        if let Some(labels) = &mut self.labels {
            match labels.read(&self.record[labels.place]) {
                Ok(()) => {}
                Err(Field::Missing) if missing == Missing::Drop => complete = false,
                Err(wrong) => {
                    let place = labels.place;
                    return Err(self.wrong(row, place, wrong));
                }
            }
        }
        if complete {
            return Ok(Row::Kept(row));
        }
        values.truncate(start);
        Ok(Row::Dropped)
    }
}

/// The failure to read inside a CSV error.
fn into_io(error: csv::Error) -> std::io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => std::io::Error::other(format!("{other:?}")),
    }
}
