//! The network in slices on the host.

use super::Net;
use super::number::Number;
use super::plan::Map;
use crate::activation::{Activation, Values, ValuesAndSlopes, show};
use crate::flex::inside;
use burn::backend::flex::FlexTensor;
use burn::tensor::Tensor;

/// Flex tensors, contiguous.
#[derive(Debug)]
pub(super) struct Stored {
    z: FlexTensor,
    layers: Vec<(FlexTensor, Option<FlexTensor>, Option<FlexTensor>)>,
    steps: Vec<Steps>,
}

/// How many inputs and units of a layer are known at each step; see [`Map`].
#[derive(Debug)]
struct Steps {
    known: Vec<usize>,
    ready: Vec<usize>,
}

impl Stored {
    /// The tensors of `net` and `z`, if all of them are Flex's.
    pub fn new(net: &Net, z: Tensor<2>) -> Option<Self> {
        let [_, features] = z.dims();
        let z = inside(z)?;
        let mut layers = Vec::with_capacity(net.hidden.len() + 1);
        for layer in net.hidden.iter().chain([&net.last]) {
            let bias = absent_or(layer.bias.clone().map(inside))?;
            let added = absent_or(layer.added.clone().map(inside))?;
            layers.push((inside(layer.weight.clone())?, bias, added));
        }
        let num_params = net.last.weight.dims()[1] / features;
        let mut steps: Vec<Steps> = Vec::with_capacity(layers.len());
        let mut known: Vec<usize> = (0..features).collect();
        for degrees in &net.degrees {
            let ready: Vec<usize> = (0..=features).map(|k| degrees.partition_point(|&d| d < k)).collect();
            let next = ready[1..].to_vec();
            steps.push(Steps { known, ready });
            known = next;
        }
        steps.push(Steps { known, ready: (0..=features).map(|k| k * num_params).collect() });
        Some(Self { z, layers, steps })
    }

    /// The same as slices, if all are of the type `T`.
    pub fn host<'a, T: Number>(&'a self, net: &'a Net) -> Option<Host<'a, T>> {
        let z = T::slice(&self.z)?;
        let features = net.order.len();
        let hidden = net.hidden.len();
        let mut layers = Vec::with_capacity(hidden + 1);
        for (i, ((weight, bias, added), Steps { known, ready })) in
            self.layers.iter().zip(&self.steps).enumerate()
        {
            let columns = weight.layout().shape()[1];
            let straight = net.order.iter().copied().eq(0..features);
            let map = Map {
                weight: T::slice(weight)?,
                columns,
                row_of: (i == 0 && !straight).then_some(&*net.order),
                column_of: (i == hidden && !straight).then_some((&*net.order, columns / features)),
                known,
                ready,
            };
            let bias = absent_or(bias.as_ref().map(T::slice))?;
            let added = absent_or(added.as_ref().map(T::slice))?;
            layers.push(HostLayer { map, bias, added });
        }
        Some(Host { order: &net.order, z, layers, blocks: net.blocks, activation: net.activation })
    }
}

/// `None` where something is there but not what is wanted.
#[allow(clippy::option_option)] // Absence and failure are two things here.
fn absent_or<T>(found: Option<Option<T>>) -> Option<Option<T>> {
    match found {
        None => Some(None),
        Some(found) => found.map(Some),
    }
}

/// A layer in slices.
#[derive(Debug)]
pub(super) struct HostLayer<'a, T> {
    pub map: Map<'a, T>,
    pub bias: Option<&'a [T]>,
    pub added: Option<&'a [T]>,
}

impl<T: Number> HostLayer<'_, T> {
    /// How many units it has.
    pub fn units(&self) -> usize {
        self.map.columns
    }

    /// Adds to the sums of the unit in this column, one a row from `row` on, what does not come of the features.
    ///
    /// There may be more sums than rows, those of no row.
    #[inline(always)]
    pub fn complete(&self, column: usize, row: usize, rows: usize, sums: &mut [T]) {
        if let Some(bias) = self.bias {
            let bias = bias[column];
            sums.iter_mut().for_each(|sum| *sum += bias);
        }
        if let Some(added) = self.added {
            let added = added[row * self.map.columns + column..].iter().step_by(self.map.columns);
            sums[..rows].iter_mut().zip(added).for_each(|(sum, &added)| *sum += added);
        }
    }
}

/// The network and the latent values in slices.
#[derive(Debug)]
pub(super) struct Host<'a, T> {
    pub order: &'a [usize],
    /// `[rows, features]`.
    pub z: &'a [T],
    /// The hidden layers and the last one.
    pub layers: Vec<HostLayer<'a, T>>,
    pub blocks: bool,
    pub activation: Activation,
}

/// What is done to units of a hidden layer when their sums are complete.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finish {
    /// The activation.
    Activate,
    /// They start the stream of the residual blocks; then the activation.
    Start,
    /// They are added to the stream; then the activation.
    Join,
    /// They are added to the stream, which the last layer sees as it is.
    JoinLast,
    /// Nothing: the stream, in a network without blocks after all.
    Keep,
}

impl<T: Number> Host<'_, T> {
    /// How many features there are.
    pub fn features(&self) -> usize {
        self.order.len()
    }

    /// How many parameters a feature has.
    pub fn num_params(&self) -> usize {
        self.layers[self.layers.len() - 1].units() / self.features()
    }

    /// The multiplications that one row needs, masked ones counted.
    pub fn work(&self) -> usize {
        self.layers.iter().map(|layer| layer.map.weight.len()).sum()
    }

    /// What the units of hidden layer `i` are due when their sums are complete.
    pub fn finish(&self, i: usize) -> Finish {
        let end = self.layers.len() - 2;
        match (self.blocks, i) {
            (true, 0) if end == 0 => Finish::Keep,
            (true, 0) => Finish::Start,
            (true, i) if i % 2 == 0 && i == end => Finish::JoinLast,
            (true, i) if i % 2 == 0 => Finish::Join,
            _ => Finish::Activate,
        }
    }

    /// Finishes units of hidden layer `i`; `stream` is their part of the residual stream, which only blocks have, and
    /// `slopes` is to hold the derivatives of their activations, if it is not empty.
    #[inline(always)]
    pub fn finish_units(&self, i: usize, units: &mut [T], stream: &mut [T], slopes: &mut [T]) {
        let finish = self.finish(i);
        match finish {
            Finish::Activate | Finish::Keep => {}
            Finish::Start => stream.copy_from_slice(units),
            Finish::Join | Finish::JoinLast => {
                for (stream, unit) in stream.iter_mut().zip(&mut *units) {
                    *stream += *unit;
                    *unit = *stream;
                }
            }
        }
        let as_it_is = matches!(finish, Finish::Keep | Finish::JoinLast);
        let activation = (!as_it_is).then_some(self.activation);
        if slopes.is_empty() {
            show(activation, Values(units));
        } else {
            show(activation, ValuesAndSlopes(units, slopes));
        }
    }
}
