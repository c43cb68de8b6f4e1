//! A convolution's weight, bias and activation.

use crate::activation::Activation;
use crate::device::is_on_host;
use burn::tensor::{DType, Tensor};

/// A convolution and what follows it: `act(f (W * x) + b)`.
#[derive(Clone, Debug)]
pub struct Layer {
    /// `[outputs, inputs, size, size]`, `size` odd.
    pub weight: Tensor<4>,
    /// `f`, `[outputs]`; none are ones.
    pub factors: Option<Tensor<1>>,
    /// `b`, `[outputs]`; none are zeros.
    pub bias: Option<Tensor<1>>,
    /// What follows the sum.
    pub activation: Option<Activation>,
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Way {
    /// By burn's own operation.
    Burn,
    /// One product of positions.
    Positions,
    /// A product of patches.
    Patches,
    /// The sum of the patches that a product gives.
    Sums,
}

impl Layer {
    /// How it is computed for images of `channels` channels.
    ///
    /// # Panics
    /// Where images, weight, factors and bias do not fit together, a kernel is even or not square, and for activations with
    /// impossible settings.
    pub(super) fn way(&self, channels: usize, dtype: DType) -> Way {
        let [outputs, inputs, size, width] = self.weight.dims();
        assert_eq!(channels, inputs, "x has {channels} channels, but the weight {inputs}");
        assert!(size == width && size % 2 == 1, "a kernel must be square and odd; found {size} x {width}");
        assert!(dtype == self.weight.dtype(), "numbers of one type");
        for each in [&self.factors, &self.bias].into_iter().flatten() {
            assert_eq!(each.dims(), [outputs], "a bias and a factor for each output");
            assert!(dtype == each.dtype(), "numbers of one type");
        }
        self.activation.into_iter().for_each(Activation::check);
        match size {
            _ if !is_on_host(&self.weight.device(), dtype) => Way::Burn,
            1 => Way::Positions,
            _ if outputs > inputs => Way::Patches,
            _ => Way::Sums,
        }
    }

    pub(super) fn outputs(&self) -> usize {
        self.weight.dims()[0]
    }

    /// `[inputs, outputs]` of a weight of size 1.
    pub(super) fn matrix(&self) -> Tensor<2> {
        let [outputs, inputs, ..] = self.weight.dims();
        self.scaled_weight().reshape([outputs, inputs]).swap_dims(0, 1)
    }

    /// The weight times the factors.
    pub(super) fn scaled_weight(&self) -> Tensor<4> {
        match &self.factors {
            None => self.weight.clone(),
            Some(factors) => self.weight.clone() * factors.clone().reshape([factors.dims()[0], 1, 1, 1]),
        }
    }

    #[cfg(feature = "flex")]
    pub(super) fn factors_or_ones(&self) -> Tensor<1> {
        self.factors.clone().unwrap_or_else(|| self.full(1.0))
    }

    #[cfg(feature = "flex")]
    pub(super) fn bias_or_zeros(&self) -> Tensor<1> {
        self.bias.clone().unwrap_or_else(|| self.full(0.0))
    }

    #[cfg(feature = "flex")]
    fn full(&self, value: f64) -> Tensor<1> {
        let options = (&self.weight.device().inner(), self.weight.dtype());
        Tensor::full([self.outputs()], value, options)
    }
}
