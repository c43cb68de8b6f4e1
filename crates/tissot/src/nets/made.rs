//! The masked autoencoder for distribution estimation.

use super::masked::{MaskedBlock, MaskedLinear, hidden_degrees};
use super::tangent::{State, Tangents};
use super::{Activation, Conditioner, Order, check, dense, init, input};
use crate::bijection::Context;
use crate::error::Error;
use burn::module::Module;
use burn::nn::{Dropout, DropoutConfig, Linear};
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};
use tissot_kernels::few::Pass;

/// How a [`Made`] sees its context.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ContextRule {
    /// Beside the features, as inputs of degree 0, with hidden units of degree 0, so that every feature depends on it.
    #[default]
    Input,
    /// As in nflows: `act(Wc c + bc)` is added behind the first layer, and `Wc c + bc` within each residual block. No
    /// hidden unit has degree 0, so that the first feature does not depend on the context; with one feature, where
    /// nothing else is left, the rule is [`ContextRule::Input`].
    Nflows,
}

/// How to make a [`Made`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct MadeConfig {
    /// The units of each hidden layer, first to last; with residual blocks one number, for all layers. Give at least as
    /// many as there are features, or some dependencies have no unit to go through.
    pub hidden: Vec<usize>,
    /// The number of residual blocks; 0 for a plain network.
    pub blocks: usize,
    /// The order of the features.
    pub order: Order,
    /// What follows each hidden layer, or stands before both linear maps of a block.
    pub activation: Activation,
    /// The probability that a hidden unit is dropped while training, at least 0 and below 1.
    pub dropout: f64,
    /// How the context comes in.
    pub context_rule: ContextRule,
}

impl Default for MadeConfig {
    fn default() -> Self {
        Self {
            hidden: vec![128, 128],
            blocks: 0,
            order: Order::default(),
            activation: Activation::default(),
            dropout: 0.0,
            context_rule: ContextRule::default(),
        }
    }
}

