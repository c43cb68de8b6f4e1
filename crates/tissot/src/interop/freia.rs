//! The flows of FrEIA 0.2 (Ardizzone et al.): `tests/golden/PEERS.md` has the formulas.

use super::Architecture;
use super::architecture::GlobalAffine;
use super::draft::{Draft, Pair, Site};
use super::merge::Net;
use super::weights::Weights;
use crate::error::Error;
use crate::layers::{
    ActNormConfig, CouplingConfig, LuLinearConfig, Mask, PermutationConfig, PermutationPlace, factorise,
};
use crate::nets::AnyConditioner;
use crate::univariate::{Affine, AnyUnivariate, LogScale, Shift};
use crate::{Layer, LayerConfig};

/// The clamp of every block, unless it is set.
const CLAMP: f64 = 2.0;
/// What `AllInOneBlock` multiplies its network's outputs by.
const SOFTENED: f64 = 0.1;

struct Reader<'a> {
    weights: &'a Weights<'a>,
    architecture: &'a Architecture,
    site: Site<'a>,
}

/// A sequence of blocks.
pub fn read(weights: &Weights<'_>, architecture: &Architecture) -> Result<Draft, Error> {
    if !architecture.positions.is_empty() {
        return Err(Error::config(
            "positions",
            "height and width",
            "none: of FrEIA flows of tables are read",
        ));
    }
    let count = weights.numbers_in_turn("module_list.")?;
    let (features, context) = sizes(weights)?;
    let site = Site { features, positions: Vec::new(), context, device: weights.device };
    let reader = Reader { weights, architecture, site };
    let mut layers = Vec::new();
    for k in 0..count {
        reader.block(&format!("module_list.{k}."), &mut layers)?;
    }
    weights.pass_over(&["perm_inv", "w_perm_inv"]);
    Ok(Draft { features, context, layers })
}

/// The rows of the last layer and the columns of the first one of a `Sequential`.
fn ends(weights: &Weights<'_>, key: &str) -> Result<(usize, usize), Error> {
    let last = weights.numbers(&format!("{key}.")).into_iter().next_back().unwrap_or_default();
    let outputs = weights.shape(&format!("{key}.{last}.weight"))?.first().copied().unwrap_or_default();
    Ok((outputs, weights.columns(&format!("{key}.0.weight"))?))
}

/// The features of samples and of the context, by the first block that tells them.
fn sizes(weights: &Weights<'_>) -> Result<(usize, usize), Error> {
    let first = |name: &str| weights.names().find_map(|key| Some(key[..key.find(name)?].to_owned()));
    // One half goes in where the other comes out.
    for (reads_second, reads_first, per) in
        [(".subnet2.", ".subnet1.", 2), (".subnet_t2.", ".subnet_t1.", 1), (".F.", ".G.", 1)]
    {
        if let Some(block) = first(reads_second) {
            let end = |name: &str| ends(weights, &format!("{block}{}", name.trim_end_matches('.')));
            let ((first_half, inputs), (second_half, _)) = (end(reads_second)?, end(reads_first)?);
            let (first_half, second_half) = (first_half / per, second_half / per);
            return Ok((first_half + second_half, inputs.saturating_sub(second_half)));
        }
    }
    if let Some(block) = first(".global_scale") {
        let features: usize = weights.shape(&format!("{block}.global_scale"))?.iter().product();
        let (outputs, inputs) = ends(weights, &format!("{block}.subnet"))?;
        return Ok((features, inputs.saturating_sub(features - (outputs / 2).min(features))));
    }
    Err(weights.refused("module_list.", "no block of FrEIA that Tissot knows has such a name"))
}

