//! The same weights in f64.

use super::spread::relative;
use super::subject::{Conditions, Subject};
use crate::base::Base;
use crate::bijection::Bijection;
use crate::dtype;
use crate::flow::Flow;
use crate::inspect::jacobian::host;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::{DType, FloatDType, Tensor};

/// The flow in f64.
pub(super) struct Precise<T, B> {
    pub flow: Flow<T, B>,
}

impl<T: Module + ModuleDisplay, B: Module + ModuleDisplay> Precise<T, B> {
    /// A copy, where the flow is in another type and its device has f64.
    pub fn of<const D: usize>(subject: &Subject<'_, D, T, B>) -> Option<Self> {
        if subject.flow.dtype() == DType::F64 || !dtype::has_f64(&subject.x.device()) {
            return None;
        }
        let flow = subject.flow.clone().to_dtype(FloatDType::F64).ok()?;
        Some(Self { flow })
    }

    /// How far log-densities are from those in f64, relative to `max(1, |log-density|)`.
    pub fn compare<const D: usize>(&self, x: &Tensor<D>, given: &Conditions, log_prob: &[f64]) -> Vec<f64>
    where
        T: Bijection<D>,
        B: Base<D>,
    {
        let given = given.cast(DType::F64);
        let (z, log_det) = self.flow.bijection.forward(x.clone().cast(DType::F64), given.context());
        let exact = host(self.flow.base.log_prob(z, given.context()) + log_det);
        log_prob.iter().zip(exact).map(|(found, exact)| relative(*found, exact)).collect()
    }
}
