//! The flows of FlowJAX 19 (Ward 2023): `tests/golden/PEERS.md` has the formulas.
//!
//! All layers are one tree whose arrays have a leading axis, the layer.

use super::Architecture;
use super::draft::{Draft, Pair, Site};
use super::merge::{Linear, Net};
use super::weights::Weights;
use crate::error::Error;
use crate::layers::{ActNormConfig, AutoregressiveConfig, CouplingConfig, Mask, PermutationConfig};
use crate::nets::{AnyConditioner, Made, MadeConfig};
use crate::univariate::{Affine, AnyUnivariate, LogScale, RationalQuadratic, SplineParams, Univariate};
use crate::{Layer, LayerConfig};

/// The flow as its presets make it: `Invert(Scan(Chain))`.
const ROOT: &str = "bijection.bijection.bijection.bijections.";
/// The map of the standard normal to a `Normal` base.
const BASE: &str = "base_dist.bijection.";
/// The end of a spline's interval, unless it is set.
const BOUND: f64 = 4.0;
/// FlowJAX's `min_width` (in units of x) and `min_derivative`.
const LEAST: f64 = 1e-3;
/// The law of the default affine transformer.
const SCALE: LogScale = LogScale::Softplus { epsilon: 1e-2 };

struct Reader<'a> {
    weights: &'a Weights<'a>,
    architecture: &'a Architecture,
    site: Site<'a>,
    layers: usize,
}

/// A flow.
pub fn read(weights: &Weights<'_>, architecture: &Architecture) -> Result<Draft, Error> {
    if !architecture.positions.is_empty() {
        return Err(Error::config("positions", "height and width", "none: FlowJAX has no flows of images"));
    }
    let order_key = format!("{ROOT}1.permutation.0");
    if !weights.has(&order_key) {
        let what = "expected a coupling_flow or masked_autoregressive_flow with invert=True and more than 2 features";
        return Err(weights.refused("", what));
    }
    let &[layers, features] = weights.shape(&order_key)? else {
        return Err(weights.refused(&order_key, "found other axes than [layers, features]"));
    };
    let causal = weights.any(&format!("{ROOT}0.masked_autoregressive_mlp."));
    let first =
        format!("{ROOT}0.{}.layers.0.weight{}", net_name(causal), if causal { ".args.1" } else { "" });
    let inputs = weights.shape(&first)?.last().copied().unwrap_or_default();
    let context = inputs.saturating_sub(if causal { features } else { features / 2 });
    let site = Site { features, positions: Vec::new(), context, device: weights.device };
    let reader = Reader { weights, architecture, site, layers };
    let orders = weights.indices(&order_key)?;
    let mut made = Vec::new();
    for layer in 0..layers {
        made.push(if causal { reader.autoregressive(layer)? } else { reader.coupling(layer)? });
        let order = orders[layer * features..(layer + 1) * features].to_vec();
        let config = LayerConfig::Permutation(PermutationConfig::Given(order));
        let permutation = reader.site.layer(&config, weights, &order_key)?;
        made.push((config, permutation));
    }
    let inverse = format!("{ROOT}1.inverse_permutation.0");
    if weights.has(&inverse) {
        weights.numbers_of(&inverse, layers * features)?;
    }
    if weights.has(&format!("{BASE}loc")) || weights.has(&format!("{BASE}loc.tree")) {
        made.push(reader.base()?);
    }
    Ok(Draft { features, context, layers: made })
}

fn net_name(causal: bool) -> &'static str {
    if causal { "masked_autoregressive_mlp" } else { "conditioner" }
}

