//! A peer's linear maps as this crate's.

use crate::common::Golden;
use burn::module::Param;
use burn::nn::Linear;
use burn::tensor::{Device, Tensor, TensorData};
use tissot::nets::sort_permutation;

/// The weights of a golden file.
pub struct Weights<'a> {
    /// The file.
    pub golden: &'a Golden,
    /// Where the weights go.
    pub device: &'a Device,
}

impl Weights<'_> {
    /// Whole numbers, such as the features that a mask names.
    pub fn indices(&self, key: &str) -> Vec<usize> {
        self.golden.read(&format!("weights.{key}")).0.into_iter().map(|v| v as usize).collect()
    }

    /// The linear map `key`: output `k` here is output `outputs[k]` there, inputs likewise; none is all in their order.
    pub fn linear(&self, key: &str, outputs: Option<&[usize]>, inputs: Option<&[usize]>) -> Linear {
        let (weight, shape) = self.golden.read(&format!("weights.{key}.weight"));
        let (bias, _) = self.golden.read(&format!("weights.{key}.bias"));
        let outputs = outputs.map_or_else(|| (0..shape[0]).collect(), <[usize]>::to_vec);
        let inputs = inputs.map_or_else(|| (0..shape[1]).collect(), <[usize]>::to_vec);
        assert_eq!([outputs.len(), inputs.len()], shape[..], "{key}");
        let weight =
            inputs.iter().flat_map(|i| outputs.iter().map(|o| weight[o * shape[1] + i]).collect::<Vec<_>>());
        let bias = outputs.iter().map(|&o| bias[o]);
        Linear {
            weight: Param::from_tensor(self.tensor(weight.collect(), [inputs.len(), outputs.len()])),
            bias: Some(Param::from_tensor(self.tensor(bias.collect(), [outputs.len()]))),
        }
    }

    fn tensor<const D: usize>(&self, values: Vec<f64>, shape: [usize; D]) -> Tensor<D> {
        Tensor::from_data(TensorData::new(values, shape), (self.device, burn::tensor::DType::F64))
    }
}

/// The order that sorts a peer's hidden units, after a check that they are the units of this crate's network.
pub fn sorted(peer: &[usize], own: &[usize]) -> Vec<usize> {
    let order = sort_permutation(peer);
    let degrees: Vec<usize> = order.iter().map(|&unit| peer[unit]).collect();
    assert_eq!(degrees, own, "the degrees of the hidden units");
    order
}
