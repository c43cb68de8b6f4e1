//! How free parameters become the knots of a monotone spline.

use crate::Error;
use burn::tensor::Tensor;
use burn::tensor::activation::{softmax, softplus};
use serde::{Deserialize, Serialize};
use tissot_kernels::univariate::Law;

/// How the parameters of one element, `[K widths, K heights, K - 1 inner knots]`, become a spline of `K` bins.
///
/// Below, `u` are the parameters, `w` and `h` the shares that the bins' widths and heights have of the whole (each add
/// up to 1), `s = h / w` the bins' slopes and `d` the slopes at the inner knots.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum SplineParams {
    /// This crate's own: every slope of the spline is bounded, whatever the parameters are.
    ///
    /// ```text
    /// w_k = min_width + (1 - K min_width) softmax(u_w)_k
    /// h_k ~ w_k exp(A tanh(u_h / A))                       A = bin_log_slope
    /// d_k = harmonic mean of s_k and s_k+1, times exp(C tanh(u_d / C))      C = knot_log_slope
    /// ```
    ///
    /// A least knot slope alone bounds nothing: inside a bin of slope `s` between knots of slope `d` the spline's
    /// slope falls to `2 s^2 / (s + d)`. Here the heights are made of the slopes instead, so `s` stays within
    /// `e^(-2A) .. e^(2A)`, and a harmonic mean is at most twice the lesser slope. In a bin whose knots have slopes
    /// `d` and `d'`, the spline's slope lies between `min(d, d', s^2 / max(d, d'))` and `max(d, d', 2 s)`. With
    /// the slope 1 at both ends, all slopes lie within
    ///
    /// ```text
    /// min(e^(-4A), e^(-2A - C) / 2) .. 2 e^(2A + C)        4.5e-5 .. 1.2e3 with the defaults
    /// ```
    ///
    /// The lower limit is reached next to the ends only; between inner knots it is `e^(-2A - C) / 2`, 8.4e-4.
    /// Parameters 0 are the identity.
    Bounded {
        /// The least width of a bin, a share of the whole interval.
        min_width: f64,
        /// `A`, in nats: bins' slopes before they are made to add up to 1 lie within `e^-A .. e^A`.
        bin_log_slope: f64,
        /// `C`, in nats: how far a knot's slope may be from the mean of its neighbours.
        knot_log_slope: f64,
    },
    /// nflows' law, that of Durkan et al. 2019, section 3.1.
    ///
    /// ```text
    /// w = min_width + (1 - K min_width) softmax(u_w / logit_scale)        h likewise
    /// d = min_derivative + softplus(u_d)
    /// ```
    Nflows {
        /// The least width of a bin, a share of the whole interval.
        min_width: f64,
        /// The least height of a bin, a share of the whole interval.
        min_height: f64,
        /// The least slope at a knot.
        min_derivative: f64,
        /// What width and height parameters are divided by: the root of the number of hidden features in nflows'
        /// couplings, 1 in its autoregressive layers.
        logit_scale: f64,
    },
    /// nflows' law with a slope at both ends, too: FlowJAX's. `K + 1` slopes, so `3 K + 1` parameters; the density jumps at the
    /// ends, beyond which the spline is the identity. Without fused kernels.
    ///
    /// ```text
    /// w = min_width + (1 - K min_width) softmax(u_w)        h likewise
    /// d = min_derivative + softplus(u_d)
    /// ```
    FreeEnds {
        /// The least width and height of a bin, a share of the whole interval.
        min_width: f64,
        /// The least slope at a knot.
        min_derivative: f64,
    },
    /// [`SplineParams::Bounded`] on a circle: the ends are one place, a knot like the others with a slope of its own, between
    /// the last bin and the first. `K` slopes, so `3 K` parameters. Beyond the interval the spline goes round:
    /// `y(x + 2 bound) = y(x) + 2 bound`. Without fused kernels.
    ///
    /// `w`, `h` and `d_k` are those of [`SplineParams::Bounded`], `k = 0, .., K - 1`, where `s_-1 = s_(K-1)`; all slopes
    /// lie within `e^(-2A - C) / 2 .. 2 e^(2A + C)`. The place `-bound` stays where it is.
    ///
    /// Rezende, Papamakarios, Racaniere et al. 2020, "Normalizing Flows on Tori and Spheres", section 2.1.2.
    Circular {
        /// The least width of a bin, a share of the circle.
        min_width: f64,
        /// `A`, in nats, as in [`SplineParams::Bounded`].
        bin_log_slope: f64,
        /// `C`, in nats, as in [`SplineParams::Bounded`].
        knot_log_slope: f64,
    },
    /// zuko's law.
    ///
    /// ```text
    /// w = softmax(u_w / (1 + |2 u_w / ln(slope)|))        h likewise
    /// d = exp(u_d / (1 + |u_d / ln(slope)|))
    /// ```
    Zuko {
        /// The least slope at a knot, in (0, 1); its inverse is the largest.
        slope: f64,
    },
}

