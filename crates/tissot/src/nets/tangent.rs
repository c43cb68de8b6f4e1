//! Networks' own rules for tangents.

use super::{Activation, MaskedLinear, dense};
use crate::bijection::expanded;
use burn::nn::Linear;
use burn::tensor::Tensor;

/// A network up to its last linear map, with tangents: what is needed for `J t` of what follows it, without making the
/// tangents of all of its outputs.
#[derive(Debug)]
pub struct Tangents {
    /// What the last map sees, `[batch, hidden]`.
    hidden: Tensor<2>,
    /// Its tangents, `[batch, directions, hidden]`.
    tangents: Tensor<3>,
    /// The weight of the last map, `[hidden, outputs]`.
    weight: Tensor<2>,
    /// Its bias.
    bias: Option<Tensor<1>>,
}

impl Tangents {
    /// Of a network whose last map has this weight, `[hidden, outputs]`, and this bias.
    ///
    /// # Shapes
    /// `hidden`: `[batch, hidden]`; `tangents`: `[batch or 1, directions, hidden]`.
    pub fn new(hidden: Tensor<2>, tangents: Tensor<3>, weight: Tensor<2>, bias: Option<Tensor<1>>) -> Self {
        let ([batch, _], [_, directions, units]) = (hidden.dims(), tangents.dims());
        Self { hidden, tangents: expanded(tangents, [batch, directions, units]), weight, bias }
    }

    /// Behind `state`, before a linear map.
    pub(super) fn of_linear(state: State, last: &Linear) -> Self {
        Self::new(state.h, state.t, last.weight.val(), last.bias.as_ref().map(|bias| bias.val()))
    }

    /// Behind `state`, before a masked linear map.
    pub(super) fn of_masked(state: State, last: &MaskedLinear) -> Self {
        Self::new(state.h, state.t, last.weight(), last.linear.bias.as_ref().map(|bias| bias.val()))
    }

    /// The outputs, `[batch, outputs]`.
    pub fn outputs(&self) -> Tensor<2> {
        let out = self.hidden.clone().matmul(self.weight.clone());
        match &self.bias {
            Some(bias) => out + bias.clone().unsqueeze(),
            None => out,
        }
    }

    /// `sum_p by_outputs[e, p] t[e, p]` over the tangents `t` of the outputs, `[batch, directions, elements]`, of which
    /// element `e` owns `e * p .. (e + 1) * p`.
    ///
    /// The weight is contracted first, for each sample: that is cheaper by a factor of `p`.
    ///
    /// # Shapes
    /// `by_outputs`: `[batch, elements, p]`.
    ///
    /// # Panics
    /// Where it does not fit the outputs.
    pub fn contract(self, by_outputs: Tensor<3>) -> Tensor<3> {
        let ([_, elements, p], [units, _]) = (by_outputs.dims(), self.weight.dims());
        let weight = self.weight.reshape([units, elements, p]).permute([1, 2, 0]);
        let weight = by_outputs.swap_dims(0, 1).matmul(weight); // [elements, batch, hidden]
        self.tangents.matmul(weight.permute([1, 2, 0]))
    }
}

/// A network's state on the way: values `[batch, units]` and tangents `[batch or 1, directions, units]`.
pub(super) struct State {
    pub h: Tensor<2>,
    pub t: Tensor<3>,
}

impl State {
    /// At the inputs, of which those behind the ones that have tangents (the context) do not move.
    pub fn new(h: Tensor<2>, t: Tensor<3>) -> Self {
        let ([_, width], [batch, directions, inputs]) = (h.dims(), t.dims());
        let t = if width > inputs {
            let still = Tensor::zeros([batch, directions, width - inputs], (&t.device(), t.dtype()));
            Tensor::cat(vec![t, still], 2)
        } else {
            t
        };
        Self { h, t }
    }

    /// Through a linear map.
    pub fn linear(self, layer: &Linear) -> Self {
        let t = rows(self.t, |t| dense::weight_map(layer, t));
        Self { h: dense::map(layer, self.h, None), t }
    }

    /// Through a masked linear map.
    pub fn masked(self, layer: &MaskedLinear) -> Self {
        let t = rows(self.t, |t| layer.weight_map(t));
        Self { h: layer.forward(self.h), t }
    }

    /// Through an activation.
    pub fn activate(self, activation: Activation) -> Self {
        let slope = activation.slope(self.h.clone());
        Self { h: activation.apply(self.h), t: self.t * slope.unsqueeze_dim(1) }
    }

    /// With what does not move added.
    pub fn shift(self, by: Tensor<2>) -> Self {
        Self { h: self.h + by, ..self }
    }

    /// Times what does not move.
    pub fn scale(self, by: &Tensor<2>) -> Self {
        Self { h: self.h * by.clone(), t: self.t * by.clone().unsqueeze_dim(1) }
    }

    /// With another state added.
    pub fn add(self, other: Self) -> Self {
        Self { h: self.h + other.h, t: self.t + other.t }
    }

    /// The same again.
    pub fn copy(&self) -> Self {
        Self { h: self.h.clone(), t: self.t.clone() }
    }
}

/// `[batch, directions, n]` as rows through `map`.
fn rows(t: Tensor<3>, map: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Tensor<3> {
    let [batch, directions, n] = t.dims();
    let t = map(t.reshape([batch * directions, n]));
    let [_, n] = t.dims();
    t.reshape([batch, directions, n])
}