impl Reader<'_> {
    fn block(&self, key: &str, layers: &mut Vec<Pair>) -> Result<(), Error> {
        let (weights, features) = (self.weights, self.site.features);
        let any = |name: &str| weights.any(&format!("{key}{name}"));
        let net = |name: &str| Net::read(weights, &format!("{key}{name}"), self.site.context);
        let scale = self.architecture.scale.unwrap_or(LogScale::Atan { clamp: CLAMP });
        if any("subnet1.") {
            for name in ["subnet2", "subnet1"] {
                let net = net(name)?.halves_to_pairs();
                layers.push(self.coupling(key, name == "subnet2", affine(scale), net)?);
            }
        } else if any("subnet_s1.") {
            for (s, t) in [("subnet_s2", "subnet_t2"), ("subnet_s1", "subnet_t1")] {
                let both = Net::beside(net(s)?, net(t)?);
                let both = both.ok_or_else(|| {
                    weights.refused(&format!("{key}{t}"), "found other widths than its partner")
                })?;
                layers.push(self.coupling(key, s == "subnet_s2", affine(scale), both.halves_to_pairs())?);
            }
        } else if any("F.") {
            for name in ["F", "G"] {
                layers.push(self.coupling(key, name == "F", Shift.into(), net(name)?)?);
            }
        } else if any("global_scale") {
            self.all_in_one(key, layers)?;
        } else if any("perm") {
            let order = weights.indices(&format!("{key}perm"))?;
            let config = LayerConfig::Permutation(PermutationConfig::Given(order));
            let layer = self.site.layer(&config, weights, key)?;
            layers.push((config, layer));
        } else {
            let what = "no block of FrEIA that Tissot knows has such a name";
            return Err(weights.refused(key, what));
        }
        debug_assert!(features > 0);
        Ok(())
    }

    /// A coupling that moves the first half, or the second, as large as the network says.
    fn coupling(
        &self,
        key: &str,
        moves_first: bool,
        univariate: AnyUnivariate,
        net: Net,
    ) -> Result<Pair, Error> {
        let features = self.site.features;
        let per = if matches!(univariate, AnyUnivariate::Shift(_)) { 1 } else { 2 };
        let moved = net.outputs() / per;
        let kept = if moves_first {
            (moved..features).collect()
        } else {
            (0..features.saturating_sub(moved)).collect()
        };
        let conditioner = net.config(self.architecture.activation).into();
        let config =
            CouplingConfig { mask: Mask::Kept(kept), univariate, conditioner, kept_univariate: None };
        let config = LayerConfig::Coupling(config);
        let mut layer = self.site.layer(&config, self.weights, key)?;
        if let Layer::Coupling(layer) = &mut layer
            && let AnyConditioner::Mlp(to) = &mut layer.net
        {
            net.fill(self.weights, key, to)?;
        }
        Ok((config, layer))
    }

    /// `W (g u + o)`, `u` the coupling's result.
    fn all_in_one(&self, key: &str, layers: &mut Vec<Pair>) -> Result<(), Error> {
        let (weights, n) = (self.weights, self.site.features);
        let mut net = Net::read(weights, &format!("{key}subnet"), self.site.context)?;
        let scale = self.architecture.scale.unwrap_or(LogScale::Tanh { bound: CLAMP });
        // There clamp tanh(s), here bound tanh(u / bound).
        let LogScale::Tanh { bound } = scale else {
            return Err(Error::config("scale", format!("{scale:?}"), "Tanh, that of AllInOneBlock"));
        };
        let half = net.outputs() / 2;
        net.scale_outputs(|output| SOFTENED * if output < half { bound } else { 1.0 });
        layers.push(self.coupling(key, false, affine(scale), net.halves_to_pairs())?);

        let log_scale = |q: f64| match self.architecture.global_affine {
            GlobalAffine::Softplus => (0.2 * softplus(0.5 * q)).ln(),
            GlobalAffine::Sigmoid => 10.0_f64.ln() - softplus(2.0 - q),
            GlobalAffine::Exp => q,
        };
        let config = LayerConfig::ActNorm(ActNormConfig::default());
        let mut layer = self.site.layer(&config, weights, key)?;
        if let Layer::ActNorm(layer) = &mut layer {
            let scales = weights.numbers_of(&format!("{key}global_scale"), n)?;
            layer.log_scale = weights.param(scales.into_iter().map(log_scale).collect(), [n]);
            layer.shift = weights.param(weights.numbers_of(&format!("{key}global_offset"), n)?, [n]);
        }
        layers.push((config, layer));
        layers.push(self.rotation(key)?);
        Ok(())
    }

    /// `w_perm`, a permutation matrix or a rotation.
    fn rotation(&self, key: &str) -> Result<Pair, Error> {
        let (weights, n) = (self.weights, self.site.features);
        let name = format!("{key}w_perm");
        let values = weights.numbers_of(&name, n * n)?;
        let rows: Vec<Vec<f64>> = values.chunks(n).map(<[f64]>::to_vec).collect();
        let one = |row: &Vec<f64>| {
            let place = row.iter().position(|&v| v == 1.0)?;
            row.iter().enumerate().all(|(j, &v)| j == place || v == 0.0).then_some(place)
        };
        if let Some(order) = rows.iter().map(one).collect::<Option<Vec<_>>>() {
            let config = LayerConfig::Permutation(PermutationConfig::Given(order));
            let layer = self.site.layer(&config, weights, &name)?;
            return Ok((config, layer));
        }
        let factors = factorise(rows);
        let mut order = vec![0; n];
        factors.order.iter().enumerate().for_each(|(place, &row)| order[row] = place);
        let config = LayerConfig::LuLinear(LuLinearConfig {
            place: PermutationPlace::After,
            permutation: PermutationConfig::Given(order),
            bias: false,
            ..LuLinearConfig::default()
        });
        let mut layer = self.site.layer(&config, weights, &name)?;
        if let Layer::LuLinear(layer) = &mut layer {
            let diagonal = |of: fn(f64) -> f64| (0..n).map(|i| of(factors.upper[i][i])).collect::<Vec<_>>();
            layer.lower = weights.param(factors.lower.concat(), [n, n]);
            layer.upper = weights.param(factors.upper.concat(), [n, n]);
            layer.diagonal = weights.param(diagonal(|d| d.abs().ln()), [n]);
            layer.sign = weights.param(diagonal(f64::signum), [n]).set_require_grad(false);
        }
        Ok((config, layer))
    }
}

fn affine(scale: LogScale) -> AnyUnivariate {
    Affine { scale, ..Affine::default() }.into()
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}
