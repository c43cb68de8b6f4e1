//! A few rows in slices of one number type.

use super::linear::places;
use super::units::{Typed, Units};
use super::{Layer, Pass};
use crate::flex::{inside, numbers, tensor};
use crate::real::{Real, sum};
use crate::univariate::{AnyBlock, Univariate, elements_of};
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::{Int, Tensor};

/// Rows as one list of numbers, the sums of their log-dets, and room for the work of a layer, kept from one to the next.
#[derive(Debug)]
pub(super) struct Host<T> {
    pub(super) count: usize,
    pub(super) x: Vec<T>,
    /// Empty before the first layer.
    pub(super) log_dets: Vec<T>,
    units: Units<T>,
    pub(super) at: Vec<T>,
    values: Vec<T>,
    slopes: Vec<T>,
    block: Option<Box<(Univariate, AnyBlock<T>)>>,
}

impl<T: Typed> Host<T> {
    /// Of contiguous rows of this number type; `None` for log-dets of another type or device.
    pub(super) fn new(x: &FlexTensor, log_dets: Option<&Tensor<1>>) -> Option<Self> {
        let log_dets = match log_dets {
            None => Vec::new(),
            Some(log_dets) => T::slice(&inside(log_dets.clone())?)?.to_vec(),
        };
        Some(Self {
            count: x.layout().shape()[0],
            x: numbers(x).to_vec(),
            log_dets,
            units: Units::default(),
            at: Vec::new(),
            values: Vec::new(),
            slopes: Vec::new(),
            block: None,
        })
    }

    /// See [`Rows::layer`](super::Rows::layer).
    pub(super) fn layer(
        &mut self,
        network: impl FnOnce(&mut Pass) -> Option<()>,
        layer: Layer<'_>,
    ) -> Option<()> {
        let mut units = std::mem::take(&mut self.units);
        units.start(&self.x, self.count, layer.seen);
        let mut pass = Pass { units: T::wrap(units) };
        network(&mut pass)?;
        self.units = T::unwrap(pass.units);
        self.apply(layer);
        Some(())
    }

    /// The univariate under the parameters that the network has made.
    fn apply(&mut self, layer: Layer<'_>) {
        let Layer { moved, univariate, direction, .. } = layer;
        let features = self.x.len() / self.count;
        let columns = moved.map_or(features, <[usize]>::len);
        let (wanted, params) = (columns * univariate.num_params(), self.units.values());
        assert_eq!(params.len(), self.count * wanted, "the network must give {wanted} parameters a row");
        let at = match moved {
            None => &self.x,
            Some(columns) => {
                self.at.clear();
                gather(&self.x, self.count, columns, &mut self.at);
                &self.at
            }
        };
        self.values.resize(at.len(), T::ZERO);
        self.slopes.resize(at.len(), T::ZERO);
        let block = match &mut self.block {
            Some(last) if last.0 == univariate => &mut last.1,
            other => &mut other.insert(Box::new((univariate, AnyBlock::new(univariate)))).1,
        };
        elements_of(block, direction, at, params, &mut self.values, &mut self.slopes);
        match moved {
            None => std::mem::swap(&mut self.x, &mut self.values),
            Some(columns) => {
                let moved = self.values.chunks_exact(columns.len().max(1));
                for (row, moved) in self.x.chunks_exact_mut(features).zip(moved) {
                    columns.iter().zip(moved).for_each(|(&column, &value)| row[column] = value);
                }
            }
        }
        self.log_dets.resize(self.count, T::ZERO);
        for (total, slopes) in self.log_dets.iter_mut().zip(self.slopes.chunks(columns.max(1))) {
            *total += T::of(sum(slopes, |s| s));
        }
    }

    /// See [`Rows::permute`](super::Rows::permute).
    pub(super) fn permute(&mut self, order: Tensor<1, Int>) -> Option<()> {
        let order = places(order, self.x.len() / self.count)?;
        self.values.clear();
        for row in self.x.chunks_exact(order.len()) {
            self.values.extend(order.iter().map(|&place| row[place]));
        }
        std::mem::swap(&mut self.x, &mut self.values);
        self.log_dets.resize(self.count, T::ZERO);
        Some(())
    }

    /// See [`Rows::finish`](super::Rows::finish).
    pub(super) fn into_tensors(self) -> (Tensor<2>, Option<Tensor<1>>) {
        let (rows, features) = (self.count, self.x.len() / self.count);
        let log_dets = (!self.log_dets.is_empty())
            .then(|| Tensor::from_primitive::<Flex>(tensor(self.log_dets, &[rows])));
        (Tensor::from_primitive::<Flex>(tensor(self.x, &[rows, features])), log_dets)
    }
}

/// These columns of each row, behind what `found` holds.
pub(super) fn gather<T: Real>(x: &[T], rows: usize, columns: &[usize], found: &mut Vec<T>) {
    for row in x.chunks_exact(x.len() / rows) {
        found.extend(columns.iter().map(|&column| row[column]));
    }
}
