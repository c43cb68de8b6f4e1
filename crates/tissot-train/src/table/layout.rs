//! How one number of an NPY array is stored.

use npyz::{DType, Endianness, TypeChar};

/// How a number is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Float,
    Signed,
    Unsigned,
}

/// The layout of one number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Layout {
    kind: Kind,
    /// How many bytes it takes.
    pub size: usize,
    big: bool,
}

impl Layout {
    /// Bytes as they are.
    pub(crate) const BYTE: Self = Self { kind: Kind::Unsigned, size: 1, big: false };

    /// The layout of a type, if it is one that is read.
    pub(crate) fn of(dtype: &DType) -> Option<Self> {
        let DType::Plain(plain) = dtype else { return None };
        let size = usize::try_from(plain.size_field()).ok()?;
        let kind = match (plain.type_char(), size) {
            (TypeChar::Float, 4 | 8) => Kind::Float,
            (TypeChar::Int, 1 | 2 | 4 | 8) => Kind::Signed,
            (TypeChar::Uint, 1 | 2 | 4 | 8) => Kind::Unsigned,
            _ => return None,
        };
        Some(Self { kind, size, big: plain.endianness() == Endianness::Big })
    }

    /// Whether numbers are bytes, from 0 to 255.
    pub(crate) fn is_byte(self) -> bool {
        self.kind == Kind::Unsigned && self.size == 1
    }

    /// Whether numbers are whole.
    pub(crate) fn is_whole(self) -> bool {
        self.kind != Kind::Float
    }

    /// The number in `bytes`; 64-bit integers are rounded to the nearest f64.
    pub(crate) fn value(self, bytes: &[u8]) -> f64 {
        let mut wide = [0; 8];
        wide[..self.size].copy_from_slice(bytes);
        if self.big {
            wide[..self.size].reverse();
        }
        let bits = u64::from_le_bytes(wide);
        let spare = 64 - 8 * self.size as u32;
        match self.kind {
            Kind::Float if self.size == 4 => f32::from_bits(bits as u32).into(),
            Kind::Float => f64::from_bits(bits),
            Kind::Signed => (((bits << spare) as i64) >> spare) as f64,
            Kind::Unsigned => bits as f64,
        }
    }
}
