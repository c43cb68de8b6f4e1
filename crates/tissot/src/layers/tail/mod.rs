//! Heavy tails: features whose tails are powers become features with the normal distribution's.

mod normal;

use super::indices;
use crate::bijection::{Bijection, Context, along_features, expanded, positions};
use crate::error::Error;
use crate::inspect::jacobian::host;
use crate::inspect::{Sign, range};
use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// The least and the greatest tail index at the start.
const INDICES: std::ops::RangeInclusive<f64> = 0.01..=2.0;
/// `log(1 + l |y|)` up to which tails are powers; beyond, at more than 1e26 scales from the middle, the map goes on along its
/// tangent, so that nothing overflows in f32.
const END: f64 = 60.0;
/// What `l |y|` is cut at before its logarithm: beyond the end, and finite in f32.
const MOST: f64 = 1e30;
/// Half of a normal distribution lies within so many nats of survival: `-log(1/2)`.
const HALF: f64 = std::f64::consts::LN_2;

/// The tail indices of a feature: `P(|x| > a) ~ a^(-1/index)` on each side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tails {
    /// Of values far below the middle.
    pub lower: f64,
    /// Of values far above it.
    pub upper: f64,
}

impl Tails {
    /// The same on both sides, such as `1 / nu` for Student's t with `nu` degrees of freedom.
    pub fn both(index: f64) -> Self {
        Self { lower: index, upper: index }
    }
}

/// How to make a [`TailTransform`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TailConfig {
    /// For each feature its tails at the start; `null` for one that stays as it is.
    pub tails: Vec<Option<Tails>>,
}

impl TailConfig {
    /// A transform of `features`.
    ///
    /// # Errors
    /// [`Error::Config`] where there are not as many entries as features, where none is heavy, and for an index outside 0.01
    /// to 2.
    pub fn init(&self, features: usize, device: &Device) -> Result<TailTransform, Error> {
        if self.tails.len() != features {
            let found = format!("{} entries", self.tails.len());
            return Err(Error::config("tails", found, format!("{features}, one for each feature")));
        }
        let heavy: Vec<usize> = (0..features).filter(|&i| self.tails[i].is_some()).collect();
        let light: Vec<usize> = (0..features).filter(|&i| self.tails[i].is_none()).collect();
        if heavy.is_empty() {
            return Err(Error::config("tails", "no tail index", "at least one; leave the layer out else"));
        }
        let given: Vec<Tails> = self.tails.iter().flatten().copied().collect();
        if let Some(index) =
            given.iter().flat_map(|t| [t.lower, t.upper]).find(|index| !INDICES.contains(index))
        {
            return Err(Error::config("tails", format!("the index {index}"), "0.01 to 2"));
        }
        let param = |values: Vec<f64>| {
            let n = values.len();
            Param::from_tensor(Tensor::from_data(TensorData::new(values, [n]), device))
        };
        let log = |of: fn(&Tails) -> f64| param(given.iter().map(|tails| of(tails).ln()).collect());
        let zeros = || param(vec![0.0; heavy.len()]);
        let mut merge = vec![0; features];
        heavy.iter().chain(&light).enumerate().for_each(|(place, &feature)| merge[feature] = place);
        Ok(TailTransform {
            log_lower: log(|tails| tails.lower),
            log_upper: log(|tails| tails.upper),
            shift: zeros(),
            log_scale: zeros(),
            heavy: indices(&heavy, device),
            light: indices(&light, device),
            merge: indices(&merge, device),
        })
    }
}