impl MadeConfig {
    /// A network from `features` values and `context` context features to `start.len()` parameters for each
    /// feature, which at its start gives `start` for each, whatever it sees.
    ///
    /// With one feature and no context there is nothing to depend on: no hidden layers, and the same for every sample.
    ///
    /// # Errors
    /// [`Error::Config`] for no features, a layer without units, several widths in a residual network, an order that
    /// is none, a dropout outside `[0, 1)`, no parameters, and [`ContextRule::Nflows`] without a hidden layer.
    pub fn init(
        &self,
        features: usize,
        context: usize,
        start: &[f64],
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Result<Made, Error> {
        self.init_of(features, &[], context, &vec![start.to_vec(); features], device, rng)
    }

    /// The same with parameters of its own for each feature, and second inputs of the features `twice` behind the
    /// others: what is seen of a feature that lies on a circle.
    pub(crate) fn init_of(
        &self,
        features: usize,
        twice: &[usize],
        context: usize,
        starts: &[Vec<f64>],
        device: &Device,
        rng: &mut dyn Rng,
    ) -> Result<Made, Error> {
        let order = self.validate(features, context, starts.iter().map(Vec::len).min().unwrap_or(0))?;
        let alone = features == 1 && context == 0;
        let beside = context > 0 && (features == 1 || self.context_rule == ContextRule::Input);
        let through = (context > 0 && !beside).then_some(context);

        let mut place = vec![0; features];
        order.iter().enumerate().for_each(|(k, &feature)| place[feature] = k);
        let seen = (0..features).chain(twice.iter().copied()).map(|feature| place[feature] + 1);
        let mut below: Vec<usize> = if alone { vec![0] } else { seen.collect() };
        below.extend(std::iter::repeat_n(0, if beside { context } else { 0 }));

        let (mut degrees, mut layers) = (Vec::new(), Vec::new());
        for &units in if alone { &[][..] } else { &self.hidden } {
            let above = hidden_degrees(units, usize::from(!beside), features - 1);
            let linear = init::linear(below.len(), units, device, rng);
            layers.push(MaskedLinear::new(linear, &below, &above, device));
            degrees.push(above.clone());
            below = above;
        }
        let context_layer = through.map(|context| init::linear(context, self.hidden[0], device, rng));
        let blocks = if alone { 0 } else { self.blocks };
        let blocks = (0..blocks).map(|_| MaskedBlock::init(&below, through, device, rng)).collect();

        let owned = place.iter().zip(starts);
        let outputs: Vec<usize> = owned.flat_map(|(&k, start)| std::iter::repeat_n(k, start.len())).collect();
        let last = init::constant_linear(below.len(), &starts.concat(), device);
        Ok(Made {
            layers,
            context_layer,
            blocks,
            last: MaskedLinear::new(last, &below, &outputs, device),
            dropout: DropoutConfig::new(self.dropout).init(),
            activation: self.activation,
            order,
            degrees,
            features,
            inputs: features + twice.len(),
            context,
        })
    }

    /// The order of the features, if all is well.
    fn validate(&self, features: usize, context: usize, num_params: usize) -> Result<Vec<usize>, Error> {
        if features == 0 {
            return Err(Error::config("features", 0, "at least 1"));
        }
        check::widths(&self.hidden)?;
        check::common(self.activation, self.dropout, num_params)?;
        if self.blocks > 0 && self.hidden.len() != 1 {
            let expected = format!("one, that of all {} residual blocks", self.blocks);
            return Err(Error::config("hidden", format!("{} widths", self.hidden.len()), expected));
        }
        if self.context_rule == ContextRule::Nflows && context > 0 && features > 1 && self.hidden.is_empty() {
            return Err(Error::config(
                "context_rule",
                "Nflows without a hidden layer",
                "Input, or hidden layers",
            ));
        }
        self.order.features(features)
    }
}

/// A masked autoencoder: one pass gives the parameters of all features, those of each from the features before it.
///
/// Each unit has a degree. The feature at place `k = 0, 1, ..` of the order has degree `k + 1`, context features have
/// degree 0, and the outputs for it have degree `k`; hidden units have the degrees `1, .., features - 1`, and 0 where
/// context features are inputs, in turn. A weight may be other than 0 only from a degree to the same or a higher one.
/// Hidden units are stored sorted by degree, which makes the masks staircases; see [`sort_permutation`].
///
/// * plain: `h_i = dropout(act(h_(i-1) W_i + b_i))`, `out = h_n W + b`;
/// * with blocks: `h = x W_0 + b_0`, then per block `h + L1 dropout(act(L0 act(h)))`, `out = h W + b`.
///
/// [`ContextRule`] says where the context comes in. At its start `W` is 0, so that the output is `b`. Dropout acts
/// wherever the weights are on an autodiff device: evaluate with [`Module::valid`].
///
/// Germain et al., "MADE: Masked Autoencoder for Distribution Estimation", 2015, sections 3 and 4; Papamakarios et al.,
/// "Masked Autoregressive Flow for Density Estimation", 2017.
///
/// # Shapes
/// `x`: `[batch, features]`, context features: `[batch, context]` -> `[batch, features * num_params]`. Feature `i` owns
/// the columns `i * num_params .. (i + 1) * num_params`, whatever the order.
///
/// [`sort_permutation`]: super::sort_permutation
#[derive(Module, Debug)]
pub struct Made {
    /// The hidden layers, first to last; with residual blocks one, before them.
    pub layers: Vec<MaskedLinear>,
    /// What adds the context behind the first layer, under [`ContextRule::Nflows`].
    pub context_layer: Option<Linear>,
    /// The residual blocks, first to last.
    pub blocks: Vec<MaskedBlock>,
    /// The last layer. Its only input is a constant 1 in a network of one feature without context.
    pub last: MaskedLinear,
    pub(super) dropout: Dropout,
    #[module(skip)]
    pub(super) activation: Activation,
    pub(super) order: Vec<usize>,
    #[module(skip)]
    pub(super) degrees: Vec<Vec<usize>>,
    pub(super) features: usize,
    pub(super) inputs: usize,
    pub(super) context: usize,
}

impl Made {
    /// The degrees of the units of each hidden layer, sorted; all layers of the residual blocks have those of the
    /// only one.
    pub fn degrees(&self) -> &[Vec<usize>] {
        &self.degrees
    }

