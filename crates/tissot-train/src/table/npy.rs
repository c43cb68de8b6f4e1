//! Rows of NPY arrays.

use std::io::{BufReader, Read};
use std::sync::Arc;

use npyz::Order;

use super::columns::{MOST_COLUMNS, choose_with_labels, numbered};
use super::header::{self, shape};
use super::labels::Labels;
use super::layout::Layout;
use super::reader::{Row, RowSource};
use super::source::{Bytes, Origin};
use super::{Missing, ReadOptions, TableError};

/// How many bytes of rows are read at a time.
const CHUNK: usize = 1 << 16;

/// An array that is read row by row; one in Fortran order is held in memory.
pub(super) struct NpyRows {
    origin: Origin,
    bytes: BufReader<Bytes>,
    layout: Layout,
    rows: u64,
    width: usize,
    fortran: bool,
    wanted: Vec<usize>,
    labels: Option<Labels>,
    /// The bytes at hand, and how many of the rows (in Fortran order: of each column) in them were handed out.
    buffer: Vec<u8>,
    used: usize,
    done: u64,
}

impl NpyRows {
    /// Reads the header.
    pub(super) fn open(origin: Origin, mut bytes: Bytes, options: &ReadOptions) -> Result<Self, TableError> {
        let header = header::read(&origin, &mut bytes)?;
        let file = || origin.file.clone();
        let (rows, width) = match *header.shape() {
            [rows] => (rows, 1),
            [rows, width] => (rows, width),
            _ => return Err(TableError::NpyRank { file: file(), shape: shape(&header) }),
        };
        let layout = Layout::of(&header.dtype())
            .ok_or_else(|| TableError::NpyType { file: file(), dtype: header.dtype().descr() })?;
        let width = usize::try_from(width).ok().filter(|&width| width <= MOST_COLUMNS);
        let size = width.and_then(|width| rows.checked_mul((width * layout.size) as u64));
        let (Some(width), Some(size)) = (width, size) else {
            let reason = format!("its shape {} is too large to be true", shape(&header));
            return Err(TableError::Npy { file: file(), reason });
        };
        if width == 0 {
            let reason = format!("its shape {} has no columns", shape(&header));
            return Err(TableError::Npy { file: file(), reason });
        }
        let (wanted, labels) = choose_with_labels(&origin.file, &numbered(width), options)?;
        let fortran = header.order() == Order::Fortran && width > 1;
        let bytes = BufReader::with_capacity(CHUNK, bytes);
        let mut array = Self {
            origin,
            bytes,
            layout,
            rows,
            width,
            fortran,
            wanted,
            labels,
            buffer: Vec::new(),
            used: 0,
            done: 0,
        };
        if fortran {
            array.fill(size)?;
        }
        Ok(array)
    }

    /// Reads `count` bytes into the buffer. It grows with what there is, not with what a header claims.
    fn fill(&mut self, count: u64) -> Result<(), TableError> {
        self.buffer.clear();
        self.used = 0;
        let mut part = self.bytes.by_ref().take(count);
        part.read_to_end(&mut self.buffer).map_err(|error| self.origin.fault(error))?;
        if (self.buffer.len() as u64) < count {
            let ended = if self.fortran {
                // The first column that is cut short ends in this row.
                self.buffer.len() as u64 / self.layout.size as u64 % self.rows
            } else {
                self.done + (self.buffer.len() / (self.width * self.layout.size)) as u64
            };
            let file = self.origin.file.clone();
            return Err(TableError::NpyTruncated { file, row: ended + 1, expected: self.rows });
        }
        Ok(())
    }
}

impl RowSource for NpyRows {
    fn columns(&self) -> Vec<String> {
        self.wanted.iter().map(|i| format!("x{}", i + 1)).collect()
    }

    fn label(&self) -> Option<Arc<str>> {
        self.labels.as_ref().map(|labels| labels.last.clone())
    }

    fn origin(&self) -> &Origin {
        &self.origin
    }

    fn next_row(&mut self, values: &mut Vec<f64>, missing: Missing) -> Result<Row, TableError> {
        if self.done == self.rows {
            return Ok(Row::End);
        }
        let size = self.layout.size;
        let bytes_per_row = self.width * size;
        if !self.fortran && self.used * bytes_per_row == self.buffer.len() {
            let rows = ((CHUNK / bytes_per_row).max(1) as u64).min(self.rows - self.done);
            self.fill(rows * bytes_per_row as u64)?;
        }
        let (start, mut complete) = (values.len(), true);
        let row = self.done + 1;
        let label = self.labels.as_ref().map(|labels| labels.place);
        for (i, column) in self.wanted.iter().copied().chain(label).enumerate() {
            let element = if self.fortran {
                column * self.rows as usize + self.used
            } else {
                self.used * self.width + column
            };
            let value = self.layout.value(&self.buffer[element * size..][..size]);
            let (file, name) = (|| self.origin.file.clone(), || format!("x{}", column + 1));
            if value.is_infinite() {
                return Err(TableError::Infinite {
                    file: file(),
                    row,
                    column: name(),
                    text: value.to_string(),
                });
            } else if value.is_nan() {
                if missing == Missing::Error {
                    let text = "NaN".to_owned();
                    return Err(TableError::MissingValue { file: file(), row, column: name(), text });
                }
                complete = false;
            }
            match &mut self.labels {
                Some(labels) if i == self.wanted.len() => labels.number(value),
                _ => values.push(value),
            }
        }
        self.used += 1;
        self.done += 1;
        if complete {
            return Ok(Row::Kept(row));
        }
        values.truncate(start);
        Ok(Row::Dropped)
    }
}
