//! The largest and smallest singular values of Jacobians that are too large to be made.

use super::double::Double;
use super::jacobian::host;
use super::lanczos::{Products, lanczos};
use crate::bijection::{Bijection, Context};
use burn::tensor::{DType, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// Some singular values of one Jacobian, with their directions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leading {
    /// The values: largest first from [`largest_singular_values`], smallest first from [`smallest_singular_values`].
    pub singular_values: Vec<f64>,
    /// How far off each may be: the Jacobian has a singular value within this of it. It does not say that none was
    /// missed in between.
    pub errors: Vec<f64>,
    /// The directions in the latent, unit vectors, one for each value.
    pub left: Vec<Vec<f64>>,
    /// The directions in the data.
    pub right: Vec<Vec<f64>>,
}

/// The `count` largest singular values of the Jacobian of `forward` at every sample, by `steps` steps of Golub-Kahan-Lanczos
/// bidiagonalisation with reorthogonalisation.
///
/// One step is one product `J v` and one `J^T u` for all samples at once. `J^T u` is one backward pass. `J v` is by the
/// layers' own rules on tables where there are such ([`Bijection::push`]), else, and on images, by the central difference
/// `(f(x + h v) - f(x - h v)) / 2h`. Everything is in f64, on a copy of the bijection, where the device has f64.
///
/// The error of a triple `(s, u, v)` is `sqrt((|J v - s u|^2 + |J^T u - s v|^2) / 2)`, which bounds the distance to a singular
/// value of `J` (Golub and Kahan 1965, "Calculating the singular values and pseudo-inverse of a matrix"; Parlett, "The Symmetric
/// Eigenvalue Problem", 1998, theorem 4.5.1 for `[[0, J], [J^T, 0]]`). With `steps` the number of dimensions all are found.
///
/// # Shapes
/// `x`: `[batch, features, ..]`; one [`Leading`] a sample, with `min(count, steps, n)` values.
///
/// # Panics
/// Where the shapes do not fit the bijection, or `count` or `steps` is 0.
///
/// # Cost
/// `steps + count` passes of either kind a sample, and O(n steps^2).
pub fn largest_singular_values<const D: usize, B: Bijection<D>>(
    bijection: &B,
    x: &Tensor<D>,
    context: Context<'_>,
    count: usize,
    steps: usize,
) -> Vec<Leading> {
    let double = Double::of(bijection, x, context);
    let products = Differentiated {
        x: double.x.clone(),
        map: |x| double.bijection.forward(x, double.context()).0,
        // Among the layers of images some have no rule, and a whole Jacobian would stand in for it.
        rule: |x, t| {
            if D == 2 { double.bijection.push(x, t, double.context()).map(|(_, t)| t) } else { None }
        },
    };
    lanczos(&products, count, steps)
}

/// The `count` smallest singular values of the Jacobian of `forward` at every sample, as the reciprocals of the largest ones
/// of the Jacobian of `inverse` at `z = forward(x)`.
///
/// `J^-1 u` is by central differences, since layers have no rule for tangents of their inverses. Errors are those of
/// the inverse's values over their squares. Where a round trip loses all digits, so does this: compare `forward` of `inverse`
/// with `z` first.
///
/// # Shapes, panics, cost
/// As [`largest_singular_values`], with `inverse` in the place of `forward`.
pub fn smallest_singular_values<const D: usize, B: Bijection<D>>(
    bijection: &B,
    x: &Tensor<D>,
    context: Context<'_>,
    count: usize,
    steps: usize,
) -> Vec<Leading> {
    let double = Double::of(bijection, x, context);
    let (z, _) = double.bijection.forward(double.x.clone(), double.context());
    let products =
        Differentiated { x: z, map: |z| double.bijection.inverse(z, double.context()).0, rule: |_, _| None };
    let turned = |found: Leading| Leading {
        errors: found.singular_values.iter().zip(&found.errors).map(|(s, error)| error / (s * s)).collect(),
        singular_values: found.singular_values.iter().map(|s| s.recip()).collect(),
        left: found.right,
        right: found.left,
    };
    lanczos(&products, count, steps).into_iter().map(turned).collect()
}

/// The Jacobians of a map at some points.
struct Differentiated<const D: usize, F, R> {
    x: Tensor<D>,
    map: F,
    rule: R,
}

impl<const D: usize, F, R> Differentiated<D, F, R> {
    fn like_x(&self, values: &[f64]) -> Tensor<D> {
        let site = (&self.x.device(), self.x.dtype());
        Tensor::from_data(TensorData::new(values.to_vec(), self.x.dims()), site)
    }
}

impl<const D: usize, F, R> Products for Differentiated<D, F, R>
where
    F: Fn(Tensor<D>) -> Tensor<D>,
    R: Fn(Tensor<D>, Tensor<3>) -> Option<Tensor<3>>,
{
    fn shape(&self) -> [usize; 2] {
        let dims = self.x.dims();
        [dims[0], dims[1..].iter().product()]
    }

    fn along(&self, v: &[f64]) -> Vec<f64> {
        let [batch, n] = self.shape();
        let direction = self.like_x(v);
        if let Some(moved) = (self.rule)(self.x.clone(), direction.clone().reshape([batch, 1, n])) {
            return host(moved);
        }
        // The step that balances the third derivative against rounding, against the size of each sample.
        let epsilon: f64 = if self.x.dtype() == DType::F64 { f64::EPSILON } else { f32::EPSILON.into() };
        let x = host(self.x.clone());
        let size = |x: &[f64]| epsilon.cbrt() * x.iter().map(|v| v * v).sum::<f64>().sqrt().max(1.0);
        let steps: Vec<f64> = x.chunks(n).map(size).collect();
        let scaled: Vec<f64> = v.iter().enumerate().map(|(i, v)| v * steps[i / n]).collect();
        let offset = self.like_x(&scaled);
        let ahead = host((self.map)(self.x.clone() + offset.clone()));
        let behind = host((self.map)(self.x.clone() - offset));
        let difference = |(i, (a, b)): (usize, (&f64, &f64))| (a - b) / (2.0 * steps[i / n]);
        ahead.iter().zip(&behind).enumerate().map(difference).collect()
    }

    fn back(&self, u: &[f64]) -> Vec<f64> {
        let x = self.x.clone().autodiff().require_grad();
        let along = (self.map)(x.clone()) * self.like_x(u).autodiff();
        let total = along.sum();
        if !total.is_tracked() {
            return vec![0.0; u.len()];
        }
        x.grad(&total.backward()).map_or_else(|| vec![0.0; u.len()], host)
    }
}
