//! The flows of nflows 0.14 (Durkan et al. 2020).

mod nets;

pub use nets::plain;

use super::Architecture;
use super::draft::{Draft, Pair, Site};
use super::weights::Weights;
use crate::error::Error;
use crate::inverse::Inverse;
use crate::layers::{
    ActNormConfig, AutoregressiveConfig, CouplingConfig, DiagonalLaw, LuLinear, LuLinearConfig, Mask,
    PermutationConfig, PermutationPlace,
};
use crate::univariate::{Affine, AnyUnivariate, LogScale, RationalQuadratic, Shift, SplineParams};
use crate::{Chain, Layer, LayerConfig};

/// nflows' `tail_bound`.
const BOUND: f64 = 1.0;

/// What is read of a checkpoint.
struct Reader<'a> {
    weights: &'a Weights<'a>,
    architecture: &'a Architecture,
    site: Site<'a>,
}

/// A flow, a transform, or a single layer.
pub fn read(weights: &Weights<'_>, architecture: &Architecture) -> Result<Draft, Error> {
    let (features, context) = sizes(weights)?;
    let site = Site { features, positions: architecture.positions.clone(), context, device: weights.device };
    let reader = Reader { weights, architecture, site };
    // A `Flow` holds its transform; anywhere else that name is an inverse.
    let root = if weights.any("_transform.") { "_transform." } else { "" };
    let layers = match reader.layer(root)? {
        (LayerConfig::Chain(configs), Layer::Chain(chain)) => configs.into_iter().zip(chain.layers).collect(),
        one => vec![one],
    };
    weights.pass_over(&["mask", "degrees", "initialized", "_log_z"]);
    Ok(Draft { features, context, layers })
}

/// The features of samples and of the context, by the first layers that tell them.
fn sizes(weights: &Weights<'_>) -> Result<(usize, usize), Error> {
    let all = |names: &[&str], of: &dyn Fn(&str) -> Result<usize, Error>| {
        let name = weights.names().find(|name| names.iter().any(|last| name.ends_with(last)))?;
        Some(of(name))
    };
    let length = |name: &str| weights.shape(name).map(|shape| shape.iter().product());
    let features = all(&["_permutation", "unconstrained_upper_diag", "log_scale"], &length)
        .or_else(|| all(&["autoregressive_net.initial_layer.weight"], &|name| weights.columns(name)))
        .or_else(|| {
            all(&["identity_features"], &|name| {
                Ok(length(name)? + length(&name.replace("identity_features", "transform_features"))?)
            })
        });
    let Some(features) = features else {
        return Err(weights.refused("", "no layer of nflows that Tissot knows has such a name"));
    };
    // Both kinds of network have the context in maps of its own.
    let context = all(&["context_layer.weight"], &|name| weights.columns(name)).unwrap_or(Ok(0));
    Ok((features?, context?))
}

