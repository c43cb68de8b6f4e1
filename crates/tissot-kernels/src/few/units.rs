//! The units of a network at a few rows, in slices of one number type.

use super::host::gather;
use super::sum::add_rows;
use crate::activation::Activation;
use crate::dense::{Mask, finish};
use crate::flex::inside;
use crate::real::Real;
use burn::tensor::Tensor;

/// Units of either type.
#[derive(Debug)]
pub(super) enum Either {
    F32(Units<f32>),
    F64(Units<f64>),
}

/// A number type with its place in [`Either`].
pub(super) trait Typed: Real {
    fn wrap(units: Units<Self>) -> Either;

    /// # Panics
    /// For units of the other type: they do not change it.
    fn unwrap(units: Either) -> Units<Self>;
}

impl Typed for f32 {
    fn wrap(units: Units<Self>) -> Either {
        Either::F32(units)
    }

    fn unwrap(units: Either) -> Units<Self> {
        let Either::F32(units) = units else { unreachable!("units of f64") };
        units
    }
}

impl Typed for f64 {
    fn wrap(units: Units<Self>) -> Either {
        Either::F64(units)
    }

    fn unwrap(units: Either) -> Units<Self> {
        let Either::F64(units) = units else { unreachable!("units of f32") };
        units
    }
}

impl Either {
    pub(super) fn append(&mut self, columns: Tensor<2>) -> Option<()> {
        match self {
            Self::F32(units) => units.append(columns),
            Self::F64(units) => units.append(columns),
        }
    }

    pub(super) fn map(
        &mut self,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
        activation: Option<Activation>,
        mask: Option<&Mask>,
    ) -> Option<()> {
        match self {
            Self::F32(units) => units.map(weight, bias, activation, mask),
            Self::F64(units) => units.map(weight, bias, activation, mask),
        }
    }
}

/// The units that the last map gave, as one list of numbers: those of the first row, of the second, and so on.
#[derive(Debug, Default)]
pub(super) struct Units<T> {
    count: usize,
    h: Vec<T>,
    /// The room of the map before, for the next one.
    spare: Vec<T>,
}

impl<T: Real> Units<T> {
    /// Begins with these columns of `count` rows; with all, if none are named.
    pub(super) fn start(&mut self, x: &[T], count: usize, seen: Option<&[usize]>) {
        self.count = count;
        self.h.clear();
        match seen {
            None => self.h.extend_from_slice(x),
            Some(columns) => gather(x, count, columns, &mut self.h),
        }
    }

    pub(super) fn values(&self) -> &[T] {
        &self.h
    }

    fn append(&mut self, columns: Tensor<2>) -> Option<()> {
        let columns = inside(columns)?;
        let [found, width] = [0, 1].map(|axis| columns.layout().shape()[axis]);
        assert_eq!(found, self.count, "as many rows of columns");
        let columns = T::slice(&columns)?;
        let features = self.h.len() / self.count;
        let mut joined = Vec::with_capacity(self.h.len() + columns.len());
        for row in 0..self.count {
            joined.extend_from_slice(&self.h[row * features..(row + 1) * features]);
            joined.extend_from_slice(&columns[row * width..(row + 1) * width]);
        }
        self.h = joined;
        Some(())
    }

    fn map(
        &mut self,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
        activation: Option<Activation>,
        mask: Option<&Mask>,
    ) -> Option<()> {
        let weight = inside(weight)?;
        let [inputs, outputs] = [0, 1].map(|axis| weight.layout().shape()[axis]);
        assert_eq!(self.h.len(), self.count * inputs, "a weight of {inputs} rows for other inputs");
        if let Some(mask) = mask {
            assert_eq!([inputs, outputs], mask.shape(), "the mask must have the shape of the weight");
        }
        let values = T::slice(&weight)?;
        self.spare.clear();
        self.spare.resize(self.count * outputs, T::ZERO);
        if outputs > 0 {
            for (row, out) in self.spare.chunks_exact_mut(outputs).enumerate() {
                add_rows(out, &self.h[row * inputs..(row + 1) * inputs], values, mask);
            }
            match bias {
                None => finish(&mut self.spare, &mut [], &vec![T::ZERO; outputs], activation),
                Some(bias) => {
                    let bias = inside(bias)?;
                    let bias = T::slice(&bias)?;
                    assert_eq!(bias.len(), outputs, "a bias for each output");
                    finish(&mut self.spare, &mut [], bias, activation);
                }
            }
        }
        std::mem::swap(&mut self.h, &mut self.spare);
        Some(())
    }
}
