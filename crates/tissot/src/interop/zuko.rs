//! The flows of zuko 1.6 (Rozet et al. 2022).

use super::Architecture;
use super::draft::{Draft, Pair, Site};
use super::nflows::plain;
use super::weights::Weights;
use crate::LayerConfig;
use crate::error::Error;
use crate::layer::Layer;
use crate::layers::{AutoregressiveConfig, CouplingConfig, Mask};
use crate::nets::{AnyConditioner, Made, MadeConfig, MlpConfig, Order};
use crate::univariate::{Affine, AnyUnivariate, LogScale, RationalQuadratic, Shift, SplineParams};

/// zuko's `bound` of splines.
const BOUND: f64 = 5.0;

/// What stands before the transforms of every flow.
const ROOT: &str = "transform.transforms.";

struct Reader<'a> {
    weights: &'a Weights<'a>,
    architecture: &'a Architecture,
    site: Site<'a>,
}

/// A flow.
pub fn read(weights: &Weights<'_>, architecture: &Architecture) -> Result<Draft, Error> {
    if !architecture.positions.is_empty() {
        return Err(Error::config("positions", "height and width", "none: zuko has no flows of images"));
    }
    let count = weights.numbers_in_turn(ROOT)?;
    let (features, context) = sizes(weights)?;
    let site = Site { features, positions: Vec::new(), context, device: weights.device };
    let reader = Reader { weights, architecture, site };
    let layers = (0..count).map(|k| reader.layer(&format!("{ROOT}{k}"))).collect::<Result<_, _>>()?;
    base(weights, features)?;
    Ok(Draft { features, context, layers })
}

/// The features of samples and of the context.
fn sizes(weights: &Weights<'_>) -> Result<(usize, usize), Error> {
    let key = |name: &str| format!("{ROOT}0.{name}");
    let inputs = || weights.columns(&key("hyper.0.weight"));
    if weights.has(&key("order")) {
        let features = weights.shape(&key("order"))?.iter().product();
        return Ok((features, inputs()?.saturating_sub(features)));
    }
    if weights.has(&key("mask")) {
        let mask = weights.read(&key("mask"))?;
        let kept = mask.iter().filter(|&&kept| kept != 0.0).count();
        return Ok((mask.len(), inputs()?.saturating_sub(kept)));
    }
    Err(weights.refused(ROOT, "is neither a coupling (mask, hyper) nor autoregressive (order, hyper)"))
}

/// The base, which must be the standard normal.
fn base(weights: &Weights<'_>, features: usize) -> Result<(), Error> {
    for (names, value) in [(["base.loc", "base._0"], 0.0), (["base.scale", "base._1"], 1.0)] {
        for key in names.into_iter().filter(|key| weights.has(key)) {
            if weights.numbers_of(key, features)?.into_iter().any(|found| found != value) {
                return Err(weights
                    .refused(key, format!("found other numbers than {value}, that of the standard normal")));
            }
        }
    }
    Ok(())
}

