//! Linear maps by their whole matrix.

use super::LinearStart;
use super::rotation::{Matrix, random_orthogonal};
use crate::bijection::{Bijection, Context, along_features, expanded, positions};
use crate::error::Error;
use crate::inspect::jacobian::host;
use crate::inspect::{Sign, range};
use crate::layers::tangent;
use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor, TensorData};
use nalgebra::{DMatrix, Dyn, LU};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// How to make a [`FullLinear`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FullLinearConfig {
    /// Whether a bias is added.
    pub bias: bool,
    /// What it is at its start.
    pub start: LinearStart,
}

impl Default for FullLinearConfig {
    fn default() -> Self {
        Self { bias: true, start: LinearStart::default() }
    }
}

impl FullLinearConfig {
    /// A linear map of `features`.
    ///
    /// # Errors
    /// [`Error::Config`] for no features.
    pub fn init(&self, features: usize, device: &Device, rng: &mut dyn Rng) -> Result<FullLinear, Error> {
        if features == 0 {
            return Err(Error::config("features", features, "at least 1"));
        }
        let matrix: Matrix = match self.start {
            LinearStart::Identity => {
                (0..features).map(|i| (0..features).map(|j| f64::from(u8::from(i == j))).collect()).collect()
            }
            LinearStart::RandomRotation => random_orthogonal(features, rng),
        };
        let matrix = TensorData::new(matrix.concat(), [features, features]);
        Ok(FullLinear {
            weight: Param::from_tensor(Tensor::from_data(matrix, device)),
            bias: self.bias.then(|| Param::from_tensor(Tensor::zeros([features], device))),
        })
    }
}

/// A linear map of the features at each position, by its whole matrix; [`LuLinear`](super::LuLinear) is the same for less.
///
/// * `forward`: `z = W x + bias`, `log_det = positions * log |det W|`;
/// * `inverse`: `x = W^-1 (z - bias)`, `log_det` its negative.
///
/// `log |det W|` and `W^-1` come from an LU decomposition with row pivots, on the host in f64. Their gradients are exact:
/// `d log |det W| = tr(W^-1 dW)`, `d W^-1 = -W^-1 dW W^-1`. A matrix that is singular has the log-det -infinity and an
/// inverse of NaN; nothing keeps training from coming near, where a diagonal of [`LuLinear`](super::LuLinear) cannot be 0.
///
/// Cost: `features^2` multiplications a position, and `features^3` on the host a call, for which a GPU has to wait.
///
/// Kingma and Dhariwal, "Glow: Generative Flow with Invertible 1x1 Convolutions", 2018, eq. 9.
///
/// # Shapes
/// `[batch, features, ..]`; on images a 1x1 convolution.
#[derive(Module, Debug)]
pub struct FullLinear {
    /// W, `[features, features]`.
    pub weight: Param<Tensor<2>>,
    /// What is added, `[features]`.
    pub bias: Option<Param<Tensor<1>>>,
}

/// A matrix by elimination.
struct Eliminated(LU<f64, Dyn, Dyn>);

impl Eliminated {
    fn of(weight: &Tensor<2>) -> Self {
        let [n, _] = weight.dims();
        Self(DMatrix::from_row_slice(n, n, &host(weight.clone())).lu())
    }

    /// The sizes of the pivots.
    fn pivots(&self) -> Vec<f64> {
        self.0.u().diagonal().iter().map(|pivot| pivot.abs()).collect()
    }

    fn log_abs_det(&self) -> f64 {
        self.pivots().iter().map(|pivot| pivot.ln()).sum()
    }

    /// The inverse, by rows; `None` of a singular matrix.
    fn inverse(&self) -> Option<Vec<f64>> {
        // By columns of the transpose: by rows.
        self.0.try_inverse().map(|inverse| inverse.transpose().as_slice().to_vec())
    }
}

/// Numbers as a constant beside a weight.
fn beside(weight: &Tensor<2>, values: Vec<f64>) -> Tensor<2> {
    Tensor::from_data(TensorData::new(values, weight.dims()), (&weight.device(), weight.dtype()))
}

impl FullLinear {
    /// `log |det W|` as a number whose gradient is `W^-T`, `[1]`.
    fn log_det(weight: &Tensor<2>, found: &Eliminated) -> Tensor<1> {
        if !weight.is_tracked() {
            return Tensor::full([1], found.log_abs_det(), (&weight.device(), weight.dtype()));
        }
        let inverse = found.inverse().unwrap_or_else(|| vec![0.0; weight.dims().iter().product()]);
        let moving = (weight.clone() * beside(weight, inverse).transpose()).sum();
        (moving.clone() - moving.detach()).add_scalar(found.log_abs_det())
    }

    /// `W^-1`; a step of Newton's method from the one that is known, `2 X - X W X`, has its gradient.
    fn inverse(weight: &Tensor<2>, found: &Eliminated) -> Tensor<2> {
        let known = found.inverse().unwrap_or_else(|| vec![f64::NAN; weight.dims().iter().product()]);
        let known = beside(weight, known);
        known.clone().mul_scalar(2.0) - known.clone().matmul(weight.clone()).matmul(known)
    }

    /// The product at each position.
    fn multiply<const D: usize>(x: Tensor<D>, weight: Tensor<2>) -> Tensor<D> {
        let dims = x.dims();
        let s = positions(&dims);
        if dims[0] == 0 {
            // burn's product of no matrices with one reads outside of them.
            return x;
        }
        if s == 1 {
            return x.reshape([dims[0], dims[1]]).matmul(weight.transpose()).reshape(dims);
        }
        weight.unsqueeze::<3>().matmul(x.reshape([dims[0], dims[1], s])).reshape(dims)
    }

    fn log_dets<const D: usize>(log_det: Tensor<1>, dims: [usize; D], sign: f64) -> Tensor<1> {
        expanded(log_det.mul_scalar(sign * positions(&dims) as f64), [dims[0]])
    }
}

impl<const D: usize> Bijection<D> for FullLinear {
    fn forward(&self, x: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (dims, weight) = (x.dims(), self.weight.val());
        let log_det = Self::log_det(&weight, &Eliminated::of(&weight));
        let z = Self::multiply(x, weight);
        let z = match &self.bias {
            Some(bias) => z + along_features(bias.val()),
            None => z,
        };
        (z, Self::log_dets(log_det, dims, 1.0))
    }

    fn inverse(&self, z: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (dims, weight) = (z.dims(), self.weight.val());
        let found = Eliminated::of(&weight);
        let z = match &self.bias {
            Some(bias) => z - along_features(bias.val()),
            None => z,
        };
        let x = Self::multiply(z, Self::inverse(&weight, &found));
        (x, Self::log_dets(Self::log_det(&weight, &found), dims, -1.0))
    }

    fn examine(&self, _: &Tensor<D>, _: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let sizes = Eliminated::of(&self.weight.val()).pivots();
        let (least, greatest) = range(sizes.iter().copied());
        let entry = sizes.iter().position(|&size| size == least).unwrap_or(0);
        note(Sign::Diagonal { least, greatest, entry });
    }

    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        let moved = tangent::each(tangents, x.dims(), |t| Self::multiply(t, self.weight.val()));
        Some((self.forward(x, context).0, moved))
    }
}
