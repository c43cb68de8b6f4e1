//! Rows through a model's flow, in its own units.

use super::Model;
use crate::base::Base;
use crate::bijection::Context;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{FloatDType, Int, Tensor, TensorData};
use rand::Rng;
use std::borrow::Cow;

impl Model {
    /// Whether the flow takes each row as an image `[channels, height, width]`.
    pub fn is_of_images(&self) -> bool {
        !self.config.positions.is_empty()
    }

    /// The flow's log-density of rows. What is not finite, though rows and weights are, has overflowed: it is found in f64 or, where
    /// that overflows too, -inf.
    pub(super) fn log_probs(&self, x: Vec<f64>, context: Context<'_>) -> Vec<f64> {
        let width = self.columns.len();
        let mut found = self.densities(self.tensor(x.clone(), width), context);
        let over: Vec<usize> = (0..found.len()).filter(|&row| !found[row].is_finite()).collect();
        if let Some(again) = self.exact_densities(&x, context, &over) {
            over.iter().zip(again).for_each(|(&row, value)| found[row] = value);
        }
        if found.iter().any(|value| value.is_nan()) && self.weights_are_finite() {
            found.iter_mut().filter(|value| value.is_nan()).for_each(|value| *value = f64::NEG_INFINITY);
        }
        found
    }

    /// Rows through the flow, forward or back.
    pub(super) fn mapped(&self, rows: Vec<f64>, context: Context<'_>, forward: bool) -> Vec<f64> {
        let rows = self.tensor(rows, self.columns.len());
        let dims = rows.dims();
        let found = match (self.is_of_images(), forward) {
            (false, true) => self.one_turn(self.flow.forward(rows, context).0),
            (false, false) => self.flow.inverse(rows, context).0,
            (true, true) => self.flow.forward(self.images(rows), context).0.reshape(dims),
            (true, false) => self.flow.inverse(self.images(rows), context).0.reshape(dims),
        };
        found.into_data().iter().collect()
    }

    /// New rows of the flow.
    pub(super) fn drawn(&self, n: usize, context: Context<'_>, rng: &mut dyn Rng) -> Tensor<2> {
        if self.is_of_images() {
            self.flow.sample::<4>(n, context, rng).reshape([n, self.columns.len()])
        } else {
            self.flow.sample(n, context, rng)
        }
    }

    /// Numbers where the flow is, in its type.
    pub(super) fn tensor(&self, values: Vec<f64>, columns: usize) -> Tensor<2> {
        let rows = values.len() / columns;
        Tensor::from_data(TensorData::new(values, [rows, columns]), (&self.flow.device(), self.flow.dtype()))
    }

    /// Rows as the images that the flow takes.
    fn images(&self, rows: Tensor<2>) -> Tensor<4> {
        let (n, event) = (rows.dims()[0], self.config.event());
        rows.reshape([n, event[0], event[1], event[2]])
    }

    fn densities(&self, x: Tensor<2>, context: Context<'_>) -> Vec<f64> {
        let found = if self.is_of_images() {
            self.flow.log_prob(self.images(x), context)
        } else {
            self.flow.log_prob(x, context)
        };
        found.into_data().iter().collect()
    }

    /// Latents with those on circles within one turn.
    fn one_turn(&self, z: Tensor<2>) -> Tensor<2> {
        match Base::<2>::circles(&self.flow.base) {
            Some(circles) => circles.wrap(z),
            None => z,
        }
    }

    /// The log-densities of some of the rows in f64; `None` for no rows, for a model that is f64, and on a device without f64.
    fn exact_densities(&self, rows: &[f64], context: Context<'_>, some: &[usize]) -> Option<Vec<f64>> {
        if some.is_empty() {
            return None;
        }
        let Cow::Owned(exact) = self.exact() else { return None };
        let width = self.columns.len();
        let values = some.iter().flat_map(|&row| &rows[row * width..(row + 1) * width]).copied().collect();
        let indices: Vec<i64> = some.iter().map(|&row| row as i64).collect();
        let indices =
            Tensor::<1, Int>::from_data(TensorData::new(indices, [some.len()]), &self.flow.device());
        let select = |context: &Tensor<2>| context.clone().select(0, indices).cast(FloatDType::F64);
        let features = context.features.map(select);
        let rows = exact.tensor(values, width);
        Some(exact.densities(rows, Context { features: features.as_ref(), maps: None }))
    }

    fn weights_are_finite(&self) -> bool {
        struct Finite(bool);
        impl ModuleVisitor for Finite {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                self.0 &= param.val().into_data().iter::<f64>().all(f64::is_finite);
            }
        }
        let mut finite = Finite(true);
        self.flow.visit(&mut finite);
        finite.0
    }
}