    /// The same network with 0 stored for every masked weight.
    ///
    /// To call after weights were set from outside. Masked weights have no effect in any case, but unless they are 0
    /// they count in norms of the weights, and each pass has to copy the weights without them.
    #[must_use]
    pub fn rezero(self) -> Self {
        Self {
            layers: self.layers.into_iter().map(MaskedLinear::rezero).collect(),
            blocks: self.blocks.into_iter().map(MaskedBlock::rezero).collect(),
            last: self.last.rezero(),
            ..self
        }
    }

    /// What the first layer sees, and the context features where they come in behind it.
    fn inputs(&self, x: Tensor<2>, context: Context<'_>) -> (Tensor<2>, Option<Tensor<2>>) {
        if self.context_layer.is_some() {
            let features = input::features(context, self.context);
            return (input::join(x, context, self.inputs, 0), Some(features));
        }
        let joined = input::join(x, context, self.inputs, self.context);
        let alone = self.features == 1 && self.context == 0;
        (if alone { input::constant(&joined) } else { joined }, None)
    }
}

impl Conditioner<2> for Made {
    /// The parameters at `x`.
    ///
    /// # Panics
    /// Where `x` or the context has another width than the network was made for.
    fn forward(&self, x: Tensor<2>, context: Context<'_>) -> Tensor<2> {
        let (mut h, c) = self.inputs(x, context);
        for (i, layer) in self.layers.iter().enumerate() {
            let plain = self.blocks.is_empty();
            h = match (i, &self.context_layer, &c) {
                (0, Some(through), Some(c)) => {
                    let h = layer.forward(h) + dense::map(through, c.clone(), Some(self.activation));
                    if plain { self.activation.apply(h) } else { h }
                }
                _ if plain => layer.forward_then(h, self.activation),
                _ => layer.forward(h),
            };
            if plain {
                h = self.dropout.forward(h);
            }
        }
        for block in &self.blocks {
            h = block.forward(h, c.as_ref(), self.activation, &self.dropout);
        }
        self.last.forward(h)
    }

    fn pass(&self, rows: &mut Pass, context: Context<'_>) -> Option<()> {
        let alone = self.features == 1 && self.context == 0;
        if alone || self.context_layer.is_some() || !self.blocks.is_empty() {
            return None;
        }
        if self.context > 0 {
            rows.append(input::features(context, self.context))?;
        }
        for layer in &self.layers {
            layer.pass(rows, Some(self.activation))?;
        }
        self.last.pass(rows, None)
    }

    fn push(&self, x: Tensor<2>, tangents: Tensor<3>, context: Context<'_>) -> Option<Tangents> {
        let (h, c) = self.inputs(x, context);
        // The constant input of a network with no other does not move.
        let alone = self.features == 1 && self.context == 0;
        let mut state = State::new(h, if alone { tangents.zeros_like() } else { tangents });
        for (i, layer) in self.layers.iter().enumerate() {
            state = state.masked(layer);
            if let (0, Some(through), Some(c)) = (i, &self.context_layer, &c) {
                state = state.shift(dense::map(through, c.clone(), Some(self.activation)));
            }
            if self.blocks.is_empty() {
                state = state.activate(self.activation);
            }
        }
        let state = self.blocks.iter().fold(state, |s, block| block.push(s, c.as_ref(), self.activation));
        Some(Tangents::of_masked(state, &self.last))
    }
}
