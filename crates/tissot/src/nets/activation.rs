//! Activations: what stands between the linear maps of a network.

use crate::error::Error;
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};
use tissot_kernels::made;

/// A function applied to each unit.
///
/// Values and gradients are finite for every finite input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum Activation {
    /// `max(u, 0)`.
    #[default]
    Relu,
    /// `u` where `u >= 0`, else `slope u`.
    LeakyRelu {
        /// The slope below 0.
        slope: f64,
    },
    /// `u` where `u > 0`, else `exp(u) - 1` (Clevert et al. 2016 with alpha 1).
    Elu,
    /// A scaled [`Activation::Elu`] that keeps mean 0 and variance 1 (Klambauer et al. 2017).
    Selu,
    /// `u sigmoid(u)`, also called swish.
    Silu,
    /// `u Phi(u)`, Phi the normal distribution's cumulative function (Hendrycks and Gimpel 2016), not its tanh
    /// approximation.
    Gelu,
    /// `u tanh(softplus(u))` (Misra 2019).
    Mish,
    /// `tanh(u)`.
    Tanh,
    /// `1 / (1 + exp(-u))`.
    Sigmoid,
    /// `log(1 + exp(u))`; `u` itself above 20, as in PyTorch.
    Softplus,
}

/// Klambauer et al. 2017: the constants that make mean 0 and variance 1 a fixed point.
const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;
const SELU_SCALE: f64 = 1.050_700_987_355_480_5;

impl Activation {
    /// The function at each element of `u`, a tensor of any shape.
    pub fn apply<const D: usize>(&self, u: Tensor<D>) -> Tensor<D> {
        match self {
            Self::Relu => activation::relu(u),
            Self::LeakyRelu { slope } => activation::leaky_relu(u, *slope),
            Self::Elu => elu(u, 1.0),
            Self::Selu => elu(u, SELU_ALPHA) * SELU_SCALE,
            Self::Silu => activation::silu(u),
            Self::Gelu => activation::gelu(u),
            Self::Mish => activation::mish(u),
            Self::Tanh => u.tanh(),
            Self::Sigmoid => activation::sigmoid(u),
            Self::Softplus => activation::softplus(u, 1.0),
        }
    }

    /// Its derivative at each element of `u`, by automatic differentiation of the function alone.
    pub(super) fn slope<const D: usize>(&self, u: Tensor<D>) -> Tensor<D> {
        let u = u.detach().without_autodiff().autodiff().require_grad();
        let grads = self.apply(u.clone()).sum().backward();
        u.grad(&grads).unwrap_or_else(|| u.zeros_like().detach().without_autodiff())
    }

    /// The same function on the host.
    pub(super) fn on_host(&self) -> made::Activation {
        match *self {
            Self::Relu => made::Activation::Relu,
            Self::LeakyRelu { slope } => made::Activation::LeakyRelu { slope },
            Self::Elu => made::Activation::Elu { alpha: 1.0, scale: 1.0 },
            Self::Selu => made::Activation::Elu { alpha: SELU_ALPHA, scale: SELU_SCALE },
            Self::Silu => made::Activation::Silu,
            Self::Gelu => made::Activation::Gelu,
            Self::Mish => made::Activation::Mish,
            Self::Tanh => made::Activation::Tanh,
            Self::Sigmoid => made::Activation::Sigmoid,
            Self::Softplus => made::Activation::Softplus,
        }
    }

    /// Whether the numbers in it make sense.
    ///
    /// # Errors
    /// [`Error::Config`] for a slope that is not finite.
    pub fn validate(&self) -> Result<(), Error> {
        match self {
            Self::LeakyRelu { slope } if !slope.is_finite() => {
                Err(Error::config("activation.slope", slope, "a finite number, such as 0.01"))
            }
            _ => Ok(()),
        }
    }
}

/// `u` where `u > 0`, else `alpha (exp(u) - 1)`. The exponential never sees a positive number, because an overflow
/// in a branch that is masked out still makes its gradient NaN.
fn elu<const D: usize>(u: Tensor<D>, alpha: f64) -> Tensor<D> {
    activation::relu(u.clone()) + (u.clamp_max(0.0).exp() - 1.0) * alpha
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{DType, Device};

    const ALL: [Activation; 10] = [
        Activation::Relu,
        Activation::LeakyRelu { slope: 0.25 },
        Activation::Elu,
        Activation::Selu,
        Activation::Silu,
        Activation::Gelu,
        Activation::Mish,
        Activation::Tanh,
        Activation::Sigmoid,
        Activation::Softplus,
    ];

    fn expected(activation: Activation, u: f64) -> f64 {
        let sigmoid = 1.0 / (1.0 + (-u).exp());
        let softplus = u.exp().ln_1p();
        match activation {
            Activation::Relu => u.max(0.0),
            Activation::LeakyRelu { slope } => u.max(0.0) + slope * u.min(0.0),
            Activation::Elu => u.max(0.0) + u.min(0.0).exp_m1(),
            Activation::Selu => SELU_SCALE * (u.max(0.0) + SELU_ALPHA * u.min(0.0).exp_m1()),
            Activation::Silu => u * sigmoid,
            // Phi(1) and Phi(2) from tables of the normal distribution.
            Activation::Gelu if u == 1.0 => 0.841_344_746_068_542_9,
            Activation::Gelu if u == -2.0 => -2.0 * 0.022_750_131_948_179_21,
            Activation::Gelu => 0.0,
            Activation::Mish => u * softplus.tanh(),
            Activation::Tanh => u.tanh(),
            Activation::Sigmoid => sigmoid,
            Activation::Softplus => softplus,
        }
    }

    #[test]
    fn values_are_those_of_the_formulas() {
        let device = (&Device::flex(), DType::F64);
        for activation in ALL {
            for u in [-2.0, 0.0, 1.0] {
                let found = activation.apply(Tensor::<1>::from_data([u], device)).into_scalar::<f64>();
                let expected = expected(activation, u);
                assert!(
                    (found - expected).abs() < 1e-14,
                    "{activation:?} at {u}: {found}, expected {expected}"
                );
            }
        }
    }

    #[test]
    fn values_and_gradients_are_finite_far_out() {
        for activation in ALL {
            let u = Tensor::<1>::from_data([-1e6f32, -200.0, 0.0, 200.0, 1e6], &Device::flex().autodiff());
            let u = u.require_grad();
            let y = activation.apply(u.clone());
            let grads = y.clone().sum().backward();
            let slopes = u.grad(&grads).expect("a gradient").into_data().try_to_vec::<f32>().expect("f32");
            let values = y.into_data().try_to_vec::<f32>().expect("f32");
            assert!(
                values.iter().chain(&slopes).all(|v| v.is_finite()),
                "{activation:?}: {values:?}, {slopes:?}"
            );
        }
    }

    #[test]
    fn a_slope_must_be_finite() {
        let error = Activation::LeakyRelu { slope: f64::NAN }.validate().expect_err("refused");
        assert_eq!(error.to_string(), "activation.slope: found NaN, expected a finite number, such as 0.01");
    }
}
