//! Laws that make a positive scale of a free number.

use crate::Error;
use burn::tensor::Tensor;
use burn::tensor::activation::{log_sigmoid, softplus};
use serde::{Deserialize, Serialize};
use tissot_kernels::univariate as fused;

/// Laws without a bound of their own are cut off here: `exp(60)` times an input of 1e6 is finite in f32.
const LIMIT: f64 = 60.0;

/// Below it, `log softplus(u)` is `u` to the last digit of f64.
const SOFTPLUS_TAIL: f64 = -40.0;

/// How a free parameter `u` becomes the logarithm of a scale `s`.
///
/// The default is [`LogScale::Tanh`] with a bound of 1: it has slope 1 at the identity, so it learns at once, and no
/// single layer stretches or shrinks by more than `e`. Wider bounds fit no better, and rows unlike those of the training
/// come out worse by orders of magnitude (`docs/quality.md`).
///
/// `|log s|` never exceeds 60, so that values and gradients stay finite in f32; beyond it the gradient is 0.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum LogScale {
    /// `log s = u` (Real NVP; Dinh et al. 2017, eq. 4).
    Exp,
    /// `log s = u / (1 + |u / ln(floor)|)`, between `ln(floor)` and `-ln(floor)`; zuko's law, with `floor` 1e-3.
    SoftClip {
        /// The least scale, in (0, 1).
        floor: f64,
    },
    /// `s = sigmoid(u + offset) + epsilon`; Glow's and normflows' law with `offset` 2 and `epsilon` 0, nflows' with
    /// 2 and 1e-3.
    ///
    /// Flows start at `u = 0`, as in those libraries: with `offset` 2 at a scale of 0.88. At the identity the slope is only
    /// `epsilon (1 - epsilon)`, so that a flow would not learn there.
    Sigmoid {
        /// What is added to `u`.
        offset: f64,
        /// The least scale, in [0, 1).
        epsilon: f64,
    },
    /// `s = softplus(u) + epsilon`; nflows' masked autoregressive law, with `epsilon` 1e-3.
    Softplus {
        /// The least scale, in [0, 1).
        epsilon: f64,
    },
    /// `log s = bound tanh(u / bound)`.
    Tanh {
        /// The largest `|log s|`, in nats.
        bound: f64,
    },
    /// `log s = 0.636 clamp atan(u)`; FrEIA's law, which stays just within `clamp`.
    Atan {
        /// The largest `|log s|`, in nats.
        clamp: f64,
    },
}

impl Default for LogScale {
    fn default() -> Self {
        Self::Tanh { bound: 1.0 }
    }
}

impl LogScale {
    /// zuko's law.
    pub const ZUKO: Self = Self::SoftClip { floor: 1e-3 };
    /// nflows' law in couplings.
    pub const NFLOWS_COUPLING: Self = Self::Sigmoid { offset: 2.0, epsilon: 1e-3 };
    /// nflows' law in autoregressive layers.
    pub const NFLOWS_AUTOREGRESSIVE: Self = Self::Softplus { epsilon: 1e-3 };
    /// Glow's law, as normflows has it.
    pub const GLOW: Self = Self::Sigmoid { offset: 2.0, epsilon: 0.0 };

    /// `log s` of `u`, element by element.
    pub fn of<const D: usize>(&self, u: Tensor<D>) -> Tensor<D> {
        match *self {
            Self::Exp => u.clamp(-LIMIT, LIMIT),
            Self::SoftClip { floor } => {
                let damping = u.clone().abs().mul_scalar(-1.0 / floor.ln()).add_scalar(1.0);
                u / damping
            }
            Self::Sigmoid { offset, epsilon } => {
                let log_s = log_sigmoid(u.add_scalar(offset));
                if epsilon > 0.0 { log_s.exp().add_scalar(epsilon).log() } else { log_s.clamp_min(-LIMIT) }
            }
            Self::Softplus { epsilon } if epsilon > 0.0 => softplus(u, 1.0).add_scalar(epsilon).log(),
            Self::Softplus { .. } => {
                // softplus itself underflows in the tail: evaluate it elsewhere, so that no gradient is infinite
                let tail = u.clone().detach().lower_elem(SOFTPLUS_TAIL);
                let safe = u.clone().mask_fill(tail.clone(), 0.0);
                softplus(safe, 1.0).log().mask_where(tail, u).clamp_min(-LIMIT)
            }
            Self::Tanh { bound } => u.mul_scalar(1.0 / bound).tanh().mul_scalar(bound),
            Self::Atan { clamp } => u.atan().mul_scalar(0.636 * clamp),
        }
    }

