//! Convolutions, composed.

use crate::activation::{Activation, apply};
use burn::tensor::Tensor;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;

/// Images inside a convolutional network.
#[derive(Clone, Debug)]
pub struct Maps(Tensor<4>);
impl Maps {
    /// Of images.
    pub fn new(x: Tensor<4>) -> Self {
        Self(x)
    }
    /// One convolution.
    pub fn convolve(
        self,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        activation: Option<Activation>,
    ) -> Self {
        let p = weight.dims()[2] / 2;
        let y = conv2d(self.0, weight, bias, ConvOptions::new([1, 1], [p, p], [1, 1], 1));
        Self(match activation {
            Some(a) => apply(y, a),
            None => y,
        })
    }
    /// Activated.
    pub fn activate(self, a: Activation) -> Self {
        Self(apply(self.0, a))
    }
    /// Sum.
    #[allow(clippy::should_implement_trait)]
    pub fn add(self, o: Self) -> Self {
        Self(self.0 + o.0)
    }
    /// Product.
    pub fn multiply(self, o: Self) -> Self {
        Self(self.0 * o.0)
    }
    /// Out.
    pub fn into_image(self) -> Tensor<4> {
        self.0
    }
}
