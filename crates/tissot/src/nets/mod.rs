//! Conditioners: networks that make the parameters of univariates.

mod activation;
mod any;
mod check;
mod conv;
mod dense;
mod embedding;
mod incremental;
mod init;
mod input;
mod made;
mod masked;
mod mlp;
mod order;
mod residual;
mod residual_conv;
mod tangent;

pub use activation::Activation;
pub use any::{AnyConditioner, ConditionerConfig};
pub use conv::{ConvNet, ConvNetConfig, Convolution};
pub use embedding::EmbeddingConfig;
pub use made::{ContextRule, Made, MadeConfig};
pub use masked::{MaskedBlock, MaskedLinear, sort_permutation};
pub use mlp::{Mlp, MlpConfig};
pub use order::Order;
pub use residual::{ContextMode, ResidualBlock, ResidualMlp, ResidualMlpConfig};
pub use residual_conv::{GatedBlock, ResidualConvNet, ResidualConvNetConfig};
pub use tangent::Tangents;

use crate::bijection::Context;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;
use tissot_kernels::few::Pass;

/// How wide what a network sees is; on images, in channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inputs {
    /// The values that a layer keeps.
    pub values: usize,
    /// Features of the context.
    pub context: usize,
    /// Channels of the context maps.
    pub maps: usize,
}

impl Inputs {
    /// Values and context features, without maps.
    pub fn table(values: usize, context: usize) -> Self {
        Self { values, context, maps: 0 }
    }

    /// All together.
    pub fn all(&self) -> usize {
        self.values + self.context + self.maps
    }
}

/// A network from the values a layer keeps, and the context, to the parameters of the values it moves.
///
/// # Shapes
/// `x`: `[batch, inputs, ..]` -> `[batch, elements * num_params, ..]`; element `e` owns the outputs
/// `e * num_params .. (e + 1) * num_params` of axis 1.
pub trait Conditioner<const D: usize>: Module + ModuleDisplay + Sync {
    /// The parameters at `x` under `context`.
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> Tensor<D>;

    /// Takes a few rows through the network, for the kernel that does all of a layer in one call where there are no
    /// gradients: [`Conditioner::forward`], map by map.
    ///
    /// `None`, as by default, for a network that is more than linear maps one after another.
    ///
    /// # Panics
    /// Where [`Conditioner::forward`] would.
    fn pass(&self, rows: &mut Pass, context: Context<'_>) -> Option<()> {
        let _ = (rows, context);
        None
    }

    /// The network at `x` with tangents of it, for tables; `None`, as by default, where it has no rule for them.
    ///
    /// # Shapes
    /// `tangents`: `[batch or 1, directions, inputs]`.
    fn push(&self, x: Tensor<D>, tangents: Tensor<3>, context: Context<'_>) -> Option<Tangents> {
        let _ = (x, tangents, context);
        None
    }
}

/// A conditioner whose parameters for a feature depend only on the features before it in [`CausalConditioner::order`].
pub trait CausalConditioner: Conditioner<2> {
    /// The features in the order in which an inverse finds them; a permutation of `0..features`.
    fn order(&self) -> &[usize];

    /// The network under `context` as the kernel sees it that inverts feature by feature for the cost of one pass.
    ///
    /// `None`, as by default, where it cannot be seen so; then an inverse makes a pass for each feature.
    ///
    /// # Panics
    /// Where [`Conditioner::forward`] would.
    fn incremental(&self, context: Context<'_>) -> Option<tissot_kernels::made::Net> {
        let _ = context;
        None
    }
}
