//! Linear maps of which some weights are always 0, and the degrees that say which.

use super::tangent::State;
use super::{Activation, dense, init};
use burn::module::Module;
use burn::nn::{Dropout, Linear};
use burn::tensor::{Bool, Device, Int, Tensor, TensorData};
use rand::Rng;
use std::sync::Arc;
use tissot_kernels::dense::Mask;

/// A linear map `x W + b` between units with degrees: the weight from `i` to `j` is 0 unless
/// `degree(i) <= degree(j)`.
///
/// The mask is made from the degrees. A stored weight that should be 0 has no effect and no gradient. From the start on
/// such weights are stored as 0, and so they stay 0 under weight decay, averaging and clipping, and no pass has to copy
/// the others. With sorted degrees the mask is a staircase, of which only the blocks that are not 0 are multiplied:
/// see [`Mask`].
#[derive(Module, Debug)]
pub struct MaskedLinear {
    /// Weight `[inputs, outputs]` and bias `[outputs]`.
    pub linear: Linear,
    /// 1 where the weight is always 0. Not a Bool tensor: burn 0.22.1 cannot move those from a CPU to a GPU.
    forbidden: Tensor<2, Int>,
    /// The same as blocks.
    #[module(skip)]
    mask: Arc<Mask>,
}

impl MaskedLinear {
    /// `linear`, from units of the degrees `from` to units of the degrees `to`.
    pub(crate) fn new(linear: Linear, from: &[usize], to: &[usize], device: &Device) -> Self {
        let forbidden: Vec<i64> =
            from.iter().flat_map(|i| to.iter().map(move |j| i64::from(i > j))).collect();
        let forbidden = Tensor::from_data(TensorData::new(forbidden, [from.len(), to.len()]), device);
        let mask = Arc::new(Mask::from_degrees(from, to));
        Self { linear, forbidden, mask }.rezero()
    }

    /// The map of `x`, `[batch, inputs]` -> `[batch, outputs]`.
    pub fn forward(&self, x: Tensor<2>) -> Tensor<2> {
        dense::masked_map(&self.linear, x, None, &self.mask, || self.forbidden())
    }

    /// The map of `x`, then `activation`.
    pub(crate) fn forward_then(&self, x: Tensor<2>, activation: Activation) -> Tensor<2> {
        dense::masked_map(&self.linear, x, Some(activation), &self.mask, || self.forbidden())
    }

    /// `x W` alone.
    pub(super) fn weight_map(&self, x: Tensor<2>) -> Tensor<2> {
        dense::masked_weight_map(&self.linear, x, &self.mask, || self.forbidden())
    }

    /// The weight with 0 wherever it is masked.
    pub(super) fn weight(&self) -> Tensor<2> {
        self.linear.weight.val().mask_fill(self.forbidden(), 0.0)
    }

    /// Where the weight is always 0, `[inputs, outputs]`.
    pub fn forbidden(&self) -> Tensor<2, Bool> {
        self.forbidden.clone().bool()
    }

    /// The same map with 0 stored wherever the weight is masked: to call after weights were set from outside.
    #[must_use]
    pub fn rezero(self) -> Self {
        let Self { linear: Linear { weight, bias }, forbidden, mask } = self;
        let zero = forbidden.clone().bool();
        let weight = weight.map(|weight| {
            let require_grad = weight.is_require_grad();
            weight.detach().mask_fill(zero, 0.0).detach().set_require_grad(require_grad)
        });
        Self { linear: Linear { weight, bias }, forbidden, mask }
    }
}

/// Two masked maps beside a straight path: `h + L1 act(L0 act(h) + Lc c)`, all units with the degrees of `h`.
#[derive(Module, Debug)]
pub struct MaskedBlock {
    /// `L0`, `[hidden, hidden]`.
    pub first: MaskedLinear,
    /// `L1`, `[hidden, hidden]`.
    pub second: MaskedLinear,
    /// `Lc`, `[context, hidden]`, under [`ContextRule::Nflows`](super::ContextRule::Nflows).
    pub context_layer: Option<Linear>,
}

impl MaskedBlock {
    /// A block of units with these degrees, close to the identity; its own map of the context where a width is given.
    pub(crate) fn init(
        degrees: &[usize],
        context: Option<usize>,
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Self {
        let units = degrees.len();
        let first = init::linear(units, units, device, rng);
        let second = init::uniform_linear(units, units, init::NEARLY_ZERO, device, rng);
        Self {
            first: MaskedLinear::new(first, degrees, degrees, device),
            second: MaskedLinear::new(second, degrees, degrees, device),
            context_layer: context.map(|context| init::linear(context, units, device, rng)),
        }
    }

    /// What follows `h` under the context features `c`.
    pub(crate) fn forward(
        &self,
        h: Tensor<2>,
        c: Option<&Tensor<2>>,
        activation: Activation,
        dropout: &Dropout,
    ) -> Tensor<2> {
        let t = activation.apply(h.clone());
        let t = match (&self.context_layer, c) {
            (Some(layer), Some(c)) => {
                activation.apply(self.first.forward(t) + dense::map(layer, c.clone(), None))
            }
            _ => self.first.forward_then(t, activation),
        };
        h + self.second.forward(dropout.forward(t))
    }

    /// The same with tangents.
    pub(super) fn push(&self, state: State, c: Option<&Tensor<2>>, activation: Activation) -> State {
        let mut t = state.copy().activate(activation).masked(&self.first);
        if let (Some(layer), Some(c)) = (&self.context_layer, c) {
            t = t.shift(dense::map(layer, c.clone(), None));
        }
        state.add(t.activate(activation).masked(&self.second))
    }

    /// See [`MaskedLinear::rezero`].
    pub(crate) fn rezero(self) -> Self {
        Self { first: self.first.rezero(), second: self.second.rezero(), context_layer: self.context_layer }
    }
}

/// The degrees of `units` hidden units: `lowest, .., highest, lowest, ..` in turn, then sorted.
pub(crate) fn hidden_degrees(units: usize, lowest: usize, highest: usize) -> Vec<usize> {
    let mut degrees: Vec<usize> = (0..units).map(|unit| lowest + unit % (highest + 1 - lowest)).collect();
    degrees.sort_unstable();
    degrees
}

/// The places of another library's hidden units in the order in which a [`Made`](super::Made) stores them, by degree:
/// unit `k` here is unit `result[k]` there. Units of one degree keep their order.
///
/// To import weights, permute the rows and columns of each weight and the entries of each bias that belong to hidden
/// units, then call [`Made::rezero`](super::Made::rezero). nflows gives degrees as `(unit mod (features - 1)) + 1`; in
/// zuko a unit's degree is the number of features, without context, that its mask leads to.
///
/// ```
/// let nflows: Vec<usize> = (0..5).map(|unit| unit % 2 + 1).collect();
/// assert_eq!(tissot::nets::sort_permutation(&nflows), [0, 2, 4, 1, 3]);
/// ```
pub fn sort_permutation(peer_degrees: &[usize]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..peer_degrees.len()).collect();
    places.sort_by_key(|&place| peer_degrees[place]);
    places
}
