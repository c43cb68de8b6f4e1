//! Rows in slices of one number type.

use super::sum::add_rows;
use crate::activation::Activation;
use crate::dense::{Mask, finish};
use crate::flex::inside;
use crate::real::Real;
use burn::tensor::Tensor;

/// Rows of either type.
#[derive(Debug)]
pub(super) enum Typed {
    F32(Rows<f32>),
    F64(Rows<f64>),
}

impl Typed {
    pub(super) fn append(&mut self, columns: Tensor<2>) -> Option<()> {
        match self {
            Self::F32(rows) => rows.append(columns),
            Self::F64(rows) => rows.append(columns),
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
            Self::F32(rows) => rows.map(weight, bias, activation, mask),
            Self::F64(rows) => rows.map(weight, bias, activation, mask),
        }
    }
}

/// Rows as one list of numbers.
#[derive(Debug)]
pub(super) struct Rows<T> {
    pub(super) count: usize,
    pub(super) h: Vec<T>,
    /// The room of the map before, for the next one.
    pub(super) spare: Vec<T>,
}

impl<T: Real> Rows<T> {
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
