//! What the values of a column mean, and their numbers.

use parquet::basic::{ConvertedType, LogicalType, Type};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{ByteArray, DataType};
use parquet::errors::{ParquetError, Result};
use parquet::schema::types::ColumnDescriptor;

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Numbers: signed or not, divided by a power of ten.
    Number { unsigned: bool, divisor: f64 },
    /// Days, times or instants, as whole numbers.
    Time,
    /// Text.
    Text,
    /// Something else, in words.
    Other(&'static str),
}

impl Kind {
    pub(super) fn of(column: &ColumnDescriptor) -> Self {
        use ConvertedType as C;
        if column.max_rep_level() > 0 {
            return Self::Other("lists");
        }
        let (converted, logical) = (column.converted_type(), column.logical_type_ref());
        let time =
            matches!(logical, Some(LogicalType::Date | LogicalType::Time(_) | LogicalType::Timestamp(_)))
                || matches!(
                    converted,
                    C::DATE | C::TIME_MILLIS | C::TIME_MICROS | C::TIMESTAMP_MILLIS | C::TIMESTAMP_MICROS
                );
        let plain = Self::Number { unsigned: false, divisor: 1.0 };
        match column.physical_type() {
            Type::BOOLEAN | Type::FLOAT | Type::DOUBLE => plain,
            Type::INT32 | Type::INT64 if time => Self::Time,
            Type::INT32 | Type::INT64 if converted == C::DECIMAL => {
                Self::Number { unsigned: false, divisor: 10f64.powi(column.type_scale()) }
            }
            Type::INT32 | Type::INT64 => {
                let unsigned = matches!(converted, C::UINT_8 | C::UINT_16 | C::UINT_32 | C::UINT_64)
                    || matches!(logical, Some(LogicalType::Integer(kind)) if !kind.is_signed);
                Self::Number { unsigned, divisor: 1.0 }
            }
            Type::BYTE_ARRAY if converted == C::DECIMAL => Self::Other("decimals of more than 18 digits"),
            Type::BYTE_ARRAY => Self::Text,
            Type::INT96 => Self::Other("times of 96 bits"),
            Type::FIXED_LEN_BYTE_ARRAY if converted == C::DECIMAL => {
                Self::Other("decimals of more than 18 digits")
            }
            Type::FIXED_LEN_BYTE_ARRAY if logical == Some(&LogicalType::Float16) => {
                Self::Other("numbers of 16 bits")
            }
            Type::FIXED_LEN_BYTE_ARRAY => Self::Other("bytes"),
        }
    }

    /// What it is called in messages.
    pub(super) fn told(self) -> &'static str {
        match self {
            Self::Number { .. } => "numbers",
            Self::Time => "times",
            Self::Text => "text",
            Self::Other(what) => what,
        }
    }
}

/// Some values of a column; what is missing is NaN, or `None`.
pub(super) enum Values {
    Numbers(Vec<f64>),
    Texts(Vec<Option<ByteArray>>),
}

impl Values {
    /// The next `rows` values.
    pub(super) fn read(reader: &mut ColumnReader, kind: Kind, top: i16, rows: usize) -> Result<Self> {
        let (unsigned, divisor) = match kind {
            Kind::Number { unsigned, divisor } => (unsigned, divisor),
            _ => (false, 1.0),
        };
        let numbers = match reader {
            ColumnReader::BoolColumnReader(reader) => batch(reader, top, rows, |&v| f64::from(u8::from(v))),
            ColumnReader::Int32ColumnReader(reader) if unsigned => {
                batch(reader, top, rows, |&v| f64::from(v as u32))
            }
            ColumnReader::Int32ColumnReader(reader) => batch(reader, top, rows, |&v| f64::from(v) / divisor),
            ColumnReader::Int64ColumnReader(reader) if unsigned => {
                batch(reader, top, rows, |&v| v as u64 as f64)
            }
            ColumnReader::Int64ColumnReader(reader) => batch(reader, top, rows, |&v| v as f64 / divisor),
            ColumnReader::FloatColumnReader(reader) => batch(reader, top, rows, |&v| f64::from(v)),
            ColumnReader::DoubleColumnReader(reader) => batch(reader, top, rows, |&v| v),
            ColumnReader::ByteArrayColumnReader(reader) => {
                return Ok(Self::Texts(batch(reader, top, rows, |text| Some(text.clone()))?));
            }
            _ => return Err(ParquetError::General("a column of another type than the schema's".to_owned())),
        };
        Ok(Self::Numbers(numbers?))
    }
}

/// What stands for a value that is missing.
trait Gap {
    const GAP: Self;
}

impl Gap for f64 {
    const GAP: Self = Self::NAN;
}

impl<T> Gap for Option<T> {
    const GAP: Self = None;
}

/// The next `rows` values, converted; `top` is the definition level of a value that is there.
fn batch<T: DataType, V: Gap>(
    reader: &mut ColumnReaderImpl<T>,
    top: i16,
    rows: usize,
    convert: impl Fn(&T::T) -> V,
) -> Result<Vec<V>> {
    let (mut levels, mut values) = (Vec::new(), Vec::new());
    let (found, ..) = reader.read_records(rows, Some(&mut levels), None, &mut values)?;
    if found != rows {
        return Err(ParquetError::General("a column has fewer values than there are rows".to_owned()));
    }
    if levels.is_empty() {
        return Ok(values.iter().map(convert).collect());
    }
    let mut values = values.iter();
    let mut value = |&level: &i16| if level == top { values.next().map_or(V::GAP, &convert) } else { V::GAP };
    Ok(levels.iter().map(&mut value).collect())
}