impl Reader<'_> {
    /// The numbers of one layer of an array `[layers, ..]`, `count` of them.
    fn part(&self, key: &str, layer: usize, count: usize) -> Result<Vec<f64>, Error> {
        let all = self.weights.numbers_of(key, self.layers * count)?;
        Ok(all[layer * count..(layer + 1) * count].to_vec())
    }

    /// The network of one layer.
    fn net(&self, causal: bool, layer: usize) -> Result<Net, Error> {
        let key = format!("{ROOT}0.{}.layers.", net_name(causal));
        let count = self.weights.numbers_in_turn(&key)?;
        let map = |k: usize| {
            let name = format!("{key}{k}.weight{}", if causal { ".args.1" } else { "" });
            let &[_, rows, columns] = self.weights.shape(&name)? else {
                return Err(self.weights.refused(&name, "found other axes than [layers, outputs, inputs]"));
            };
            let weight = self.part(&name, layer, rows * columns)?;
            let weight = weight.chunks(columns.max(1)).map(<[f64]>::to_vec).collect();
            Ok(Linear { weight, bias: self.part(&format!("{key}{k}.bias"), layer, rows)? })
        };
        Ok(Net::new((0..count).map(map).collect::<Result<_, _>>()?, self.site.context))
    }

    /// The univariate of so many outputs for so many features, and its network with the constants that FlowJAX keeps outside.
    fn univariate(&self, mut net: Net, moved: usize) -> Result<(AnyUnivariate, Net), Error> {
        let (outputs, key) = (net.outputs(), format!("{ROOT}0."));
        let per = outputs / moved.max(1);
        let univariate: AnyUnivariate = match per {
            2 if per * moved == outputs => {
                let scale = self.architecture.scale.unwrap_or(SCALE);
                Affine { scale, ..Affine::default() }.into()
            }
            // Widths, heights, slopes with both ends.
            per if per * moved == outputs && per % 3 == 1 && per > 4 => {
                let bound = self.architecture.bound.unwrap_or(BOUND);
                let min_width = LEAST / (2.0 * bound);
                let parameters = SplineParams::FreeEnds { min_width, min_derivative: LEAST };
                RationalQuadratic { bins: per / 3, bound, parameters }.into()
            }
            _ => {
                let what = format!(
                    "found {outputs} outputs for {moved} features, expected 2 (affine) or 3 K + 1 (rational-quadratic spline of K \
                     bins) for each"
                );
                return Err(self.weights.refused(&key, what));
            }
        };
        let start = univariate.start();
        net.shift_outputs(|output| start[output % per]);
        Ok((univariate, net))
    }

    /// The base `Normal(loc, scale)`, held fast (`non_trainable`) or not, as the map that makes it the standard normal.
    fn base(&self) -> Result<Pair, Error> {
        let end = if self.weights.has(&format!("{BASE}loc.tree")) { ".tree" } else { "" };
        let n = self.site.features;
        let loc = self.weights.numbers_of(&format!("{BASE}loc{end}"), n)?;
        let raw = self.weights.numbers_of(&format!("{BASE}scale.args.0{end}"), n)?;
        let scale: Vec<f64> = raw.iter().map(|raw| raw.max(0.0) + (-raw.abs()).exp().ln_1p()).collect();
        let config = LayerConfig::ActNorm(ActNormConfig::default());
        let mut layer = self.site.layer(&config, self.weights, BASE)?;
        if let Layer::ActNorm(layer) = &mut layer {
            let shift = loc.iter().zip(&scale).map(|(loc, scale)| -loc / scale).collect();
            layer.log_scale = self.weights.param(scale.iter().map(|scale| -scale.ln()).collect(), [n]);
            layer.shift = self.weights.param(shift, [n]);
        }
        Ok((config, layer))
    }

    fn coupling(&self, layer: usize) -> Result<Pair, Error> {
        let kept = self.site.features / 2;
        let (univariate, net) = self.univariate(self.net(false, layer)?, self.site.features - kept)?;
        let conditioner = net.config(self.architecture.activation).into();
        let mask = Mask::Kept((0..kept).collect());
        let config =
            LayerConfig::Coupling(CouplingConfig { mask, univariate, conditioner, kept_univariate: None });
        let key = format!("{ROOT}0.conditioner");
        let mut layer = self.site.layer(&config, self.weights, &key)?;
        if let Layer::Coupling(layer) = &mut layer
            && let AnyConditioner::Mlp(to) = &mut layer.net
        {
            net.fill(self.weights, &key, to)?;
        }
        Ok((config, layer))
    }

    fn autoregressive(&self, layer: usize) -> Result<Pair, Error> {
        let (univariate, net) = self.univariate(self.net(true, layer)?, self.site.features)?;
        let (hidden, activation) = (net.hidden(), self.architecture.activation);
        let made = MadeConfig { hidden, activation, ..MadeConfig::default() };
        let config = LayerConfig::Autoregressive(AutoregressiveConfig { univariate, made });
        let key = format!("{ROOT}0.masked_autoregressive_mlp");
        let mut made = self.site.layer(&config, self.weights, &key)?;
        if let Layer::Autoregressive(to) = &mut made {
            self.fill(layer, &key, net, &mut to.net)?;
            to.net = to.net.clone().rezero();
        }
        Ok((config, made))
    }

    /// Puts a masked network into ours, whose hidden units are sorted by their degrees: here a rank plus 1.
    fn fill(&self, layer: usize, key: &str, net: Net, to: &mut Made) -> Result<(), Error> {
        let own = to.degrees().to_vec();
        let mut below: Option<Vec<usize>> = None;
        let hidden = to.layers.len();
        let maps = to.layers.iter_mut().chain([&mut to.last]);
        for (k, (map, linear)) in maps.zip(net.into_layers()).enumerate() {
            let name = format!("{key}.layers.{k}.weight");
            let units = if k < hidden {
                let n = self.site.features;
                let rank = |unit: usize| if self.site.context == 0 { unit % (n - 1) + 1 } else { unit % n };
                let degrees: Vec<usize> = (0..linear.bias.len()).map(rank).collect();
                Some(self.weights.sorted(&name, &degrees, &own[k])?)
            } else {
                None
            };
            let ordered = linear.reordered(units.as_deref(), below.as_deref());
            ordered.fill(self.weights, &name, &mut map.linear)?;
            let mask_key = format!("{name}.args.0");
            let [inputs, outputs] = map.linear.weight.dims();
            let mask = self.part(&mask_key, layer, inputs * outputs)?;
            let mask = Linear {
                weight: mask.chunks(inputs.max(1)).map(<[f64]>::to_vec).collect(),
                bias: vec![0.0; outputs],
            };
            let mask = mask.reordered(units.as_deref(), below.as_deref());
            let forbidden: Vec<bool> = map.forbidden().into_data().iter().collect();
            let same = |i: usize, o: usize| (mask.weight[o][i] == 0.0) == forbidden[i * outputs + o];
            if !(0..inputs).all(|i| (0..outputs).all(|o| same(i, o))) {
                return Err(self.weights.refused(&mask_key, "found a mask that is not that of its ranks"));
            }
            below = units;
        }
        Ok(())
    }
}