impl Reader<'_> {
    /// The layer whose arrays' names begin with `key`.
    fn layer(&self, key: &str) -> Result<Pair, Error> {
        let weights = self.weights;
        let has = |name: &str| weights.has(&format!("{key}{name}"));
        let any = |name: &str| weights.any(&format!("{key}{name}"));
        if any("_transforms.") {
            self.chain(key)
        } else if any("_transform.") {
            let (config, layer) = self.layer(&format!("{key}_transform."))?;
            let inverse = Inverse::new::<2>(Chain::new(vec![layer]))
                .map_err(|error| weights.refused(key, error.to_string()))?;
            Ok((LayerConfig::Inverse(vec![config]), Layer::Inverse(inverse)))
        } else if has("identity_features") {
            self.coupling(key)
        } else if any("autoregressive_net.") {
            self.autoregressive(key)
        } else if has("_permutation") {
            let order = weights.indices(&format!("{key}_permutation"))?;
            self.made(LayerConfig::Permutation(PermutationConfig::Given(order)), key)
        } else if has("lower_entries") {
            self.lu(key)
        } else if has("log_scale") && has("shift") {
            let (config, mut layer) = self.made(LayerConfig::ActNorm(ActNormConfig::default()), key)?;
            if let Layer::ActNorm(layer) = &mut layer {
                layer.log_scale = weights.array(&format!("{key}log_scale"), [self.site.features])?;
                layer.shift = weights.array(&format!("{key}shift"), [self.site.features])?;
            }
            Ok((config, layer))
        } else {
            Err(weights.refused(key, "no layer of nflows that Tissot knows has such a name"))
        }
    }

    fn made(&self, config: LayerConfig, key: &str) -> Result<Pair, Error> {
        let layer = self.site.layer(&config, self.weights, key)?;
        Ok((config, layer))
    }

    fn chain(&self, key: &str) -> Result<Pair, Error> {
        let count = self.weights.numbers_in_turn(&format!("{key}_transforms."))?;
        let layers = (0..count).map(|k| self.layer(&format!("{key}_transforms.{k}.")));
        let (configs, layers) = layers.collect::<Result<Vec<_>, _>>()?.into_iter().unzip();
        Ok((LayerConfig::Chain(configs), Layer::Chain(Chain::new(layers))))
    }

    fn coupling(&self, key: &str) -> Result<Pair, Error> {
        let weights = self.weights;
        let kept = weights.indices(&format!("{key}identity_features"))?;
        let moved = weights.indices(&format!("{key}transform_features"))?;
        let ascending = |features: &[usize]| features.is_sorted_by(|a, b| a < b);
        let mut all = [&kept[..], &moved[..]].concat();
        all.sort_unstable();
        if !ascending(&kept) || !ascending(&moved) || !all.into_iter().eq(0..self.site.features) {
            let what = format!(
                "these and transform_features are not the {} features, each once",
                self.site.features
            );
            return Err(weights.refused(&format!("{key}identity_features"), what));
        }
        let key = format!("{key}transform_net");
        let found = self.conditioner(&key, kept.len())?;
        let per = found.outputs / moved.len();
        let univariate = self.univariate(&found.last, per * moved.len() == found.outputs, per, {
            let divides = self.architecture.logits_over_root_hidden.unwrap_or(found.is_residual);
            (if divides { (found.hidden as f64).sqrt() } else { 1.0 }, LogScale::NFLOWS_COUPLING)
        })?;
        // There all shifts, then all scales; here both of one feature side by side.
        let outputs: Vec<usize> = (0..moved.len()).flat_map(|e| [e, moved.len() + e]).collect();
        let outputs = matches!(univariate, AnyUnivariate::Affine(_)).then_some(&outputs[..]);
        let config = CouplingConfig {
            mask: Mask::Kept(kept),
            univariate,
            conditioner: found.config,
            kept_univariate: None,
        };
        let (config, mut layer) = self.made(LayerConfig::Coupling(config), &key)?;
        if let Layer::Coupling(layer) = &mut layer {
            nets::conditioner(weights, &key, outputs, &mut layer.net)?;
        }
        Ok((config, layer))
    }

    fn autoregressive(&self, key: &str) -> Result<Pair, Error> {
        let (weights, features) = (self.weights, self.site.features);
        let key = format!("{key}autoregressive_net");
        let made = nets::made_config(weights, &key, self.architecture.activation)?;
        let last = format!("{key}.final_layer.weight");
        let outputs = weights.shape(&last)?.first().copied().unwrap_or_default();
        let per = outputs / features;
        let constants = (1.0, LogScale::NFLOWS_AUTOREGRESSIVE);
        let univariate = self.univariate(&last, per * features == outputs, per, constants)?;
        // There scale, shift; here shift, scale.
        let outputs: Vec<usize> = (0..features).flat_map(|e| [2 * e + 1, 2 * e]).collect();
        let outputs = matches!(univariate, AnyUnivariate::Affine(_)).then_some(&outputs[..]);
        let config = AutoregressiveConfig { univariate, made };
        let (config, mut layer) = self.made(LayerConfig::Autoregressive(config), &key)?;
        if let Layer::Autoregressive(layer) = &mut layer {
            nets::made(weights, &key, features, outputs, &mut layer.net)?;
        }
        Ok((config, layer))
    }

    /// The univariate of so many parameters, with what its logits are divided by and the law of its scale.
    fn univariate(
        &self,
        key: &str,
        is_whole: bool,
        per: usize,
        (logit_scale, law): (f64, LogScale),
    ) -> Result<AnyUnivariate, Error> {
        let bound = self.architecture.bound.unwrap_or(BOUND);
        match per {
            1 if is_whole => Ok(Shift.into()),
            2 if is_whole => {
                let scale = self.architecture.scale.unwrap_or(law);
                Ok(Affine { scale, ..Affine::default() }.into())
            }
            // Widths, heights, inner slopes.
            per if is_whole && per % 3 == 2 => {
                let parameters = SplineParams::nflows(logit_scale);
                Ok(RationalQuadratic { bins: per.div_ceil(3), bound, parameters }.into())
            }
            _ => {
                let what = format!(
                    "found {per} outputs for each feature, expected 1 (shift), 2 (affine) or 3 K - 1 (rational-quadratic \
                     spline of K bins with linear tails)"
                );
                Err(self.weights.refused(key, what))
            }
        }
    }

    fn lu(&self, key: &str) -> Result<Pair, Error> {
        let (weights, n) = (self.weights, self.site.features);
        let order_key = format!("{key}permutation._permutation");
        let order = if weights.has(&order_key) { Some(weights.indices(&order_key)?) } else { None };
        let config = LuLinearConfig {
            place: if order.is_some() { PermutationPlace::Before } else { PermutationPlace::None },
            permutation: order.map_or_else(PermutationConfig::default, PermutationConfig::Given),
            diagonal: DiagonalLaw::Softplus { epsilon: 1e-3 },
            ..LuLinearConfig::default()
        };
        let (config, mut layer) = self.made(LayerConfig::LuLinear(config), key)?;
        if let Layer::LuLinear(layer) = &mut layer {
            self.triangles(key, n, layer)?;
        }
        Ok((config, layer))
    }

    /// The entries of each triangle, row by row.
    fn triangles(&self, key: &str, n: usize, layer: &mut LuLinear) -> Result<(), Error> {
        let weights = self.weights;
        let triangle = |name: &str, keep: fn(usize, usize) -> bool| {
            let mut next = weights.numbers_of(&format!("{key}{name}"), n * (n - 1) / 2)?.into_iter();
            let mut entry = |k: usize| if keep(k / n, k % n) { next.next().unwrap_or_default() } else { 0.0 };
            Ok::<_, Error>(weights.param((0..n * n).map(&mut entry).collect(), [n, n]))
        };
        layer.lower = triangle("lower_entries", |i, j| j < i)?;
        layer.upper = triangle("upper_entries", |i, j| j > i)?;
        layer.diagonal = weights.array(&format!("{key}unconstrained_upper_diag"), [n])?;
        layer.bias = Some(weights.array(&format!("{key}bias"), [n])?);
        Ok(())
    }
}
