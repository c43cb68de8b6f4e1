//! LU-parameterised linear maps, which on images are 1x1 convolutions.

mod config;
mod rotation;
mod triangular;

pub use config::{DiagonalLaw, LinearStart, LuLinearConfig, PermutationPlace};

use super::permutation::Permutation;
use super::tangent;
use crate::bijection::{Bijection, Context, along_features, positions};
use crate::inspect::jacobian::host;
use crate::inspect::{Sign, range};
use burn::module::{Module, Param};
use burn::tensor::Tensor;
use triangular::invert_lower;

/// A linear map of the features at each position, with a log-det in closed form.
///
/// `W = P L U` (or `L U P`, or `L U`): L is unit lower triangular, U upper triangular with the diagonal
/// `d = sign * law(diagonal)`, P a fixed permutation.
/// * `forward`: `z = W x + bias`, `log_det = positions * sum log |d|`;
/// * `inverse`: `x = U^-1 L^-1 P^-1 (z - bias)`, `log_det` its negative.
///
/// The inverses of the triangular factors are made in `O(log features)` matrix products, on the device, and applied one
/// after the other: the product `U^-1 L^-1` would make the residual of an ill-conditioned `W` up to 1000 times larger.
/// Cost: `2 features^2` multiplications a position, and `features^3` a call for the inverse.
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

    /// U (with the permutation before it) and L (with the one after it), each `[features, features]`: `W = L U`.
    fn factors(&self) -> (Tensor<2>, Tensor<2>) {
        let (size, _) = self.law.sizes(self.diagonal.val());
        let (mut upper, mut lower) = (self.upper.val().triu(1), self.lower.val().tril(-1));
        upper = upper + on_diagonal(size * self.sign.val());
        lower = lower + on_diagonal(self.sign.val().ones_like());
        match (&self.permutation, self.place) {
            (Some(p), PermutationPlace::Before) => upper = upper.select(1, p.inverse_indices()),
            (Some(p), PermutationPlace::After) => lower = lower.select(0, p.indices()),
            _ => {}
        }
        (upper, lower)
    }

    /// The inverses of [`LuLinear::factors`], in the same order: `W^-1 = U^-1 L^-1`.
    fn inverse_factors(&self) -> (Tensor<2>, Tensor<2>) {
        let (size, _) = self.law.sizes(self.diagonal.val());
        let diagonal = size * self.sign.val();
        let [n] = diagonal.dims();
        // U is the transpose of a lower triangular matrix, so both factors go through at once.
        let strict = Tensor::stack::<3>(vec![self.lower.val(), self.upper.val().transpose()], 0).tril(-1);
        let reciprocal = Tensor::stack::<2>(vec![diagonal.ones_like(), diagonal.recip()], 0);
        let inverses = invert_lower(strict, reciprocal);
        let one = |k: usize| inverses.clone().narrow(0, k, 1).reshape([n, n]);
        let (mut upper, mut lower) = (one(1).transpose(), one(0));
        match (&self.permutation, self.place) {
            (Some(p), PermutationPlace::Before) => upper = upper.select(0, p.inverse_indices()),
            (Some(p), PermutationPlace::After) => lower = lower.select(1, p.indices()),
            _ => {}
        }
        (upper, lower)
    }

    fn log_det<const D: usize>(&self, dims: &[usize; D]) -> Tensor<1> {
        let (_, log_sizes) = self.law.sizes(self.diagonal.val());
        log_sizes.sum().mul_scalar(positions(dims) as f64).expand([dims[0]])
    }
}

/// `[n]` as the diagonal of an `[n, n]` matrix of zeros.
fn on_diagonal(v: Tensor<1>) -> Tensor<2> {
    let [n] = v.dims();
    v.reshape([1, n]).expand([n, n]).triu(0).tril(0)
}

/// Applies `first`, then `second`, to the features of every position.
fn apply<const D: usize>(first: Tensor<2>, second: Tensor<2>, x: Tensor<D>) -> Tensor<D> {
    let dims = x.dims();
    let s = positions(&dims);
    if s == 1 {
        let rows = x.reshape([dims[0], dims[1]]);
        return rows.matmul(first.transpose()).matmul(second.transpose()).reshape(dims);
    }
    let maps = x.reshape([dims[0], dims[1], s]);
    second.unsqueeze::<3>().matmul(first.unsqueeze::<3>().matmul(maps)).reshape(dims)
}

impl<const D: usize> Bijection<D> for LuLinear {
    fn forward(&self, x: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let log_det = self.log_det(&x.dims());
        let (upper, lower) = self.factors();
        let z = apply(upper, lower, x);
        match &self.bias {
            Some(bias) => (z + along_features(bias.val()), log_det),
            None => (z, log_det),
        }
    }

    fn inverse(&self, z: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let log_det = self.log_det(&z.dims()).neg();
        let (upper, lower) = self.inverse_factors();
        let z = match &self.bias {
            Some(bias) => z - along_features(bias.val()),
            None => z,
        };
        (apply(lower, upper, z), log_det)
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
        let (upper, lower) = self.factors();
        let moved = tangent::each(tangents, x.dims(), |t| apply(upper, lower, t));
        Some((self.forward(x, context).0, moved))
    }
}
