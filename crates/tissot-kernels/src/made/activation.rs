//! Activations of slices, by the very functions that burn's CPU backend has: what the forward direction makes of a unit
//! and what the inverse makes of it should differ as little as can be.

use super::number::Number;
use crate::real::select;

/// A function applied to each hidden unit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// `max(u, 0)`.
    Relu,
    /// `u` where `u >= 0`, else `slope u`.
    LeakyRelu {
        /// The slope below 0.
        slope: f64,
    },
    /// `scale u` where `u > 0`, else `scale alpha (exp(u) - 1)`.
    Elu {
        /// The limit at minus infinity, with `scale` 1, its sign turned.
        alpha: f64,
        /// What all values are multiplied by.
        scale: f64,
    },
    /// `u sigmoid(u)`.
    Silu,
    /// `u Phi(u)`, `Phi` the normal distribution's cumulative function.
    Gelu,
    /// `u tanh(softplus(u))`.
    Mish,
    /// `tanh(u)`.
    Tanh,
    /// `1 / (1 + exp(-u))`.
    Sigmoid,
    /// `log(1 + exp(u))`.
    Softplus,
}

impl Activation {
    /// Applies it in place.
    #[inline(always)]
    pub(crate) fn apply<T: Number>(self, units: &mut [T]) {
        let (zero, one) = (T::ZERO, T::ONE);
        match self {
            // A NaN stays one.
            Self::Relu => each(units, |u| if u <= zero { zero } else { u }),
            Self::LeakyRelu { slope } => {
                let slope = T::of(slope);
                each(units, |u| if u >= zero { u } else { slope * u });
            }
            Self::Elu { alpha, scale } => {
                let (below, scale) = (T::of(alpha * scale), T::of(scale));
                each(units, |u| if u > zero { scale * u } else { below * u.exp_m1() });
            }
            Self::Silu => each(units, |u| u * sigmoid(u)),
            Self::Gelu => {
                let (half, root) = (T::of(0.5), T::of(std::f64::consts::SQRT_2));
                each(units, |u| half * u * (one + (u / root).erf()));
            }
            Self::Mish => each(units, |u| u * softplus(u).std_tanh()),
            Self::Tanh => each(units, T::std_tanh),
            Self::Sigmoid => each(units, sigmoid),
            Self::Softplus => each(units, softplus),
        }
    }
}

impl Activation {
    /// Puts the derivative at each of `units` in its place.
    #[inline(always)]
    pub(super) fn slope<T: Number>(self, units: &mut [T]) {
        let (zero, one) = (T::ZERO, T::ONE);
        match self {
            Self::Relu => each(units, |u| select(u > zero, one, zero)),
            Self::LeakyRelu { slope } => each(units, |u| select(u >= zero, one, T::of(slope))),
            Self::Elu { alpha, scale } => {
                let (below, scale) = (T::of(alpha * scale), T::of(scale));
                each(units, |u| if u > zero { scale } else { below * u.std_exp() });
            }
            Self::Silu => each(units, |u| {
                let s = sigmoid(u);
                s * (one + u * (one - s))
            }),
            Self::Gelu => {
                let (half, root) = (T::of(0.5), T::of(std::f64::consts::SQRT_2));
                let height = T::of(0.5 * std::f64::consts::FRAC_2_SQRT_PI / std::f64::consts::SQRT_2);
                each(units, |u| half * (one + (u / root).erf()) + u * height * (-(half * u * u)).std_exp());
            }
            Self::Mish => each(units, |u| {
                let th = softplus(u).std_tanh();
                th + u * (one - th * th) * sigmoid(u)
            }),
            Self::Tanh => each(units, |u| {
                let th = u.std_tanh();
                one - th * th
            }),
            Self::Sigmoid => each(units, |u| {
                let s = sigmoid(u);
                s * (one - s)
            }),
            Self::Softplus => each(units, sigmoid),
        }
    }
}

#[inline(always)]
fn each<T: Number>(units: &mut [T], f: impl Fn(T) -> T) {
    units.iter_mut().for_each(|u| *u = f(*u));
}

/// `1 / (1 + exp(-u))` without overflow.
#[inline(always)]
fn sigmoid<T: Number>(u: T) -> T {
    let e = (-u.abs()).std_exp();
    select(u >= T::ZERO, T::ONE, e) / (T::ONE + e)
}

/// `log(1 + exp(u))`; `u` itself above 20, as in PyTorch and burn.
#[inline(always)]
fn softplus<T: Number>(u: T) -> T {
    if u > T::of(20.0) { u } else { u.std_exp().std_ln_1p() }
}
