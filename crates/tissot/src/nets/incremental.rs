//! A [`Made`] as the kernel sees it that inverts feature by feature.

use super::{CausalConditioner, Made, MaskedLinear, input};
use crate::bijection::Context;
use burn::nn::Linear;
use tissot_kernels::made::{Layer, Net};

impl CausalConditioner for Made {
    fn order(&self) -> &[usize] {
        &self.order
    }

    /// The parts that the context has in the sums of the units are computed here, once.
    fn incremental(&self, context: Context<'_>) -> Option<Net> {
        // Dropout would have to drop the same units in every pass.
        let drops = self.dropout.prob > 0.0 && self.last.linear.weight.val().is_autodiff();
        if drops || self.inputs != self.features || (self.features == 1 && self.context == 0) {
            return None;
        }
        let c = (self.context > 0).then(|| input::features(context, self.context));
        let mut layers = self.layers.iter().map(plain).collect::<Vec<_>>();
        let mut last = plain(&self.last);
        if let (Some(c), None) = (&c, &self.context_layer) {
            // the context features are the last inputs of the first layer, and all of its units may see them
            let first = layers.first_mut().unwrap_or(&mut last);
            let [inputs, _] = first.weight.dims();
            let beside = first.weight.clone().narrow(0, self.features, inputs - self.features);
            first.weight = first.weight.clone().narrow(0, 0, self.features);
            first.added = Some(c.clone().matmul(beside));
        }
        if let (Some(c), Some(layer)) = (&c, &self.context_layer) {
            layers[0].added = Some(self.activation.apply(layer.forward(c.clone())));
        }
        for block in &self.blocks {
            let mut first = plain(&block.first);
            if let (Some(c), Some(layer)) = (&c, &block.context_layer) {
                first.added = Some(layer.forward(c.clone()));
            }
            layers.extend([first, plain(&block.second)]);
        }
        let mut degrees = self.degrees.clone();
        if !self.blocks.is_empty() {
            degrees.resize(layers.len(), self.degrees[0].clone());
        }
        Some(Net {
            order: self.order.clone(),
            hidden: layers,
            degrees,
            blocks: !self.blocks.is_empty(),
            last,
            activation: self.activation.kernel(),
        })
    }
}

/// A masked map with nothing added.
fn plain(layer: &MaskedLinear) -> Layer {
    let Linear { weight, bias } = &layer.linear;
    Layer { weight: weight.val(), bias: bias.as_ref().map(|bias| bias.val()), added: None }
}
