//! The networks of nflows.

use super::Reader;
use crate::error::Error;
use crate::interop::weights::{Reorder, Weights};
use crate::nets::{
    Activation, AnyConditioner, ConditionerConfig, ContextMode, ContextRule, Made, MadeConfig, Mlp,
    MlpConfig, ResidualMlp, ResidualMlpConfig,
};

/// A network that was found.
pub struct Found {
    /// What makes it.
    pub config: ConditionerConfig,
    /// Its last layer's weight.
    pub last: String,
    pub outputs: usize,
    /// The units of its last hidden layer.
    pub hidden: usize,
    pub is_residual: bool,
}

impl Reader<'_> {
    /// The network of a coupling: a residual one, or linear layers of a `Sequential`.
    pub fn conditioner(&self, key: &str, inputs: usize) -> Result<Found, Error> {
        let (weights, activation) = (self.weights, self.architecture.activation);
        let rows = |key: &str| weights.shape(key).map(|shape| shape.first().copied().unwrap_or_default());
        if weights.any(&format!("{key}.initial_layer.")) {
            let last = format!("{key}.final_layer.weight");
            let hidden = rows(&format!("{key}.initial_layer.weight"))?;
            let blocks = weights.numbers_in_turn(&format!("{key}.blocks."))?;
            let config = ResidualMlpConfig {
                hidden,
                blocks,
                activation,
                context: ContextMode::Gate,
                ..Default::default()
            };
            return Ok(Found {
                config: config.into(),
                outputs: rows(&last)?,
                last,
                hidden,
                is_residual: true,
            });
        }
        let places = weights.numbers(&format!("{key}."));
        let name = |place: usize| format!("{key}.{place}.weight");
        if places.is_empty() || !places.iter().enumerate().all(|(k, &place)| place == 2 * k) {
            let what = "expected linear layers 0, 2, 4, .. with activations between, or a ResidualNet";
            return Err(weights.refused(key, what));
        }
        let widths = places.iter().map(|&place| rows(&name(place))).collect::<Result<Vec<_>, _>>()?;
        let (outputs, hidden) = widths.split_last().map_or((0, &[][..]), |(last, hidden)| (*last, hidden));
        let found = weights.columns(&name(0))?;
        if found != inputs + self.site.context {
            let what = format!("found {found} inputs, expected the {inputs} features that are kept");
            return Err(weights.refused(&name(0), what));
        }
        let last = name(2 * hidden.len());
        let config = MlpConfig { hidden: hidden.to_vec(), activation, ..Default::default() };
        let hidden = hidden.last().copied().unwrap_or(1);
        Ok(Found { config: config.into(), last, outputs, hidden, is_residual: false })
    }
}

/// Puts the weights of a coupling's network into it.
pub fn conditioner(
    weights: &Weights<'_>,
    key: &str,
    outputs: Reorder<'_>,
    net: &mut AnyConditioner,
) -> Result<(), Error> {
    match net {
        AnyConditioner::Mlp(net) => plain(weights, key, outputs, net),
        AnyConditioner::Residual(net) => residual(weights, key, outputs, net),
        _ => Err(weights.refused(key, "is no network of tables")),
    }
}

/// Linear layers 0, 2, 4, .. of a `Sequential`.
pub fn plain(weights: &Weights<'_>, key: &str, outputs: Reorder<'_>, net: &mut Mlp) -> Result<(), Error> {
    for (i, layer) in net.hidden.iter_mut().enumerate() {
        weights.linear(&format!("{key}.{}", 2 * i), None, None, layer)?;
    }
    weights.linear(&format!("{key}.{}", 2 * net.hidden.len()), outputs, None, &mut net.last)
}

fn residual(
    weights: &Weights<'_>,
    key: &str,
    outputs: Reorder<'_>,
    net: &mut ResidualMlp,
) -> Result<(), Error> {
    weights.linear(&format!("{key}.initial_layer"), None, None, &mut net.initial)?;
    for (i, block) in net.blocks.iter_mut().enumerate() {
        let key = format!("{key}.blocks.{i}");
        weights.linear(&format!("{key}.linear_layers.0"), None, None, &mut block.first)?;
        weights.linear(&format!("{key}.linear_layers.1"), None, None, &mut block.second)?;
        if let Some(gate) = &mut block.gate {
            weights.linear(&format!("{key}.context_layer"), None, None, gate)?;
        }
    }
    weights.linear(&format!("{key}.final_layer"), outputs, None, &mut net.last)
}

/// What makes a masked network.
pub fn made_config(weights: &Weights<'_>, key: &str, activation: Activation) -> Result<MadeConfig, Error> {
    let units = weights.shape(&format!("{key}.initial_layer.weight"))?.first().copied().unwrap_or_default();
    let count = weights.numbers_in_turn(&format!("{key}.blocks."))?;
    let residual = weights.any(&format!("{key}.blocks.0.linear_layers."));
    let (hidden, blocks) = if residual { (vec![units], count) } else { (vec![units; count + 1], 0) };
    Ok(MadeConfig { hidden, blocks, activation, context_rule: ContextRule::Nflows, ..Default::default() })
}

/// Puts the weights of a masked network into it.
pub fn made(
    weights: &Weights<'_>,
    key: &str,
    features: usize,
    outputs: Reorder<'_>,
    net: &mut Made,
) -> Result<(), Error> {
    let units = net.layers.first().map_or(0, |layer| layer.linear.weight.dims()[1]);
    let degrees_key = format!("{key}.initial_layer.degrees");
    let degrees = match weights.has(&degrees_key) {
        true => weights.indices(&degrees_key)?,
        false => (0..units).map(|unit| unit % (features - 1).max(1) + 1).collect(),
    };
    let own = net.degrees().first().cloned().unwrap_or_default();
    let units = weights.sorted(&degrees_key, &degrees, &own)?;
    let units = Some(&units[..]);
    if let Some((first, rest)) = net.layers.split_first_mut() {
        weights.masked(&format!("{key}.initial_layer"), units, None, first)?;
        for (i, layer) in rest.iter_mut().enumerate() {
            weights.masked(&format!("{key}.blocks.{i}.linear"), units, units, layer)?;
        }
    }
    if let Some(layer) = &mut net.context_layer {
        weights.linear(&format!("{key}.context_layer"), units, None, layer)?;
    }
    for (i, block) in net.blocks.iter_mut().enumerate() {
        let key = format!("{key}.blocks.{i}");
        weights.masked(&format!("{key}.linear_layers.0"), units, units, &mut block.first)?;
        weights.masked(&format!("{key}.linear_layers.1"), units, units, &mut block.second)?;
        if let Some(layer) = &mut block.context_layer {
            weights.linear(&format!("{key}.context_layer"), units, None, layer)?;
        }
    }
    weights.masked(&format!("{key}.final_layer"), outputs, units, &mut net.last)?;
    *net = net.clone().rezero();
    Ok(())
}