impl Reader<'_> {
    fn layer(&self, key: &str) -> Result<Pair, Error> {
        if self.weights.has(&format!("{key}.mask")) {
            self.coupling(key)
        } else if self.weights.has(&format!("{key}.order")) {
            self.autoregressive(key)
        } else {
            Err(self
                .weights
                .refused(key, "is neither a coupling (mask, hyper) nor autoregressive (order, hyper)"))
        }
    }

    /// The widths of the layers of `hyper`, linear ones 0, 2, 4, .. with activations between.
    fn widths(&self, key: &str) -> Result<Vec<usize>, Error> {
        let places = self.weights.numbers(&format!("{key}.hyper."));
        if places.is_empty() || !places.iter().enumerate().all(|(k, &place)| place == 2 * k) {
            let what = "expected linear layers 0, 2, 4, .. with activations between: no residual or normalised network";
            return Err(self.weights.refused(&format!("{key}.hyper."), what));
        }
        let rows = |place: usize| self.weights.shape(&format!("{key}.hyper.{place}.weight"));
        places.into_iter().map(|place| Ok(rows(place)?.first().copied().unwrap_or_default())).collect()
    }

    /// The univariate of a layer that moves so many features by so many parameters.
    fn univariate(&self, key: &str, outputs: usize, moved: usize) -> Result<AnyUnivariate, Error> {
        let per = outputs / moved.max(1);
        match per {
            _ if per * moved != outputs => {}
            1 => return Ok(Shift.into()),
            2 => {
                let scale = self.architecture.scale.unwrap_or(LogScale::ZUKO);
                return Ok(Affine { scale, ..Affine::default() }.into());
            }
            // Widths, heights, inner slopes.
            per if per % 3 == 2 => {
                let bound = self.architecture.bound.unwrap_or(BOUND);
                return Ok(RationalQuadratic {
                    bins: per.div_ceil(3),
                    bound,
                    parameters: SplineParams::zuko(),
                }
                .into());
            }
            _ => {}
        }
        let what = format!(
            "found {outputs} outputs for {moved} features, expected 1 (shift), 2 (affine) or 3 K - 1 (rational-quadratic \
             spline of K bins) for each"
        );
        Err(self.weights.refused(&format!("{key}.hyper."), what))
    }

    fn coupling(&self, key: &str) -> Result<Pair, Error> {
        let mask_key = format!("{key}.mask");
        let mask = self.weights.numbers_of(&mask_key, self.site.features)?;
        let kept: Vec<usize> = (0..mask.len()).filter(|&i| mask[i] != 0.0).collect();
        let mut hidden = self.widths(key)?;
        let outputs = hidden.pop().unwrap_or_default();
        let univariate = self.univariate(key, outputs, mask.len() - kept.len())?;
        let net = MlpConfig { hidden, activation: self.architecture.activation, ..MlpConfig::default() };
        let config = LayerConfig::Coupling(CouplingConfig {
            mask: Mask::Kept(kept),
            univariate,
            conditioner: net.into(),
            kept_univariate: None,
        });
        let mut layer = self.site.layer(&config, self.weights, key)?;
        if let Layer::Coupling(layer) = &mut layer
            && let AnyConditioner::Mlp(net) = &mut layer.net
        {
            plain(self.weights, &format!("{key}.hyper"), None, net)?;
        }
        Ok((config, layer))
    }

    fn autoregressive(&self, key: &str) -> Result<Pair, Error> {
        let features = self.site.features;
        // There the place of each feature; here the features by their place.
        let order_key = format!("{key}.order");
        let places = self.weights.indices(&order_key)?;
        let feature = |place: usize| places.iter().position(|&p| p == place);
        let order: Option<Vec<usize>> = (0..features).map(feature).collect();
        let Some(order) = order.filter(|_| places.len() == features) else {
            let what = "found features at one place, expected an order of all (`passes` is None)";
            return Err(self.weights.refused(&order_key, what));
        };
        let mut hidden = self.widths(key)?;
        let outputs = hidden.pop().unwrap_or_default();
        let univariate = self.univariate(key, outputs, features)?;
        let activation = self.architecture.activation;
        let made = MadeConfig { hidden, order: Order::Given(order), activation, ..MadeConfig::default() };
        let config = LayerConfig::Autoregressive(AutoregressiveConfig { univariate, made });
        let mut layer = self.site.layer(&config, self.weights, key)?;
        if let Layer::Autoregressive(layer) = &mut layer {
            self.made(&format!("{key}.hyper"), &mut layer.net)?;
            layer.net = layer.net.clone().rezero();
        }
        Ok((config, layer))
    }

    /// Puts the weights of a masked network into it.
    fn made(&self, key: &str, net: &mut Made) -> Result<(), Error> {
        let own = net.degrees().to_vec();
        let mut below: Option<(Vec<usize>, Vec<usize>)> = None;
        for (i, layer) in net.layers.iter_mut().enumerate() {
            let key = format!("{key}.{}", 2 * i);
            let degrees =
                self.degrees(&format!("{key}.mask"), below.as_ref().map(|(degrees, _)| &degrees[..]))?;
            let units = self.weights.sorted(&format!("{key}.mask"), &degrees, &own[i])?;
            self.weights.masked(&key, Some(&units), below.as_ref().map(|(_, units)| &units[..]), layer)?;
            below = Some((degrees, units));
        }
        let last = format!("{key}.{}", 2 * net.layers.len());
        self.weights.masked(&last, None, below.as_ref().map(|(_, units)| &units[..]), &mut net.last)
    }

    /// The degrees of a layer's units: to how many features its mask leads. `below` has those of the units below; none where
    /// the features themselves, then the context, are below.
    fn degrees(&self, key: &str, below: Option<&[usize]>) -> Result<Vec<usize>, Error> {
        let columns = self.weights.columns(key)?;
        let mask = self.weights.read(key)?;
        let degree = |row: &[f64]| match below {
            None => row.iter().take(self.site.features).filter(|&&open| open != 0.0).count(),
            Some(below) => {
                let open = row.iter().zip(below).filter(|(open, _)| **open != 0.0);
                open.map(|(_, degree)| *degree).max().unwrap_or_default()
            }
        };
        Ok(mask.chunks(columns.max(1)).map(degree).collect())
    }
}
