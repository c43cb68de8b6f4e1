//! LU-parameterised linear maps, which on images are 1x1 convolutions.

mod config;
mod full;
mod rotation;

pub(crate) use rotation::factorise;

pub use config::{DiagonalLaw, LinearStart, LuLinearConfig, PermutationPlace};
pub use full::{FullLinear, FullLinearConfig};

use super::permutation::Permutation;
use super::tangent;
use crate::bijection::{Bijection, Context, expanded, positions};
use crate::inspect::jacobian::host;
use crate::inspect::{Sign, range};
use burn::module::{Module, Param};
use burn::tensor::{Int, Tensor};
use tissot_kernels::few::{Factors, Rows};
use tissot_kernels::lu::{self, Lu};
use tissot_kernels::univariate::Direction;

/// A linear map of the features at each position, with a log-det in closed form.
///
/// `W = P L U` (or `L U P`, or `L U`): L is unit lower triangular, U upper triangular with the diagonal
/// `d = sign * law(diagonal)`, P a fixed permutation.
/// * `forward`: `z = W x + bias`, `log_det = positions * sum log |d|`;
/// * `inverse`: `x = U^-1 L^-1 P^-1 (z - bias)`, `log_det` its negative.
///
/// The inverse undoes the triangular factors one after the other: the product `U^-1 L^-1` would make the residual of an
/// ill-conditioned `W` up to 1000 times larger. On the CPU that is substitution, see [`tissot_kernels::lu`]; elsewhere the
/// inverses of the factors are made in `O(log features)` matrix products, on the device.
/// Cost: `features^2` multiplications a position and `features^3 / 2` a call, on the CPU; twice that elsewhere, and
/// `features^3` more a call for the inverse.
///
/// Kingma and Dhariwal, "Glow: Generative Flow with Invertible 1x1 Convolutions", 2018, eq. 10-11; Oliva et al.,
/// "Transformation Autoregressive Networks", 2018, section 3.2.
///
/// # Shapes
/// `[batch, features, ..]`; on images a 1x1 convolution.
#[derive(Module, Debug)]
pub struct LuLinear {
    /// L below its diagonal, `[features, features]`; the rest is not read and stays as it is.
    pub lower: Param<Tensor<2>>,
    /// U above its diagonal, `[features, features]`; the rest is not read and stays as it is.
    pub upper: Param<Tensor<2>>,
    /// The free parameters of U's diagonal, `[features]`.
    pub diagonal: Param<Tensor<1>>,
    /// The signs of U's diagonal, 1 or -1, `[features]`; recorded, not trained.
    pub sign: Param<Tensor<1>>,
    /// What is added at the end, `[features]`.
    pub bias: Option<Param<Tensor<1>>>,
    permutation: Option<Permutation>,
    #[module(skip)]
    place: PermutationPlace,
    #[module(skip)]
    law: DiagonalLaw,
}

impl LuLinear {
    /// The permutation, where there is one.
    pub fn permutation(&self) -> Option<&Permutation> {
        self.permutation.as_ref()
    }

    /// `W` as the kernels see it, and `sum log |d|`, `[1]`.
    fn weight(&self) -> (Lu, Tensor<1>) {
        let (size, log_size) = self.law.sizes(self.diagonal.val());
        let diagonal = size * self.sign.val();
        let weight = Lu {
            lower: self.lower.val(),
            upper: self.upper.val(),
            diagonal,
            rows: self.rows(),
            columns: self.columns(),
        };
        (weight, log_size.sum())
    }

    fn rows(&self) -> Option<Tensor<1, Int>> {
        let permutation = self.permutation.as_ref().filter(|_| self.place == PermutationPlace::After);
        permutation.map(Permutation::indices)
    }

    fn columns(&self) -> Option<Tensor<1, Int>> {
        let permutation = self.permutation.as_ref().filter(|_| self.place == PermutationPlace::Before);
        permutation.map(Permutation::inverse_indices)
    }

    fn bias(&self) -> Option<Tensor<1>> {
        self.bias.as_ref().map(|bias| bias.val())
    }
}

impl<const D: usize> Bijection<D> for LuLinear {
    fn forward(&self, x: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (dims, (weight, log_det)) = (x.dims(), self.weight());
        let log_det = expanded(log_det.mul_scalar(positions(&dims) as f64), [dims[0]]);
        (lu::multiply(x, weight, self.bias()), log_det)
    }

    fn inverse(&self, z: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (dims, (weight, log_det)) = (z.dims(), self.weight());
        let log_det = expanded(log_det.mul_scalar(-(positions(&dims) as f64)), [dims[0]]);
        (lu::solve(z, weight, self.bias()), log_det)
    }

    fn pass(&self, rows: &mut Rows, _: Context<'_>, direction: Direction) -> Option<()> {
        let factors = Factors {
            lower: self.lower.val(),
            upper: self.upper.val(),
            free: self.diagonal.val(),
            signs: self.sign.val(),
            law: &|free| self.law.size(free),
            rows: self.rows(),
            columns: self.columns(),
            bias: self.bias(),
        };
        rows.factors(factors, direction)
    }

    fn examine(&self, x: &Tensor<D>, _: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let sizes = host(self.law.sizes(self.diagonal.val()).0);
        let (least, greatest) = range(sizes.iter().copied());
        let entry = sizes.iter().position(|&size| size == least).unwrap_or(0);
        note(Sign::Diagonal { least, greatest, entry });
        if let Some(fault) = self.permutation.as_ref().and_then(|p| p.fault(x.dims()[1])) {
            note(Sign::Order { fault });
        }
    }

    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        let (weight, _) = self.weight();
        let moved = tangent::each(tangents, x.dims(), |t| lu::multiply(t, weight, None));
        Some((self.forward(x, context).0, moved))
    }
}