    /// The same law in the words of the kernels; `None` for one that they do not know.
    pub(super) fn law(&self) -> Option<fused::LogScale> {
        Some(match *self {
            Self::Exp => fused::LogScale::Exp,
            Self::SoftClip { floor } => fused::LogScale::SoftClip { floor },
            Self::Sigmoid { offset, epsilon } => fused::LogScale::Sigmoid { offset, epsilon },
            Self::Softplus { epsilon } => fused::LogScale::Softplus { epsilon },
            Self::Tanh { bound } => fused::LogScale::Tanh { bound },
            Self::Atan { .. } => return None,
        })
    }

    /// The `u` that a flow starts with: that of `log s = 0`, but for sigmoids 0.
    pub fn start(&self) -> f64 {
        match *self {
            Self::Softplus { epsilon } => (1.0 - epsilon).exp_m1().ln(),
            _ => 0.0,
        }
    }

    /// The parameters between which `d log s / du` is at least 0.01 (for `Atan` 1 % of its slope at 0): beyond them a scale
    /// hardly learns any more.
    ///
    /// An end that a law reaches only where it is the identity (the top of a sigmoid) does not count.
    pub fn learns_within(&self) -> (f64, f64) {
        let floor = |epsilon: f64| if epsilon > 0.0 { (epsilon / 99.0).ln() } else { -LIMIT };
        match *self {
            Self::Exp => (-LIMIT, LIMIT),
            Self::SoftClip { floor } => (9.0 * floor.ln(), -9.0 * floor.ln()),
            Self::Sigmoid { offset, epsilon } => (floor(epsilon) - offset, f64::INFINITY),
            Self::Softplus { epsilon } => (floor(epsilon), f64::INFINITY),
            Self::Tanh { bound } => {
                let end = 0.99_f64.sqrt().atanh() * bound;
                (-end, end)
            }
            Self::Atan { .. } => (-99.0_f64.sqrt(), 99.0_f64.sqrt()),
        }
    }

    /// Checks the constants.
    ///
    /// # Errors
    /// [`Error::Config`] where one is outside its range.
    pub fn validate(&self) -> Result<(), Error> {
        let epsilon_is_right = |epsilon: f64| epsilon == 0.0 || (1e-20..1.0).contains(&epsilon);
        let bound_is_right = |bound: f64| bound > 0.0 && bound <= LIMIT;
        let expected_epsilon = "0, or a number from 1e-20 to below 1";
        let expected_bound = "a number above 0 and at most 60";
        match *self {
            Self::SoftClip { floor } if !(1e-20..1.0).contains(&floor) => {
                Err(Error::config("floor", floor, "a number from 1e-20 to below 1"))
            }
            Self::Sigmoid { offset, .. } if !(-LIMIT..=LIMIT).contains(&offset) => {
                Err(Error::config("offset", offset, "a number from -60 to 60"))
            }
            Self::Sigmoid { epsilon, .. } | Self::Softplus { epsilon } if !epsilon_is_right(epsilon) => {
                Err(Error::config("epsilon", epsilon, expected_epsilon))
            }
            Self::Tanh { bound } if !bound_is_right(bound) => {
                Err(Error::config("bound", bound, expected_bound))
            }
            Self::Atan { clamp } if !bound_is_right(clamp) => {
                Err(Error::config("clamp", clamp, expected_bound))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{DType, Device};

    #[test]
    fn beyond_its_range_a_law_hardly_learns() {
        let laws = [
            LogScale::ZUKO,
            LogScale::NFLOWS_COUPLING,
            LogScale::NFLOWS_AUTOREGRESSIVE,
            LogScale::Tanh { bound: 1.0 },
            LogScale::Tanh { bound: 3.0 },
            LogScale::Atan { clamp: 2.0 },
        ];
        for law in laws {
            let slope = |u: f64| {
                let u = Tensor::<1>::from_data([u], (&Device::flex().autodiff(), DType::F64)).require_grad();
                let grads = law.of(u.clone()).sum().backward();
                u.grad(&grads).expect("a gradient").into_scalar::<f64>()
            };
            let whole = if matches!(law, LogScale::Atan { .. }) { slope(0.0) } else { 1.0 };
            let (low, high) = law.learns_within();
            for (inside, outside) in [(low + 0.01, low - 0.01), (high - 0.01, high + 0.01)] {
                if inside.is_finite() {
                    let found = (slope(inside) / whole, slope(outside) / whole);
                    assert!(found.0 >= 0.0099 && found.1 <= 0.0101, "{law:?} at {inside}: {found:?}");
                }
            }
        }
    }
}
