//! A shift of each element.

use super::{Univariate, param};
use crate::Error;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use tissot_kernels::made::{self, ColumnInverse};

/// Adds a shift to each element: `y = x + t`, with log-derivative 0.
///
/// One parameter an element: `t`. Additive couplings are made of it (Dinh et al. 2015, NICE, section 3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shift;

impl Shift {
    /// Checks the configuration, in which nothing can be wrong.
    ///
    /// # Errors
    /// None.
    pub fn validate(&self) -> Result<(), Error> {
        Ok(())
    }
}

impl Univariate for Shift {
    fn num_params(&self) -> usize {
        1
    }

    fn start(&self) -> Vec<f64> {
        vec![0.0]
    }

    fn elementwise(&self, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
        let slopes = x.zeros_like();
        (x + param(&params, 0), slopes)
    }

    fn elementwise_inverse(&self, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
        let slopes = y.zeros_like();
        (y - param(&params, 0), slopes)
    }

    fn column_inverse(&self) -> Option<Box<dyn ColumnInverse>> {
        Some(Box::new(made::Shift))
    }
}
