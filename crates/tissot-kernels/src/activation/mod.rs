//! Activations: functions of each unit of a network, vectorised, with gradients by hand.
//!
//! ```text
//! y = act(u)        gu = gy act'(u)
//! ```
//!
//! Where `act'(u)` follows from `y`, as for most, `y` is all that is kept for the gradient; elsewhere the slope is kept, which
//! is made along with `y` of the same exponential. Both types take polynomials of this crate (`real`).
//! [`dense`](crate::dense) and [`made`](crate::made) apply the very same functions, so that both directions of a flow make the
//! same of a unit.

mod composed;
#[cfg(feature = "cube")]
pub(crate) mod cube;
#[cfg(feature = "flex")]
mod curve;
#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "flex")]
mod loops;
#[cfg(feature = "flex")]
mod op;

pub(crate) use composed::composed;
#[cfg(feature = "flex")]
pub(crate) use curve::{Curve, Visitor, show};
#[cfg(feature = "flex")]
pub(crate) use loops::{Show, Values, ValuesAndSlopes, keeps_slope};

#[cfg(feature = "flex")]
use crate::device::{Place, place};
use burn::tensor::Tensor;

/// A function applied to each unit.
///
/// Values and gradients are finite for every finite input, and a NaN stays one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Activation {
    /// `max(u, 0)`, with the derivative 0 at 0.
    Relu,
    /// `u` where `u >= 0`, else `slope u`.
    LeakyRelu {
        /// The slope below 0.
        slope: f64,
    },
    /// `scale u` where `u > 0`, else `scale alpha (exp(u) - 1)`.
    Elu {
        /// The limit at minus infinity, with `scale` 1, its sign turned; positive.
        alpha: f64,
        /// What all values are multiplied by; positive.
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
    /// `log(1 + exp(u))`; `u` itself above 20, as in PyTorch and burn.
    Softplus,
}

/// `activation` of each element of `u`, in its place where nothing else holds it.
///
/// On burn's Flex backend, for f32 and f64, it is one vectorised pass, in parallel where `u` is large, and so is its gradient.
/// Elsewhere it is composed of burn's operations.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tissot_kernels::activation::{Activation, apply};
///
/// let u = Tensor::<1>::from_data([-1.0f32, 0.0, 1.0], &Device::flex());
/// let y = apply(u, Activation::Softplus).into_data().try_to_vec::<f32>()?;
/// assert!((y[1] - 2f32.ln()).abs() < 1e-6);
/// # Ok::<(), burn::tensor::DataError>(())
/// ```
///
/// # Panics
/// For an ELU whose `alpha` or `scale` is not positive.
pub fn apply<const D: usize>(u: Tensor<D>, activation: Activation) -> Tensor<D> {
    activation.check();
    #[cfg(feature = "flex")]
    if place(&u) == Some(Place::Flex) {
        return op::activate(u, activation);
    }
    composed(u, activation)
}

impl Activation {
    /// Panics for numbers that make no activation.
    pub(crate) fn check(self) {
        if let Self::Elu { alpha, scale } = self {
            assert!(
                alpha > 0.0 && scale > 0.0,
                "alpha and scale of an ELU must be positive; found {alpha} and {scale}"
            );
        }
    }
}