/// Maps each heavy-tailed feature so that its tails become the normal distribution's; the others stay.
///
/// With `y = (x - shift) / exp(log_scale)`, the index `l` of the side that `y` is on, and `t` the survival of a normal
/// distribution in nats, `t(z) = -log erfc(|z| / sqrt 2)`:
///
/// ```text
/// forward   z = sign(y) t^-1( log(1 + l |y|) / l )
/// inverse   x = shift + exp(log_scale) sign(z) (exp(l t(|z|)) - 1) / l
/// log_det   sum  -log_scale - log(1 + l |y|) - log t'(|z|)      of forward
/// ```
///
/// So a normal `z` becomes an `x` with `P(|x| > a) ~ a^(-1/l)`. A flow of layers that are linear far out cannot: under a normal
/// base its tails are normal, whatever it learns. Indices, shifts and scales are learned; [`Bijection::initialize`] sets the
/// last two so that the middle half of each feature is that of the standard normal. At its start it is the same curve around
/// 0, with scale 1: not the identity. Beyond `log(1 + l |y|) = 60` it goes on along its tangent.
///
/// The published transform and this one are the same up to where it stands: here it is the first layer that sees the data.
///
/// Hickling and Prangle, "Flexible Tails for Normalizing Flows", 2025, eq. 9.
///
/// # Shapes
/// `[batch, features, ..]`. Cost: some hundred operations a heavy feature.
#[derive(Module, Debug)]
pub struct TailTransform {
    /// The logarithm of the lower tails' indices, `[heavy]`.
    pub log_lower: Param<Tensor<1>>,
    /// The logarithm of the upper tails' indices, `[heavy]`.
    pub log_upper: Param<Tensor<1>>,
    /// The middle of each heavy feature, `[heavy]`.
    pub shift: Param<Tensor<1>>,
    /// The logarithm of the scale of each, `[heavy]`.
    pub log_scale: Param<Tensor<1>>,
    heavy: Tensor<1, Int>,
    light: Tensor<1, Int>,
    merge: Tensor<1, Int>,
}

/// What belongs to the side of the middle that an element is on.
struct Side<const D: usize> {
    /// The tail index.
    index: Tensor<D>,
    /// The `z` at which the tail ends being a power.
    end: Tensor<D>,
}

/// Elements and what is known of them, all of one shape.
struct Moved<const D: usize> {
    to: Tensor<D>,
    /// `log |d to / d from|`.
    log_slope: Tensor<D>,
}

impl TailTransform {
    /// The sign of each element, 1 at 0, and what belongs to its side.
    fn side<const D: usize>(&self, x: &Tensor<D>) -> (Tensor<D>, Side<D>) {
        let (below, shape) = (x.clone().detach().lower_elem(0.0), x.dims());
        let sign = x.zeros_like().detach().add_scalar(1.0).mask_fill(below.clone(), -1.0);
        let [lower, upper] = [&self.log_lower, &self.log_upper].map(|log| {
            let index = along_features::<D>(log.val().exp());
            let (end, _) = normal::place(index.clone().recip().mul_scalar(END));
            (index, end)
        });
        let pick = |lower: Tensor<D>, upper: Tensor<D>| {
            expanded(upper, shape).mask_where(below.clone(), expanded(lower, shape))
        };
        (sign, Side { index: pick(lower.0, upper.0), end: pick(lower.1, upper.1) })
    }

    /// Heavy features to normal ones.
    fn lighten<const D: usize>(&self, x: Tensor<D>) -> Moved<D> {
        let log_scale = along_features::<D>(self.log_scale.val());
        let y = (x - along_features(self.shift.val())) * log_scale.clone().neg().exp();
        let (sign, Side { index, .. }) = self.side(&y);
        let a = y * sign.clone();
        let stretched = (index.clone() * a.clone()).clamp_max(MOST).log1p().clamp_max(END);
        let (z, log_slope) = normal::place(stretched.clone() / index.clone());
        let log_slope = (log_slope + stretched).neg();
        let beyond = (a - index.recip().mul_scalar(END.exp_m1())).clamp_min(0.0);
        let z = z + beyond * log_slope.clone().exp();
        Moved { to: z * sign, log_slope: log_slope - log_scale }
    }

