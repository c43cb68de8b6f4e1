//! Features that lie on circles.

use crate::base::BaseConfig;
use crate::config::FlowConfig;
use crate::error::Error;
use crate::layer::LayerConfig;
use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// Which features lie on circles: `-bound` and `bound` are the same place, and so are `x` and `x + 2 bound`.
///
/// Layers and densities of circular features take every number, as an angle that may have gone round more than once, and
/// go round with it: `f(x + 2 bound) = f(x) + 2 bound`, `p(x + 2 bound) = p(x)`. So a map of the circle is kept as an
/// increasing function of the line (its lift), inverses return to the very number and not only to the place on the circle,
/// and nothing jumps where a circle is cut. [`Circles::wrap`] chooses the number in `[-bound, bound)`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Circles {
    /// The features.
    pub features: Vec<usize>,
    /// Half of the period: pi by default, which makes a feature an angle in radians.
    #[serde(default = "half_turn")]
    pub bound: f64,
}

/// Half a turn in radians.
pub(crate) fn half_turn() -> f64 {
    PI
}

impl Circles {
    /// These features, as angles in radians.
    pub fn new(features: impl Into<Vec<usize>>) -> Self {
        Self { features: features.into(), bound: PI }
    }

    /// Checks them for samples of `features` features.
    ///
    /// # Errors
    /// [`Error::Config`] for no circular feature, one that does not exist or is named twice, and a bound that is no
    /// positive number.
    pub fn validate(&self, features: usize) -> Result<(), Error> {
        if self.features.is_empty() {
            return Err(Error::config("circular", "no features", "at least 1"));
        }
        let mut seen = vec![false; features];
        for &feature in &self.features {
            let Some(seen) = seen.get_mut(feature) else {
                let expected = format!("0 to {}", features.saturating_sub(1));
                return Err(Error::config("circular", format!("feature {feature}"), expected));
            };
            if std::mem::replace(seen, true) {
                return Err(Error::config("circular", format!("feature {feature} twice"), "each once"));
            }
        }
        if !(self.bound >= 1e-6 && self.bound <= 1e6) {
            return Err(Error::config("bound", self.bound, "a number from 1e-6 to 1e6"));
        }
        Ok(())
    }

    /// For each of `features` whether it is circular.
    ///
    /// # Panics
    /// Where a circular feature is none of them.
    pub fn of(&self, features: usize) -> Vec<bool> {
        let mut kinds = vec![false; features];
        self.features.iter().for_each(|&i| kinds[i] = true);
        kinds
    }

    /// The same places with the circular features in `[-bound, bound)`; what is not finite stays so.
    ///
    /// # Shapes
    /// `x`: `[batch, features, ..]`.
    pub fn wrap<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        let (features, period) = (x.dims()[1], 2.0 * self.bound);
        let columns = Columns::new(&self.of(features), &x.device());
        let at = x.clone().select(1, columns.circular.clone());
        let turns = at.clone().detach().add_scalar(self.bound).mul_scalar(1.0 / period).floor();
        let at = at - turns.mul_scalar(period);
        let outside = at.clone().detach().greater_equal_elem(self.bound);
        let below = at.clone().detach().lower_elem(-self.bound);
        let at = at.mask_fill(outside, -self.bound).mask_fill(below, -self.bound);
        columns.replaced(x, vec![at])
    }
}

/// The circular columns of a table, and the table with others in their places.
#[derive(Module, Debug)]
struct Columns {
    circular: Tensor<1, Int>,
    /// Of all columns and then the new ones, those that are left.
    order: Tensor<1, Int>,
}

impl Columns {
    fn new(kinds: &[bool], device: &Device) -> Self {
        Self::beside(kinds, 1, device)
    }

    /// Each circular column becomes `parts` of them: the first at its place, the others behind all columns.
    fn beside(kinds: &[bool], parts: usize, device: &Device) -> Self {
        let circular: Vec<usize> = (0..kinds.len()).filter(|&i| kinds[i]).collect();
        let (n, m) = (kinds.len(), circular.len());
        let mut order: Vec<usize> = (0..n).collect();
        circular.iter().enumerate().for_each(|(k, &i)| order[i] = n + k);
        order.extend(n + m..n + parts * m);
        Self { circular: indices(&circular, device), order: indices(&order, device) }
    }

    fn replaced<const D: usize>(&self, x: Tensor<D>, parts: Vec<Tensor<D>>) -> Tensor<D> {
        Tensor::cat([vec![x], parts].concat(), 1).select(1, self.order.clone())
    }
}

fn indices(values: &[usize], device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.iter().map(|&i| i as i64).collect();
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}

