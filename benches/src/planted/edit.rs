//! A flow's tensors by their paths.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Int, Tensor, TensorData};
use tissot::AnyFlow;

/// The flow after `change(path, values)` of every tensor of numbers or indices.
pub fn edit(flow: AnyFlow, change: impl FnMut(&str, &mut Vec<f64>)) -> AnyFlow {
    flow.map(&mut Edit { path: Vec::new(), change })
}

/// The path and the length of every tensor.
pub fn paths(flow: &AnyFlow) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    let _ = edit(flow.clone(), |path, values| found.push((path.to_owned(), values.len())));
    found
}

struct Edit<F> {
    path: Vec<String>,
    change: F,
}

impl<F: FnMut(&str, &mut Vec<f64>)> ModuleMapper for Edit<F> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.into());
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|tensor| {
            let (shape, site) = (tensor.dims(), (tensor.device(), tensor.dtype()));
            let mut values: Vec<f64> = tensor.into_data().iter().collect();
            (self.change)(&self.path.join("."), &mut values);
            Tensor::from_data(TensorData::new(values, shape), (&site.0, site.1))
        })
    }

    fn map_int<const D: usize>(&mut self, param: Param<Tensor<D, Int>>) -> Param<Tensor<D, Int>> {
        param.map(|tensor| {
            let (shape, device) = (tensor.dims(), tensor.device());
            let mut values: Vec<f64> = tensor.into_data().iter::<i64>().map(|v| v as f64).collect();
            (self.change)(&self.path.join("."), &mut values);
            let values: Vec<i64> = values.iter().map(|v| *v as i64).collect();
            Tensor::from_data(TensorData::new(values, shape), &device)
        })
    }
}
