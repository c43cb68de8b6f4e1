//! A layer in a wrapping that may lie about its log-det.

use burn::module::Module;
use burn::tensor::Tensor;
use tissot::inspect::Sign;
use tissot::{Bijection, Context, Layer};

/// A layer whose log-dets are multiplied on their way out, by 1 for an honest one.
#[derive(Module, Debug)]
pub struct Wrapped {
    /// The layer.
    pub inner: Layer,
    /// What the log-det of forward is multiplied by.
    pub forward: f64,
    /// What the log-det of the inverse is multiplied by.
    pub inverse: f64,
}

impl Wrapped {
    /// The honest wrapping.
    pub fn honest(inner: Layer) -> Self {
        Self { inner, forward: 1.0, inverse: 1.0 }
    }
}

impl Bijection<2> for Wrapped {
    fn forward(&self, x: Tensor<2>, context: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let (z, log_det) = self.inner.forward(x, context);
        (z, log_det.mul_scalar(self.forward))
    }

    fn inverse(&self, z: Tensor<2>, context: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let (x, log_det) = self.inner.inverse(z, context);
        (x, log_det.mul_scalar(self.inverse))
    }

    fn examine(&self, x: &Tensor<2>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        self.inner.examine(x, context, note);
    }
}