impl Default for SplineParams {
    fn default() -> Self {
        Self::Bounded { min_width: 1e-3, bin_log_slope: 2.5, knot_log_slope: 2.0 * std::f64::consts::LN_2 }
    }
}

/// The knots of splines, in the units of `x`.
#[derive(Debug)]
pub(super) struct Knots {
    /// Places, values and slopes of all knots, `[batch or 1, elements, 3 (K + 1)]`, one kind after the other.
    pub table: Tensor<3>,
    /// How many knots there are, the ends included.
    pub count: usize,
}

impl SplineParams {
    /// nflows' law with its own constants; see [`SplineParams::Nflows`] for `logit_scale`.
    pub fn nflows(logit_scale: f64) -> Self {
        Self::Nflows { min_width: 1e-3, min_height: 1e-3, min_derivative: 1e-3, logit_scale }
    }

    /// [`SplineParams::Circular`] with the constants of the default.
    pub fn circular() -> Self {
        Self::Circular { min_width: 1e-3, bin_log_slope: 2.5, knot_log_slope: 2.0 * std::f64::consts::LN_2 }
    }

    /// zuko's law with its own constant.
    pub fn zuko() -> Self {
        Self::Zuko { slope: 1e-3 }
    }

    /// The same law in the words of the kernels; `None` for one that they do not know.
    pub(super) fn law(&self) -> Option<Law> {
        Some(match *self {
            Self::Bounded { min_width, bin_log_slope, knot_log_slope } => {
                Law::Bounded { min_width, bin_log_slope, knot_log_slope }
            }
            Self::Nflows { min_width, min_height, min_derivative, logit_scale } => {
                Law::Nflows { min_width, min_height, min_derivative, logit_scale }
            }
            Self::Zuko { slope } => Law::Zuko { slope },
            Self::FreeEnds { .. } | Self::Circular { .. } => return None,
        })
    }

    /// How many slopes an element of `bins` bins has parameters for.
    pub(super) fn slopes(&self, bins: usize) -> usize {
        match self {
            Self::FreeEnds { .. } => bins + 1,
            Self::Circular { .. } => bins,
            Self::Bounded { .. } | Self::Nflows { .. } | Self::Zuko { .. } => bins - 1,
        }
    }

    /// The parameter of a knot whose slope is 1 where bins are alike; widths and heights take 0.
    pub(super) fn unit_slope(&self) -> f64 {
        match *self {
            Self::Nflows { min_derivative, .. } | Self::FreeEnds { min_derivative, .. } => {
                (1.0 - min_derivative).exp_m1().ln()
            }
            Self::Bounded { .. } | Self::Circular { .. } | Self::Zuko { .. } => 0.0,
        }
    }

    /// The knots of `bins` bins on `[-bound, bound]`, with slope 1 at both ends where these have no parameters.
    pub(super) fn knots(&self, params: Tensor<3>, bins: usize, bound: f64) -> Knots {
        let [batch, elements, _] = params.dims();
        let options = (&params.device(), params.dtype());
        let (shares, slopes) = self.shares(params, bins);
        let inner = shares.cumsum(3).narrow(3, 0, bins - 1).mul_scalar(2.0 * bound).sub_scalar(bound);
        let end = |value: f64| Tensor::<4>::full([batch, elements, 2, 1], value, options);
        let places = Tensor::cat(vec![end(-bound), inner, end(bound)], 3);
        let places = places.reshape([batch, elements, 2 * (bins + 1)]);
        let parts = match self {
            Self::FreeEnds { .. } => vec![places, slopes],
            Self::Circular { .. } => vec![places, slopes.clone(), slopes.narrow(2, 0, 1)],
            Self::Bounded { .. } | Self::Nflows { .. } | Self::Zuko { .. } => {
                let one = Tensor::<3>::ones([batch, elements, 1], options);
                vec![places, one.clone(), slopes, one]
            }
        };
        Knots { table: Tensor::cat(parts, 2), count: bins + 1 }
    }

