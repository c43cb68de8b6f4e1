//! Rows on their way through a network.

use crate::activation::Activation;
use crate::dense::Mask;
use burn::tensor::Tensor;

/// What a network has made of some rows so far.
#[derive(Debug)]
pub struct Pass {
    #[cfg(feature = "flex")]
    pub(super) units: super::units::Either,
}

#[cfg_attr(not(feature = "flex"), allow(unused_variables, clippy::unused_self))]
impl Pass {
    /// Puts `columns` behind each row; `None` for a tensor of another device or number type.
    ///
    /// # Shapes
    /// `[rows, width]`.
    ///
    /// # Panics
    /// For another number of rows.
    pub fn append(&mut self, columns: Tensor<2>) -> Option<()> {
        #[cfg(feature = "flex")]
        return self.units.append(columns);
        #[cfg(not(feature = "flex"))]
        None
    }

    /// Each row becomes `act(h W + b)`, or `h W + b` without an activation; weights outside of `mask` count as 0. `None` for
    /// tensors of another device or number type.
    ///
    /// # Shapes
    /// `weight`: `[inputs, outputs]`, `bias`: `[outputs]`.
    ///
    /// # Panics
    /// Where they do not fit the rows.
    pub fn map(
        &mut self,
        weight: Tensor<2>,
        bias: Option<Tensor<1>>,
        activation: Option<Activation>,
        mask: Option<&Mask>,
    ) -> Option<()> {
        #[cfg(feature = "flex")]
        return self.units.map(weight, bias, activation, mask);
        #[cfg(not(feature = "flex"))]
        None
    }
}