    /// Normal features to heavy ones.
    fn weigh<const D: usize>(&self, z: Tensor<D>) -> Moved<D> {
        let log_scale = along_features::<D>(self.log_scale.val());
        let (sign, Side { index, end }) = self.side(&z);
        let a = z * sign.clone();
        let (t, log_slope) = normal::nats(a.clone().min_pair(end.clone()));
        let stretched = index.clone() * t;
        let log_slope = log_slope + stretched.clone();
        let y = expm1(stretched) / index + (a - end).clamp_min(0.0) * log_slope.clone().exp();
        Moved {
            to: y * sign * log_scale.clone().exp() + along_features(self.shift.val()),
            log_slope: log_slope + log_scale,
        }
    }

    /// All features, the heavy ones by `map`.
    fn with<const D: usize>(
        &self,
        x: Tensor<D>,
        map: impl FnOnce(Tensor<D>) -> Moved<D>,
    ) -> (Tensor<D>, Tensor<1>) {
        let (batch, moved) = (x.dims()[0], map(x.clone().select(1, self.heavy.clone())));
        let elements = moved.log_slope.dims()[1..].iter().product::<usize>();
        let log_det = moved.log_slope.reshape([batch, elements]).sum_dim(1).squeeze_dim(1);
        if self.light.dims()[0] == 0 {
            return (moved.to, log_det);
        }
        let rest = x.select(1, self.light.clone());
        (Tensor::cat(vec![moved.to, rest], 1).select(1, self.merge.clone()), log_det)
    }
}

impl<const D: usize> Bijection<D> for TailTransform {
    fn forward(&self, x: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        self.with(x, |x| self.lighten(x))
    }

    fn inverse(&self, z: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        self.with(z, |z| self.weigh(z))
    }

    fn depends_on_data(&self) -> bool {
        true
    }

    fn examine(&self, _: &Tensor<D>, _: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let (least, greatest) = range(host(self.log_scale.val()).into_iter());
        note(Sign::LogScale { least, greatest });
    }

    /// Sets shifts to the medians of the batch, and scales so that half of it lies where half of the standard normal does. Values
    /// that are not finite do not count; a batch without samples leaves things as they are.
    fn initialize(self, x: Tensor<D>, context: Context<'_>) -> (Self, Tensor<D>) {
        let dims = x.dims();
        if dims[0] * positions(&dims) == 0 {
            return (self, x.detach());
        }
        let heavy = x.clone().without_autodiff().select(1, self.heavy.clone());
        let columns = heavy.dims()[1];
        let values = host(heavy.swap_dims(0, 1).reshape([columns * dims[0] * positions(&dims)]));
        let index = |log: &Param<Tensor<1>>| host(log.val()).into_iter().map(f64::exp).collect::<Vec<_>>();
        let (lower, upper) = (index(&self.log_lower), index(&self.log_upper));
        let (mut shifts, mut log_scales) = (Vec::new(), Vec::new());
        for (k, column) in values.chunks(values.len() / columns).enumerate() {
            let middle = median(column.to_vec());
            let half = median(column.iter().map(|x| (x - middle).abs()).collect());
            let index = 0.5 * (lower[k] + upper[k]);
            shifts.push(middle);
            log_scales.push((half * index / (index * HALF).exp_m1()).max(1e-12).ln());
        }
        let this = Self {
            shift: replace(self.shift, shifts),
            log_scale: replace(self.log_scale, log_scales),
            ..self
        };
        let (z, _) = this.forward(x, context);
        (this, z.detach())
    }
}

/// `exp(x) - 1`, exact near 0.
fn expm1<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    let half = x.mul_scalar(0.5);
    half.clone().exp() * half.sinh().mul_scalar(2.0)
}

/// The middle of some numbers, those that are none left out; 0 for none.
fn median(mut values: Vec<f64>) -> f64 {
    values.retain(|value| value.is_finite());
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The parameter with other values: a leaf on its old device, with its id and its `require_grad`.
fn replace(param: Param<Tensor<1>>, values: Vec<f64>) -> Param<Tensor<1>> {
    param.map(|old| {
        let n = values.len();
        let new = Tensor::from_data(TensorData::new(values, [n]), (&old.device(), old.dtype()));
        if old.is_require_grad() { new.require_grad() } else { new }
    })
}
