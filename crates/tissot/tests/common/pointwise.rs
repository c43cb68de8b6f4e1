//! A conditioner for images: the same small network at every position.

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use tissot::Context;
use tissot::nets::Conditioner;

/// `b + W x` at each position, at its start `b`.
#[derive(Module, Debug)]
pub struct Pointwise {
    weight: Param<Tensor<2>>,
    bias: Param<Tensor<1>>,
}

impl Pointwise {
    /// From `inputs` channels to `outputs`, `start` for each element.
    pub fn new(inputs: usize, outputs: usize, start: &[f64], device: &Device) -> Self {
        let bias = start.repeat(outputs / start.len());
        Self {
            weight: Param::from_tensor(Tensor::zeros([outputs, inputs], device)),
            bias: Param::from_tensor(Tensor::from_data(TensorData::new(bias, [outputs]), device)),
        }
    }
}

impl Conditioner<4> for Pointwise {
    fn forward(&self, x: Tensor<4>, _: Context<'_>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let maps = x.reshape([batch, channels, height * width]);
        let out = self.weight.val().unsqueeze::<3>().matmul(maps);
        let outputs = self.bias.dims()[0];
        (out + self.bias.val().reshape([1, outputs, 1])).reshape([batch, outputs, height, width])
    }
}
