//! The faults, and how they are planted.

use super::edit::{edit, paths};
use super::pool::{Preset, Trained, rows};
use super::wrapped::Wrapped;
use burn::module::Param;
use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot::base::{AnyBase, DiagNormal};
use tissot::{AnyFlow, Bijection, Chain, Context, Flow, Layer};

/// Parameters of one element of a spline of 8 bins.
const SPLINE: usize = 23;
/// Bins of a spline.
const BINS: usize = 8;

/// What is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A layer's log-det has the wrong sign, in both directions or in one.
    LogDetSign,
    /// An LU diagonal has an entry of 1e-7 to 1e-11.
    Diagonal,
    /// A scale is e^20 to e^45, or its reciprocal.
    Scale,
    /// A weight is NaN.
    NanWeight,
    /// A spline's bin has hardly any width or height.
    Bin,
    /// An order names a feature twice, or its inverse is another's.
    Order,
    /// The base is a normal with other means or deviations.
    Base,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 7] =
        [Self::LogDetSign, Self::Diagonal, Self::Scale, Self::NanWeight, Self::Bin, Self::Order, Self::Base];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Self::LogDetSign => "a log-det's sign flipped",
            Self::Diagonal => "an LU diagonal of 1e-7 to 1e-11",
            Self::Scale => "a scale of e^20 to e^45 or its reciprocal",
            Self::NanWeight => "a NaN weight",
            Self::Bin => "a spline's bin collapsed",
            Self::Order => "a permutation that is not one",
            Self::Base => "a base that does not fit",
        }
    }
}

/// A flow with a fault.
#[derive(Debug)]
pub struct Planted {
    /// The flow.
    pub flow: Flow<Chain<Wrapped>, AnyBase>,
    /// The number of the guilty layer, or `base`.
    pub place: String,
    /// What was done.
    pub what: String,
}

/// Plants a fault at a random place of a trained flow; `None` where the flow has none for it.
pub fn plant(fault: Fault, trained: &Trained, rng: &mut dyn Rng) -> Option<Planted> {
    match fault {
        Fault::LogDetSign => turned(trained, rng),
        Fault::Base => Some(other_base(trained, rng)),
        _ => edited(fault, trained, rng),
    }
}

fn wrap(flow: AnyFlow) -> Flow<Chain<Wrapped>, AnyBase> {
    let layers = flow.bijection.layers.into_iter().map(Wrapped::honest).collect();
    Flow { bijection: Chain::new(layers), base: flow.base, embedding: flow.embedding }
}

fn one_of<T: Copy>(of: &[T], rng: &mut dyn Rng) -> Option<T> {
    (!of.is_empty()).then(|| of[rng.random_range(0..of.len())])
}

/// A layer that changes volume gets the wrong sign.
fn turned(trained: &Trained, rng: &mut dyn Rng) -> Option<Planted> {
    let mut volumes = Vec::new();
    let x = rows(64, trained.features, &mut ChaCha8Rng::seed_from_u64(0));
    trained.flow.bijection.walk(x, Context::NONE, &mut |_, _, log_det| {
        volumes.push(log_det.clone().abs().max().into_scalar::<f64>());
    });
    let moving: Vec<usize> = (0..volumes.len()).filter(|&k| volumes[k] > 0.01).collect();
    let layer = one_of(&moving, rng)?;
    let mut flow = wrap(trained.flow.clone());
    let signs = [(-1.0, -1.0), (-1.0, 1.0), (1.0, -1.0)];
    let (forward, inverse) = one_of(&signs, rng)?;
    let wrapped = &mut flow.bijection.layers[layer];
    (wrapped.forward, wrapped.inverse) = (forward, inverse);
    let what = format!("log-det of up to {:.2} times {forward} forward, {inverse} back", volumes[layer]);
    Some(Planted { flow, place: layer.to_string(), what })
}

fn other_base(trained: &Trained, rng: &mut dyn Rng) -> Planted {
    let n = trained.features;
    let feature = rng.random_range(0..n);
    let (mut mean, mut log_std) = (vec![0.0; n], vec![0.0; n]);
    let sign = if rng.random::<bool>() { 1.0 } else { -1.0 };
    let what = if rng.random::<bool>() {
        mean[feature] = sign * rng.random_range(0.5..2.0);
        format!("mean {:.2} in column {feature}", mean[feature])
    } else {
        log_std[feature] = sign * rng.random_range(0.5..2.0);
        format!("deviation e^{:.2} in column {feature}", log_std[feature])
    };
    let param = |values: Vec<f64>| {
        Param::from_tensor(Tensor::from_data(TensorData::new(values, [n]), &Device::flex()))
    };
    let mut flow = wrap(trained.flow.clone());
    flow.base = AnyBase::DiagNormal(DiagNormal { mean: param(mean), log_std: param(log_std), net: None });
    Planted { flow, place: "base".into(), what }
}

/// One number of one tensor is another.
fn edited(fault: Fault, trained: &Trained, rng: &mut dyn Rng) -> Option<Planted> {
    let splines = matches!(trained.preset, Preset::NsfCoupling | Preset::NsfAutoregressive);
    let last = |path: &str| path.ends_with("last.bias") || path.ends_with("last.linear.bias");
    let fits = |path: &str| match fault {
        Fault::Diagonal => path.ends_with(".diagonal"),
        Fault::Scale => {
            let affine = !splines && trained.unbounded && trained.preset != Preset::Nice;
            path.ends_with(".log_scale") || (affine && last(path))
        }
        Fault::NanWeight => !path.contains("Permutation"),
        Fault::Bin => splines && trained.unbounded && last(path),
        Fault::Order => path.contains("Permutation"),
        Fault::LogDetSign | Fault::Base => false,
    };
    let all: Vec<(String, usize)> = paths(&trained.flow)
        .into_iter()
        .filter(|(path, len)| path.starts_with("bijection.layers.") && fits(path) && *len > 0)
        .collect();
    let chosen = one_of(&(0..all.len()).collect::<Vec<_>>(), rng)?;
    let (path, len) = &all[chosen];
    let sign = if rng.random::<bool>() { 1.0 } else { -1.0 };
    let (place, value) = match fault {
        Fault::Diagonal => (rng.random_range(0..*len), -rng.random_range(16.2..25.3)),
        Fault::Scale if path.ends_with(".log_scale") => {
            (rng.random_range(0..*len), sign * rng.random_range(20.0..45.0))
        }
        Fault::Scale => (2 * rng.random_range(0..len / 2) + 1, sign * rng.random_range(20.0..45.0)),
        Fault::NanWeight => (rng.random_range(0..*len), f64::NAN),
        Fault::Bin => {
            let element = rng.random_range(0..len / SPLINE);
            (element * SPLINE + rng.random_range(0..2 * BINS), -rng.random_range(25.0..60.0))
        }
        _ => (rng.random_range(0..*len), 0.0),
    };
    let flow = edit(trained.flow.clone(), |at, values| {
        if at == path {
            values[place] = match fault {
                // Another place's index: twice there.
                Fault::Order => values[(place + 1) % values.len()],
                _ => value,
            };
        }
    });
    let layer = path.split('.').nth(2)?.to_owned();
    debug_assert!(layer.parse::<usize>().is_ok_and(|k| k < flow.bijection.layers.len()), "{path}");
    let kind = match flow.bijection.layers.get(layer.parse::<usize>().ok()?)? {
        Layer::Inverse(_) => " (inside an Inverse)",
        _ => "",
    };
    Some(Planted { flow: wrap(flow), place: layer, what: format!("{path}[{place}] = {value:.2}{kind}") })
}
