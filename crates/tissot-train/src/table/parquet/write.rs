//! Rows into a Parquet file.

use std::io;
use std::sync::Arc;

use parquet::basic::{Compression, Repetition, Type as Physical};
use parquet::data_type::DoubleType;
use parquet::errors::{ParquetError, Result};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;

use super::super::output::Output;

/// How many numbers are gathered before a group of rows is written, and the fewest and most rows of a group.
const GROUP: usize = 1 << 22;
const FEWEST: usize = 1 << 10;
const MOST: usize = 1 << 17;

/// Writes columns of f64 without gaps.
pub(crate) struct ParquetWriter {
    writer: SerializedFileWriter<Output>,
    columns: Vec<Vec<f64>>,
    most: usize,
}

impl ParquetWriter {
    pub(crate) fn new(output: Output, names: &[impl AsRef<str>]) -> io::Result<Self> {
        let start = || {
            let field = |name: &str| {
                Type::primitive_type_builder(name, Physical::DOUBLE)
                    .with_repetition(Repetition::REQUIRED)
                    .build()
                    .map(Arc::new)
            };
            let fields = names.iter().map(|name| field(name.as_ref())).collect::<Result<_>>()?;
            let schema = Type::group_type_builder("schema").with_fields(fields).build()?;
            let properties = WriterProperties::builder()
                .set_created_by(concat!("tissot ", env!("CARGO_PKG_VERSION")).to_owned())
                .set_compression(Compression::SNAPPY)
                .set_dictionary_enabled(false)
                .build();
            SerializedFileWriter::new(output, Arc::new(schema), Arc::new(properties))
        };
        Ok(Self {
            writer: start().map_err(super::io)?,
            columns: vec![Vec::new(); names.len()],
            most: (GROUP / names.len()).clamp(FEWEST, MOST),
        })
    }

    pub(crate) fn write_row(&mut self, row: &[f64]) -> io::Result<()> {
        self.columns.iter_mut().zip(row).for_each(|(column, &value)| column.push(value));
        if self.columns[0].len() == self.most { self.write_group().map_err(super::io) } else { Ok(()) }
    }

    /// Writes what is left and puts the file where it is to be.
    pub(crate) fn finish(mut self) -> io::Result<()> {
        if !self.columns[0].is_empty() {
            self.write_group().map_err(super::io)?;
        }
        self.writer.into_inner().map_err(super::io)?.finish()
    }

    fn write_group(&mut self) -> Result<()> {
        let mut group = self.writer.next_row_group()?;
        for values in &mut self.columns {
            let no_column = || ParquetError::General("the schema has fewer columns than rows".to_owned());
            let mut column = group.next_column()?.ok_or_else(no_column)?;
            column.typed::<DoubleType>().write_batch(values, None, None)?;
            column.close()?;
            values.clear();
        }
        group.close()?;
        Ok(())
    }
}
