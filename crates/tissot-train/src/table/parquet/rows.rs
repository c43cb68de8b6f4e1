//! Rows of Parquet files.

use std::fs::File;
use std::io::{Cursor, Read, Seek, SeekFrom};
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Compression;
use parquet::column::reader::ColumnReader;
use parquet::errors::Result as ParquetResult;
use parquet::file::metadata::ParquetMetaData;
use parquet::file::reader::{ChunkReader, FileReader, SerializedFileReader};

use super::super::columns::{MOST_COLUMNS, choose_with_labels};
use super::super::labels::Labels;
use super::super::number::Field;
use super::super::reader::{Row, RowSource};
use super::super::source::{Origin, Source};
use super::super::{Missing, ReadOptions, TableError};
use super::kind::{Kind, Values};
use super::{guarded, pages, unsound};

/// How many values are read at a time, and the most rows.
const CHUNK: usize = 1 << 18;
const MOST_ROWS: usize = 1 << 13;
/// The most rows that a byte of a file can stand for: values that are all alike, in pages of the usual size, are 700.
const ROWS_A_BYTE: u64 = 10_000;
/// What a file begins and ends with, and the length of the end: that of the metadata, and this.
const MAGIC: &[u8; 4] = b"PAR1";
const END: u64 = 8;

/// What a file is read from, here and there.
trait ReadSeek: Read + Seek {}

impl<T: Read + Seek> ReadSeek for T {}

/// A column that is read.
struct Column {
    place: usize,
    name: String,
    kind: Kind,
    /// The definition level of a value that is there.
    top: i16,
}

/// A file that is read row by row: some rows of each wanted column are in memory, and the pages that they are in.
pub(crate) struct ParquetRows {
    origin: Origin,
    file: Box<dyn FileReader>,
    columns: Vec<Column>,
    /// The labels, whose column is then the last.
    labels: Option<Labels>,
    /// The next group of rows, and the columns of the one at hand with the rows left in it.
    group: usize,
    readers: Vec<ColumnReader>,
    left: usize,
    /// The values at hand, a column each, and how many rows of them were handed out.
    values: Vec<Values>,
    at_hand: usize,
    used: usize,
    done: u64,
}

impl ParquetRows {
    /// Reads what the file says of itself.
    pub(crate) fn open(source: Source, options: &ReadOptions) -> Result<Self, TableError> {
        let Source { origin, mut bytes, path, .. } = source;
        let (file, mut bytes): (_, Box<dyn ReadSeek>) = match path {
            Some(path) => {
                let mut file = File::open(path).map_err(|error| origin.fault(error))?;
                check_end(&origin, &mut file)?;
                let again = file.try_clone().map_err(|error| origin.fault(error))?;
                (reader(&origin, file)?, Box::new(again))
            }
            None => {
                let mut whole = Vec::new();
                bytes.read_to_end(&mut whole).map_err(|error| origin.fault(error))?;
                let whole = Bytes::from(whole);
                check_end(&origin, &mut Cursor::new(&whole))?;
                (reader(&origin, whole.clone())?, Box::new(Cursor::new(whole)))
            }
        };
        let schema = file.metadata().file_metadata().schema_descr_ptr();
        if schema.num_columns() > MOST_COLUMNS {
            return Err(unsound(&origin, format!("it has more than {MOST_COLUMNS} columns")));
        }
        let names: Vec<String> =
            schema.columns().iter().map(|column| column.path().parts().join(".")).collect();
        let (places, labels) = choose_with_labels(&origin.file, &names, options)?;
        let label = labels.as_ref().map(|labels| labels.place);
        let mut columns = Vec::with_capacity(places.len() + 1);
        for (i, place) in places.iter().copied().chain(label).enumerate() {
            let (kind, name) = (Kind::of(&schema.column(place)), names[place].clone());
            let fits = match kind {
                Kind::Number { .. } => true,
                Kind::Text | Kind::Time => i == places.len(),
                Kind::Other(_) => false,
            };
            if !fits {
                let expected = if i == places.len() { "text or numbers" } else { "numbers" };
                let (file, found) = (origin.file.clone(), kind.told());
                return Err(TableError::ParquetType { file, column: name, found, expected });
            }
            columns.push(Column { place, name, kind, top: schema.column(place).max_def_level() });
        }
        check_places(&origin, file.metadata(), &columns, &mut bytes)?;
        Ok(Self {
            origin,
            file,
            columns,
            labels,
            group: 0,
            readers: Vec::new(),
            left: 0,
            values: Vec::new(),
            at_hand: 0,
            used: 0,
            done: 0,
        })
    }

    /// How many columns of numbers are read; that of the labels stands behind them.
    fn wanted(&self) -> usize {
        self.columns.len() - usize::from(self.labels.is_some())
    }

    /// Reads some rows; returns whether there are any.
    fn fill(&mut self) -> ParquetResult<bool> {
        while self.left == 0 {
            if self.group == self.file.num_row_groups() {
                return Ok(false);
            }
            let group = self.file.get_row_group(self.group)?;
            self.left = usize::try_from(group.metadata().num_rows())?;
            self.readers = self
                .columns
                .iter()
                .map(|c| group.get_column_reader(c.place))
                .collect::<ParquetResult<_>>()?;
            self.group += 1;
        }
        let rows = (CHUNK / self.columns.len()).clamp(1, MOST_ROWS).min(self.left);
        let all = self.readers.iter_mut().zip(&self.columns);
        self.values =
            all.map(|(reader, c)| Values::read(reader, c.kind, c.top, rows)).collect::<ParquetResult<_>>()?;
        (self.left, self.at_hand, self.used) = (self.left - rows, rows, 0);
        Ok(true)
    }
}

