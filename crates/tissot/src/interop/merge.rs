//! Perceptrons on the host, for what has no counterpart here as it is: outputs in another order or scaled, two of them side by
//! side.

use super::weights::Weights;
use crate::error::Error;
use crate::nets::{Activation, Mlp, MlpConfig};

/// A linear map: rows are outputs.
pub struct Linear {
    pub weight: Vec<Vec<f64>>,
    pub bias: Vec<f64>,
}

/// Linear maps with activations between.
pub struct Net {
    layers: Vec<Linear>,
    /// The last of the inputs, which a second network shares.
    context: usize,
}

impl Net {
    /// Of these maps, first to last; `context` of the first one's inputs are the context's.
    pub fn new(layers: Vec<Linear>, context: usize) -> Self {
        Self { layers, context }
    }

    /// The layers 0, 2, 4, .. of a `Sequential`.
    pub fn read(weights: &Weights<'_>, key: &str, context: usize) -> Result<Self, Error> {
        let places = weights.numbers(&format!("{key}."));
        if places.is_empty() || !places.iter().enumerate().all(|(k, &place)| place == 2 * k) {
            let what = "expected linear layers 0, 2, 4, .. with activations between";
            return Err(weights.refused(key, what));
        }
        let layer = |place: usize| {
            let (name, columns) =
                (format!("{key}.{place}.weight"), weights.columns(&format!("{key}.{place}.weight"))?);
            let weight: Vec<Vec<f64>> =
                weights.read(&name)?.chunks(columns.max(1)).map(<[f64]>::to_vec).collect();
            let bias = weights.numbers_of(&format!("{key}.{place}.bias"), weight.len())?;
            Ok(Linear { weight, bias })
        };
        let layers = places.into_iter().map(layer).collect::<Result<Vec<Linear>, Error>>()?;
        let fits =
            |pair: &[Linear]| pair[1].weight.first().is_some_and(|row| row.len() == pair[0].bias.len());
        if layers.windows(2).all(fits) {
            Ok(Self { layers, context })
        } else {
            Err(weights.refused(key, "found layers that do not fit one another"))
        }
    }

    /// Two networks of the same inputs as one: the outputs of `first`, then those of `second`. `None` where they have not as many
    /// layers, or not the same inputs.
    pub fn beside(first: Self, second: Self) -> Option<Self> {
        let (context, inputs) = (first.context, first.inputs());
        if first.layers.len() != second.layers.len() || inputs != second.inputs() {
            return None;
        }
        let join = |(k, (a, b)): (usize, (Linear, Linear))| {
            let (left, right) = (a.weight.first().map_or(0, Vec::len), b.weight.first().map_or(0, Vec::len));
            let above =
                a.weight.into_iter().map(|row| if k == 0 { row } else { [row, vec![0.0; right]].concat() });
            let below =
                b.weight.into_iter().map(|row| if k == 0 { row } else { [vec![0.0; left], row].concat() });
            Linear { weight: above.chain(below).collect(), bias: [a.bias, b.bias].concat() }
        };
        let layers = first.layers.into_iter().zip(second.layers).enumerate().map(join).collect();
        Some(Self { layers, context })
    }

    fn inputs(&self) -> usize {
        self.layers.first().and_then(|layer| layer.weight.first()).map_or(0, Vec::len)
    }

    /// How many outputs it has.
    pub fn outputs(&self) -> usize {
        self.layers.last().map_or(0, |layer| layer.bias.len())
    }

    /// Outputs that are all `s`, then all `t`, as the pairs `t, s` of each element.
    #[must_use]
    pub fn halves_to_pairs(mut self) -> Self {
        let half = self.outputs() / 2;
        if let Some(last) = self.layers.last_mut() {
            let order = (0..half).flat_map(|e| [half + e, e]);
            let (weight, bias) = order.map(|o| (last.weight[o].clone(), last.bias[o])).unzip();
            *last = Linear { weight, bias };
        }
        self
    }

    /// Multiplies each output.
    pub fn scale_outputs(&mut self, factor: impl Fn(usize) -> f64) {
        if let Some(last) = self.layers.last_mut() {
            for (output, (row, bias)) in last.weight.iter_mut().zip(&mut last.bias).enumerate() {
                row.iter_mut().for_each(|w| *w *= factor(output));
                *bias *= factor(output);
            }
        }
    }

    /// Adds to the bias of each output.
    pub fn shift_outputs(&mut self, shift: impl Fn(usize) -> f64) {
        if let Some(last) = self.layers.last_mut() {
            last.bias.iter_mut().enumerate().for_each(|(output, bias)| *bias += shift(output));
        }
    }

    /// The widths of the hidden layers.
    pub fn hidden(&self) -> Vec<usize> {
        self.layers.iter().rev().skip(1).rev().map(|layer| layer.bias.len()).collect()
    }

    /// What makes such a perceptron.
    pub fn config(&self, activation: Activation) -> MlpConfig {
        MlpConfig { hidden: self.hidden(), activation, ..MlpConfig::default() }
    }

    /// Puts the weights into a perceptron of this configuration.
    pub fn fill(&self, weights: &Weights<'_>, key: &str, to: &mut Mlp) -> Result<(), Error> {
        let maps = to.hidden.iter_mut().chain([&mut to.last]);
        for (map, layer) in maps.zip(&self.layers) {
            layer.fill(weights, key, map)?;
        }
        Ok(())
    }

    /// The maps, first to last.
    pub fn into_layers(self) -> Vec<Linear> {
        self.layers
    }
}

impl Linear {
    /// Rows and columns in another order, as [`Weights::linear`] takes them.
    #[must_use]
    pub fn reordered(&self, outputs: Option<&[usize]>, inputs: Option<&[usize]>) -> Self {
        let at = |order: Option<&[usize]>, k: usize| order.map_or(k, |order| order[k]);
        let row = |o: usize| {
            let row = &self.weight[at(outputs, o)];
            (0..row.len()).map(|i| row[at(inputs, i)]).collect()
        };
        let rows = self.bias.len();
        Self {
            weight: (0..rows).map(row).collect(),
            bias: (0..rows).map(|o| self.bias[at(outputs, o)]).collect(),
        }
    }

    /// Puts it into a map of burn's, of the same size.
    pub fn fill(&self, weights: &Weights<'_>, key: &str, to: &mut burn::nn::Linear) -> Result<(), Error> {
        let [inputs, outputs] = to.weight.dims();
        let columns = self.weight.first().map_or(0, Vec::len);
        if (columns, self.bias.len()) != (inputs, outputs) {
            let what =
                format!("found a map of {columns} to {}, expected {inputs} to {outputs}", self.bias.len());
            return Err(weights.refused(key, what));
        }
        let values = (0..inputs).flat_map(|i| self.weight.iter().map(move |row| row[i])).collect();
        to.weight = weights.param(values, [inputs, outputs]);
        to.bias = Some(weights.param(self.bias.clone(), [outputs]));
        Ok(())
    }
}