/// What a network sees of circular columns, so that it is continuous where they are cut: `cos(pi x / bound)` at the place of
/// each, and `sin(pi x / bound)` of all behind the other columns.
#[derive(Module, Debug)]
pub(crate) struct Encoding {
    columns: Columns,
    /// Radians a unit.
    rate: f64,
}

impl Encoding {
    /// Of columns that are circular where `kinds` says so; `None` where none is.
    pub fn new(kinds: &[bool], bound: f64, device: &Device) -> Option<Self> {
        let any = kinds.contains(&true);
        any.then(|| Self { columns: Columns::beside(kinds, 2, device), rate: PI / bound })
    }

    /// `[batch, columns]` -> `[batch, columns + circular]`.
    pub fn apply(&self, x: Tensor<2>) -> Tensor<2> {
        let angle = x.clone().select(1, self.columns.circular.clone()).mul_scalar(self.rate);
        self.columns.replaced(x, vec![angle.clone().cos(), angle.sin()])
    }
}

/// Whether a flow has anything that lies on a circle.
pub(crate) fn any(config: &FlowConfig) -> bool {
    fn within(layers: &[LayerConfig]) -> bool {
        layers.iter().any(|layer| match layer {
            LayerConfig::CircularCoupling(_)
            | LayerConfig::CircularAutoregressive(_)
            | LayerConfig::Rotation(_) => true,
            LayerConfig::Chain(inside) | LayerConfig::Inverse(inside) => within(inside),
            LayerConfig::Split(config) => within(&config.layers),
            LayerConfig::Squeezed(config) => within(&config.layers),
            LayerConfig::ActNorm(_)
            | LayerConfig::Permutation(_)
            | LayerConfig::LuLinear(_)
            | LayerConfig::FullLinear(_)
            | LayerConfig::Coupling(_)
            | LayerConfig::Tail(_)
            | LayerConfig::Checkerboard(_)
            | LayerConfig::Autoregressive(_) => false,
        })
    }
    matches!(config.base, BaseConfig::Torus(_)) || within(&config.layers)
}

/// Refuses layers under which the circles of the base are none of the data: the density would jump at the cut, and not
/// sum to 1.
pub(crate) fn check(config: &FlowConfig) -> Result<(), Error> {
    match &config.base {
        BaseConfig::Torus(circles) => {
            circles.validate(config.features).map_err(|error| error.within("base"))?;
            keep(&config.layers, circles)
        }
        BaseConfig::StandardNormal | BaseConfig::DiagNormal(_) | BaseConfig::StudentT(_) => Ok(()),
    }
}

fn keep(layers: &[LayerConfig], circles: &Circles) -> Result<(), Error> {
    let sorted = |features: &[usize]| {
        let mut features = features.to_vec();
        features.sort_unstable();
        features
    };
    let same = |features: &[usize], bound: f64| {
        let expected =
            || format!("{:?} with the bound {}, those of the base", circles.features, circles.bound);
        if sorted(features) != sorted(&circles.features) || bound != circles.bound {
            return Err(Error::config(
                "circular",
                format!("{features:?} with the bound {bound}"),
                expected(),
            ));
        }
        Ok(())
    };
    let one = |layer: &LayerConfig| match layer {
        LayerConfig::CircularCoupling(config) => same(&config.circular, config.spline.bound),
        LayerConfig::CircularAutoregressive(config) => same(&config.circular, config.spline.bound),
        LayerConfig::Rotation(_) => Ok(()),
        LayerConfig::Tail(config) => {
            let heavy = |i: &&usize| config.tails.get(**i).is_some_and(Option::is_some);
            match circles.features.iter().find(heavy) {
                Some(i) => {
                    Err(Error::config("tails", format!("tails of feature {i}"), "none: it is circular"))
                }
                None => Ok(()),
            }
        }
        LayerConfig::Chain(inside) | LayerConfig::Inverse(inside) => keep(inside, circles),
        LayerConfig::ActNorm(_)
        | LayerConfig::Permutation(_)
        | LayerConfig::LuLinear(_)
        | LayerConfig::FullLinear(_)
        | LayerConfig::Coupling(_)
        | LayerConfig::Checkerboard(_)
        | LayerConfig::Autoregressive(_)
        | LayerConfig::Split(_)
        | LayerConfig::Squeezed(_) => Err(Error::config(
            "layer",
            "one that does not know circles",
            "CircularCoupling, CircularAutoregressive, Rotation or Tail under the base Torus",
        )),
    };
    let each = |(i, layer)| one(layer).map_err(|error| error.within(&format!("layers[{i}]")));
    layers.iter().enumerate().try_for_each(each)
}