impl RowSource for ParquetRows {
    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn columns(&self) -> Vec<String> {
        self.columns[..self.wanted()].iter().map(|column| column.name.clone()).collect()
    }

    fn label(&self) -> Option<Arc<str>> {
        self.labels.as_ref().map(|labels| labels.last.clone())
    }

    fn next_row(&mut self, out: &mut Vec<f64>, missing: Missing) -> Result<Row, TableError> {
        if self.used == self.at_hand {
            let origin = self.origin.clone();
            if !guarded(&origin, || self.fill())? {
                return Ok(Row::End);
            }
        }
        let (start, mut complete) = (out.len(), true);
        let row = self.done + 1;
        let wanted = self.wanted();
        for (i, (column, values)) in self.columns.iter().zip(&self.values).enumerate() {
            let (file, name) = (|| self.origin.file.clone(), || column.name.clone());
            let label = self.labels.as_mut().filter(|_| i == wanted);
            let there = match (values, label) {
                (Values::Numbers(numbers), None) => {
                    let value = numbers[self.used];
                    if value.is_infinite() {
                        let text = value.to_string();
                        return Err(TableError::Infinite { file: file(), row, column: name(), text });
                    }
                    out.push(value);
                    !value.is_nan()
                }
                (Values::Numbers(numbers), Some(labels)) => {
                    labels.number(numbers[self.used]);
                    !numbers[self.used].is_nan()
                }
                (Values::Texts(texts), Some(labels)) => {
                    match texts[self.used].as_ref().map(|text| text.data()) {
                        None => false,
                        Some(text) => match labels.read(text) {
                            Ok(()) => true,
                            Err(Field::NotUtf8(position)) => {
                                let (byte, position) = (text[position], position + 1);
                                return Err(TableError::NotUtf8 {
                                    file: file(),
                                    row,
                                    column: name(),
                                    position,
                                    byte,
                                });
                            }
                            Err(_) => false,
                        },
                    }
                }
                (Values::Texts(_), None) => unreachable!("text was refused when the file was opened"),
            };
            if !there && missing == Missing::Error {
                let text = "null or NaN".to_owned();
                return Err(TableError::MissingValue { file: file(), row, column: name(), text });
            }
            complete &= there;
        }
        self.used += 1;
        self.done += 1;
        if complete {
            return Ok(Row::Kept(row));
        }
        out.truncate(start);
        Ok(Row::Dropped)
    }
}

fn reader(origin: &Origin, chunks: impl ChunkReader + 'static) -> Result<Box<dyn FileReader>, TableError> {
    Ok(Box::new(guarded(origin, || SerializedFileReader::new(chunks))?))
}

/// Whether the file ends as it should, with metadata that fit into it.
fn check_end(origin: &Origin, file: &mut (impl Read + Seek)) -> Result<(), TableError> {
    let mut end = [0; END as usize];
    let length = file.seek(SeekFrom::End(0)).map_err(|error| origin.fault(error))?;
    if length < MAGIC.len() as u64 + END {
        return Err(unsound(origin, "it is cut short"));
    }
    file.seek(SeekFrom::Start(length - END)).map_err(|error| origin.fault(error))?;
    file.read_exact(&mut end).map_err(|error| origin.fault(error))?;
    let metadata = u64::from(u32::from_le_bytes([end[0], end[1], end[2], end[3]]));
    if !end.ends_with(MAGIC) {
        return Err(unsound(origin, "it does not end like one, so it may be cut short"));
    }
    if metadata > length - END - MAGIC.len() as u64 {
        return Err(unsound(origin, "its metadata are longer than the file"));
    }
    Ok(())
}

/// Whether the wanted columns of each group of rows are where they can be, have a value a row, and unpack to a bearable size.
fn check_places(
    origin: &Origin,
    metadata: &ParquetMetaData,
    columns: &[Column],
    file: &mut (impl Read + Seek),
) -> Result<(), TableError> {
    let length = file.seek(SeekFrom::End(0)).map_err(|error| origin.fault(error))?;
    let all = metadata.file_metadata().schema_descr().num_columns();
    let rows = metadata.row_groups().iter().fold(0, |rows: i64, group| rows.saturating_add(group.num_rows()));
    if rows as u64 > length.saturating_mul(ROWS_A_BYTE) {
        return Err(unsound(origin, format!("it claims {rows} rows in {length} bytes")));
    }
    for (index, group) in metadata.row_groups().iter().enumerate() {
        let wrong = |what: &str| unsound(origin, format!("its group {} of rows {what}", index + 1));
        if group.num_columns() != all || group.num_rows() < 0 {
            return Err(wrong("has not the columns of the schema"));
        }
        for column in columns {
            let chunk = group.column(column.place);
            let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
            let end = start.checked_add(chunk.compressed_size());
            if start < 0 || chunk.compressed_size() < 0 || end.is_none_or(|end| end as u64 > length) {
                return Err(wrong(&format!("has the column {:?} outside of the file", column.name)));
            }
            if chunk.num_values() != group.num_rows() {
                return Err(wrong(&format!("has not a value of {:?} for each row", column.name)));
            }
            // These the library unpacks into zeros of the size that is claimed.
            let bounded =
                matches!(chunk.compression(), Compression::SNAPPY | Compression::LZ4 | Compression::LZ4_RAW);
            if let Some(end) = end {
                pages::check(file, start as u64, end as u64, bounded)
                    .map_err(|error| unsound(origin, error))?;
            }
        }
    }
    Ok(())
}
