//! A table in memory.

use std::path::Path;
use std::sync::Arc;

use crate::memory;

use super::columns::choose;
use super::{ReadOptions, RowReader, TableError};

/// How many rows are read at a time.
const BLOCK: usize = 1 << 16;

/// A table of numbers in memory.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// What the table is called in messages: the file it is from.
    pub name: String,
    /// The names of the columns.
    pub columns: Vec<String>,
    /// The number of rows.
    pub rows: usize,
    /// The values, row by row: value `j` of row `i` is at `i * columns + j`.
    pub values: Vec<f64>,
    /// Where each row is in its file: the line of a text, the row of an array, both counted from 1.
    pub lines: Vec<u64>,
    /// The label of each row; none where [`ReadOptions::labels`] asked for none.
    pub labels: Vec<Arc<str>>,
    /// How many rows were dropped as they had missing values.
    pub dropped: u64,
}

impl Table {
    /// Reads all of a table; see [`RowReader::open`] for what a path may be.
    ///
    /// # Errors
    ///
    /// Whatever [`RowReader::open`] and [`RowReader::next_block`] find wrong; a table that is larger than the memory that is free.
    pub fn read(path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self, TableError> {
        let mut reader = RowReader::open(path, options)?;
        let (mut rows, mut values, mut lines, mut labels) = (0, Vec::new(), Vec::new(), Vec::new());
        let free = memory::available().unwrap_or(u64::MAX);
        while let Some(block) = reader.next_block(BLOCK)? {
            rows += block.rows;
            if 8 * (values.len() + block.values.len()) as u64 > free {
                let (file, row) =
                    (reader.name().to_owned(), block.lines.first().copied().unwrap_or_default());
                return Err(TableError::TooLarge { file, row, free: free >> 20 });
            }
            values.extend_from_slice(&block.values);
            lines.extend_from_slice(&block.lines);
            labels.extend(block.labels);
        }
        let (name, columns, dropped) =
            (reader.name().to_owned(), reader.columns().to_vec(), reader.dropped());
        Ok(Self { name, columns, rows, values, lines, labels, dropped })
    }

    /// A table of values that are at hand, row by row.
    ///
    /// # Panics
    ///
    /// If there is no column, or the number of values is no multiple of the number of columns.
    pub fn from_rows(columns: Vec<String>, values: Vec<f64>) -> Self {
        assert!(!columns.is_empty(), "a table needs a column");
        let (count, width) = (values.len(), columns.len());
        assert!(count.is_multiple_of(width), "{count} values do not make rows of {width} columns");
        let rows = count / width;
        let lines = (1..=rows as u64).collect();
        Self { name: "table".to_owned(), columns, rows, values, lines, labels: Vec::new(), dropped: 0 }
    }

    /// The values of row `i`.
    ///
    /// # Panics
    ///
    /// If there are not that many rows.
    pub fn row(&self, i: usize) -> &[f64] {
        let width = self.columns.len();
        &self.values[i * width..(i + 1) * width]
    }

    /// The values of a column, if there is one of that name.
    pub fn column(&self, name: &str) -> Option<Vec<f64>> {
        let place = self.columns.iter().position(|column| column == name)?;
        Some(self.values.iter().skip(place).step_by(self.columns.len()).copied().collect())
    }

    /// The table of some of the columns, in the order asked for.
    ///
    /// # Errors
    ///
    /// A column is not there, or asked for twice, or none is asked for.
    pub fn select(&self, columns: &[String]) -> Result<Self, TableError> {
        let places = choose(&self.name, &self.columns, Some(columns))?;
        let values =
            self.values.chunks_exact(self.columns.len()).flat_map(|row| places.iter().map(|&i| row[i]));
        Ok(Self {
            name: self.name.clone(),
            columns: columns.to_vec(),
            rows: self.rows,
            values: values.collect(),
            lines: self.lines.clone(),
            labels: self.labels.clone(),
            dropped: self.dropped,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn rows_and_columns_are_found() {
        let table = Table::from_rows(names(&["a", "b", "c"]), vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!((table.rows, table.row(1)), (2, &[4.0, 5.0, 6.0][..]));
        assert_eq!(table.column("b"), Some(vec![2.0, 5.0]));
        assert_eq!(table.column("d"), None);
    }

    #[test]
    fn columns_are_selected_in_order() {
        let table = Table::from_rows(names(&["a", "b", "c"]), vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        let part = table.select(&names(&["c", "a"])).unwrap();
        assert_eq!((part.columns, part.values), (names(&["c", "a"]), vec![3.0, 1.0, 6.0, 4.0]));
        let error = table.select(&names(&["d"])).unwrap_err().to_string();
        assert_eq!(error, "table: there is no column \"d\"; the columns are a, b, c");
    }

    #[test]
    #[should_panic(expected = "5 values do not make rows of 2 columns")]
    fn ragged_values_panic() {
        Table::from_rows(names(&["a", "b"]), vec![0.0; 5]);
    }
}