    /// The shares of widths and heights, `[batch or 1, elements, 2, K]`, and the slopes that have parameters.
    fn shares(&self, params: Tensor<3>, bins: usize) -> (Tensor<4>, Tensor<3>) {
        let [batch, elements, _] = params.dims();
        let knots = params.clone().narrow(2, 2 * bins, self.slopes(bins));
        let logits = |params: Tensor<3>| params.narrow(2, 0, 2 * bins).reshape([batch, elements, 2, bins]);
        match *self {
            Self::Bounded { min_width, bin_log_slope, knot_log_slope }
            | Self::Circular { min_width, bin_log_slope, knot_log_slope } => {
                let widths = softmax(params.clone().narrow(2, 0, bins), 2);
                let widths = at_least(widths, min_width, bins);
                let raw = limited(params.narrow(2, bins, bins), bin_log_slope).exp();
                let heights = widths.clone() * raw.clone();
                let sum = heights.clone().sum_dim(2);
                let heights = heights / sum.clone();
                // the harmonic mean of the neighbours raw_k / sum
                let inverse = raw.recip();
                let mean = if matches!(self, Self::Circular { .. }) {
                    inverse.clone().roll_dim(1, 2) + inverse // the bin before knot 0 is the last
                } else {
                    inverse.clone().narrow(2, 0, bins - 1) + inverse.narrow(2, 1, bins - 1)
                };
                let slopes = limited(knots, knot_log_slope).exp().mul_scalar(2.0) / (mean * sum);
                (Tensor::stack(vec![widths, heights], 2), slopes)
            }
            Self::Nflows { min_width, min_height, min_derivative, logit_scale } => {
                let shares = softmax(logits(params).mul_scalar(1.0 / logit_scale), 3);
                let shares = if min_width == min_height {
                    at_least(shares, min_width, bins)
                } else {
                    let widths = at_least(shares.clone().narrow(2, 0, 1), min_width, bins);
                    Tensor::cat(vec![widths, at_least(shares.narrow(2, 1, 1), min_height, bins)], 2)
                };
                (shares, softplus(knots, 1.0).add_scalar(min_derivative))
            }
            Self::FreeEnds { min_width, min_derivative } => {
                let shares = at_least(softmax(logits(params), 3), min_width, bins);
                (shares, softplus(knots, 1.0).add_scalar(min_derivative))
            }
            Self::Zuko { slope } => {
                let range = -slope.ln();
                (softmax(soft_clipped(logits(params), 0.5 * range), 3), soft_clipped(knots, range).exp())
            }
        }
    }

    /// Checks the constants for `bins` bins.
    ///
    /// # Errors
    /// [`Error::Config`] where one is outside its range.
    pub(super) fn validate(&self, bins: usize) -> Result<(), Error> {
        let share = |name: &str, value: f64| {
            let largest = 1.0 / bins as f64;
            let right = value >= 1e-5 && value < largest;
            check(right, name, value, &format!("a number from 1e-5 to below {largest} (1 / bins)"))
        };
        let nats = |name: &str, value: f64| {
            check((0.01..=10.0).contains(&value), name, value, "a number from 0.01 to 10, in nats")
        };
        let slope = |name: &str, value: f64| {
            check((1e-5..1.0).contains(&value), name, value, "a number from 1e-5 to below 1")
        };
        match *self {
            Self::Bounded { min_width, bin_log_slope, knot_log_slope }
            | Self::Circular { min_width, bin_log_slope, knot_log_slope } => {
                share("min_width", min_width)?;
                nats("bin_log_slope", bin_log_slope)?;
                nats("knot_log_slope", knot_log_slope)
            }
            Self::Nflows { min_width, min_height, min_derivative, logit_scale } => {
                share("min_width", min_width)?;
                share("min_height", min_height)?;
                slope("min_derivative", min_derivative)?;
                check(
                    (1e-3..1e6).contains(&logit_scale),
                    "logit_scale",
                    logit_scale,
                    "a number from 1e-3 to 1e6",
                )
            }
            Self::FreeEnds { min_width, min_derivative } => {
                share("min_width", min_width)?;
                slope("min_derivative", min_derivative)
            }
            Self::Zuko { slope: least } => slope("slope", least),
        }
    }
}

/// An error where `right` is not.
fn check(right: bool, what: &str, found: f64, expected: &str) -> Result<(), Error> {
    if right { Ok(()) } else { Err(Error::config(what, found, expected)) }
}

/// `least + (1 - K least) shares`.
fn at_least<const D: usize>(shares: Tensor<D>, least: f64, bins: usize) -> Tensor<D> {
    shares.mul_scalar(1.0 - bins as f64 * least).add_scalar(least)
}

/// `bound tanh(u / bound)`.
fn limited<const D: usize>(u: Tensor<D>, bound: f64) -> Tensor<D> {
    u.mul_scalar(1.0 / bound).tanh().mul_scalar(bound)
}

/// `u / (1 + |u / bound|)`.
fn soft_clipped<const D: usize>(u: Tensor<D>, bound: f64) -> Tensor<D> {
    let damping = u.clone().abs().mul_scalar(1.0 / bound).add_scalar(1.0);
    u / damping
}
