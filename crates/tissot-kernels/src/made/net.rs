//! The network as the caller has it, in tensors.

use crate::activation::Activation;
use burn::tensor::Tensor;

/// A masked linear map `h W + b` whose units have degrees: a weight counts unless it leads to a lower degree.
#[derive(Clone, Debug)]
pub struct Layer {
    /// `W`, `[inputs, units]`; masked weights may be anything.
    pub weight: Tensor<2>,
    /// `b`, `[units]`.
    pub bias: Option<Tensor<1>>,
    /// What else is added to the units of each row, `[rows, units]`: what comes of a context.
    pub added: Option<Tensor<2>>,
}

/// A masked autoencoder from features to parameters of features.
///
/// ```text
/// plain:         h_0 = act(x W_0 + b_0),  h_i = act(h_(i-1) W_i + b_i),             out = h_n W + b
/// with blocks:   s_0 = x W_0 + b_0,  s_j = s_(j-1) + L_(2j)(act(L_(2j-1)(act(s_(j-1))))),  out = s_n W + b
/// ```
///
/// The feature at place `k` of the order has degree `k + 1`, its outputs have degree `k`.
#[derive(Clone, Debug)]
pub struct Net {
    /// The features in the order in which they depend on one another; a permutation of all of them.
    pub order: Vec<usize>,
    /// The hidden layers; with blocks the first one, then two for each block.
    pub hidden: Vec<Layer>,
    /// The degrees of the units of each hidden layer, ascending, each below the number of features.
    pub degrees: Vec<Vec<usize>>,
    /// Whether the hidden layers after the first form residual blocks.
    pub blocks: bool,
    /// The last layer; feature `i` owns its columns `i * num_params .. (i + 1) * num_params`.
    pub last: Layer,
    /// What follows a hidden layer, or stands before each of a block's.
    pub activation: Activation,
}

impl Layer {
    fn inner(self) -> Self {
        Self {
            weight: self.weight.inner(),
            bias: self.bias.map(Tensor::inner),
            added: self.added.map(Tensor::inner),
        }
    }

    fn is_autodiff(&self) -> bool {
        let of = |tensor: &Tensor<2>| tensor.is_autodiff();
        of(&self.weight)
            || self.added.as_ref().is_some_and(of)
            || self.bias.as_ref().is_some_and(|bias| bias.is_autodiff())
    }
}

impl Net {
    /// Whether any of its tensors is on an autodiff device.
    pub fn is_autodiff(&self) -> bool {
        self.hidden.iter().chain([&self.last]).any(Layer::is_autodiff)
    }

    /// The same network without gradients.
    #[must_use]
    pub fn inner(self) -> Self {
        let hidden = self.hidden.into_iter().map(Layer::inner).collect();
        Self { hidden, last: self.last.inner(), ..self }
    }

    /// Panics where shapes do not fit.
    #[cfg(any(feature = "flex", feature = "cube"))]
    pub(super) fn check(&self, [rows, features]: [usize; 2], num_params: usize) {
        let net = self;
        let mut order = net.order.to_vec();
        order.sort_unstable();
        assert!(order.into_iter().eq(0..features), "the order is no permutation of {features} features");
        assert_eq!(net.hidden.len(), net.degrees.len(), "each hidden layer needs degrees");
        assert!(
            !net.blocks || net.hidden.len() % 2 == 1,
            "a layer and pairs of layers make a residual network"
        );
        let mut width = features;
        let outputs = features * num_params;
        let units = net.degrees.iter().map(|degrees| degrees.len()).chain([outputs]);
        for (layer, units) in net.hidden.iter().chain([&net.last]).zip(units) {
            assert_eq!(layer.weight.dims(), [width, units], "the shape of a weight");
            if let Some(bias) = &layer.bias {
                assert_eq!(bias.dims(), [units], "the shape of a bias");
            }
            if let Some(added) = &layer.added {
                assert_eq!(added.dims(), [rows, units], "the shape of what is added to a layer");
            }
            width = units;
        }
        for degrees in &net.degrees {
            assert!(
                degrees.is_sorted() && degrees.last().is_none_or(|&d| d < features),
                "degrees out of order"
            );
            assert!(
                !net.blocks || *degrees == net.degrees[0],
                "all layers of residual blocks share their degrees"
            );
        }
    }
}
