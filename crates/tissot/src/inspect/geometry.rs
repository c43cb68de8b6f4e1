//! How a bijection stretches and turns the neighbourhood of a point: the singular value decomposition of its Jacobian.

use super::matrix::Jacobian;
use super::tangents::jacobians;
use crate::bijection::{Bijection, Context};
use crate::chain::Chain;
use burn::tensor::Tensor;
use nalgebra::{DMatrix, SVD};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// How many times larger than the next one a singular value is whose direction means something by itself: with less,
/// the directions of both are arbitrary within the plane that they span.
pub const SEPARATED: f64 = 1.2;

/// Sweeps of the decomposition before it gives up; matrices of finite numbers take a few per row.
const SWEEPS: usize = 100_000;

/// The geometry of a bijection at one point: `J = dz/dx = U diag(s) V^T`.
///
/// A small ball of radius `r` around `x` becomes an ellipsoid around `z` with the semi-axes `r s_k` along `left[k]`, and what
/// lies along `left[k]` there came from `right[k]` here: `J right[k] = s_k left[k]`. `log_det > 0` means that the ball
/// has grown, so density in data space is amplified. Both bases are orthonormal; each pair `(left[k], right[k])` is
/// known up to a common sign.
///
/// Where an entry of the Jacobian is not finite, the singular values and both bases are NaN (`null` as JSON).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LocalGeometry {
    /// `log |det J|`, by elimination: -infinity where `J` is singular. In nats.
    pub log_det: f64,
    /// The singular values, largest first; each right to about 1e-15 of the largest.
    pub singular_values: Vec<f64>,
    /// The left singular vectors, directions of the latent: `left[k]` belongs to `singular_values[k]`.
    pub left: Vec<Vec<f64>>,
    /// The right singular vectors, directions of the data.
    pub right: Vec<Vec<f64>>,
}

impl LocalGeometry {
    /// Of one Jacobian.
    ///
    /// # Panics
    /// Where the matrix is not square.
    ///
    /// # Cost
    /// O(n^3).
    pub fn of(jacobian: &Jacobian) -> Self {
        let n = jacobian.n();
        let log_det = jacobian.log_abs_det();
        let finite = jacobian.values().iter().all(|v| v.is_finite());
        let matrix = || DMatrix::from_row_slice(n, n, jacobian.values());
        let svd = if finite && n > 0 {
            SVD::try_new(matrix(), true, true, 5.0 * f64::EPSILON, SWEEPS)
        } else {
            None
        };
        let Some(SVD { u: Some(u), v_t: Some(v_t), singular_values }) = svd else {
            let nothing = vec![vec![f64::NAN; n]; n];
            return Self {
                log_det,
                singular_values: vec![f64::NAN; n],
                left: nothing.clone(),
                right: nothing,
            };
        };
        Self {
            log_det,
            singular_values: singular_values.iter().copied().collect(),
            left: u.column_iter().map(|column| column.iter().copied().collect()).collect(),
            right: v_t.row_iter().map(|row| row.iter().copied().collect()).collect(),
        }
    }

    /// How many dimensions there are.
    pub fn n(&self) -> usize {
        self.singular_values.len()
    }

    /// The condition number in the 2-norm, `s_1 / s_n`: by how much `J` can amplify a relative error. Infinite where `J`
    /// is singular.
    pub fn condition(&self) -> f64 {
        self.largest() / self.smallest()
    }

    /// The largest singular value, the stretch along `right[0]`; 1 without dimensions.
    pub fn largest(&self) -> f64 {
        self.singular_values.first().copied().unwrap_or(1.0)
    }

    /// The smallest singular value, the stretch along the last of `right`.
    pub fn smallest(&self) -> f64 {
        self.singular_values.last().copied().unwrap_or(1.0)
    }

    /// The rotation `R = U V^T` of the polar decomposition `J = R S`: the orthogonal matrix nearest to `J`, as rows. It
    /// reflects where `det J < 0`.
    pub fn rotation(&self) -> Vec<Vec<f64>> {
        self.combine(&self.left, |_| 1.0)
    }

    /// The stretch `S = V diag(s) V^T` of the polar decomposition `J = R S`: symmetric, acting in data space before the
    /// rotation, as rows.
    pub fn stretch(&self) -> Vec<Vec<f64>> {
        self.combine(&self.right, |k| self.singular_values[k])
    }

    /// `sum_k weight(k) basis[k] right[k]^T`, as rows.
    fn combine(&self, basis: &[Vec<f64>], weight: impl Fn(usize) -> f64) -> Vec<Vec<f64>> {
        let n = self.n();
        let entry = |i: usize, j: usize| (0..n).map(|k| weight(k) * basis[k][i] * self.right[k][j]).sum();
        (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect()
    }

    /// The direction in data space that is stretched most, a unit vector; show it only where it is
    /// [`separated`](Self::separated).
    pub fn most_stretched(&self) -> &[f64] {
        self.right.first().map_or(&[], Vec::as_slice)
    }

    /// How many directions share the largest stretch: the first `k` with `s_k / s_(k+1) >` [`SEPARATED`], or all. Where it is
    /// not 1, no single direction means anything, and `right[..k]` spans what does.
    pub fn leading_group(&self) -> usize {
        let gap = self.singular_values.windows(2).position(|pair| pair[0] / pair[1] > SEPARATED);
        gap.map_or(self.n(), |k| k + 1)
    }

    /// Whether the most stretched direction means something by itself: `s_1 / s_2 >` [`SEPARATED`], or one dimension.
    pub fn separated(&self) -> bool {
        self.leading_group() == 1
    }
}

/// The geometry of `forward` at every sample of `x`.
///
/// Weights are taken as constants: pass `bijection.valid()`. With weights and points in f64 the numbers are exact to
/// rounding in f64; in f32 a singular value below 1e-7 of the largest is noise. See [`geometry_of_layers`] for each layer
/// by itself, and [`Chain::part`] for a run of them.
///
/// # Shapes
/// `x`: `[batch, features, ..]`; one [`LocalGeometry`] a sample, of as many dimensions as features times positions.
///
/// # Panics
/// Where the shapes do not fit the bijection.
///
/// # Cost
/// That of [`jacobians`] and O(n^3) a sample.
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rand::SeedableRng;
/// use tissot::{Context, inspect, presets};
///
/// let device = Device::flex();
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let flow = presets::real_nvp(&presets::Size::new(2)).init(&device, &mut rng)?;
/// let x = Tensor::<2>::zeros([3, 2], &device);
/// let at = inspect::geometry(&flow.bijection, &x, Context::NONE);
/// assert_eq!(at[0].singular_values, [1.0, 1.0]); // not trained: the identity
/// # Ok::<(), tissot::Error>(())
/// ```
pub fn geometry<const D: usize, B: Bijection<D>>(
    bijection: &B,
    x: &Tensor<D>,
    context: Context<'_>,
) -> Vec<LocalGeometry> {
    jacobians(bijection, x, context).par_iter().map(LocalGeometry::of).collect()
}

/// The geometry of each layer of a chain by itself, at what the layers before it make of `x`: one list of samples a
/// layer.
///
/// # Panics
/// Where the shapes do not fit.
///
/// # Cost
/// That of [`geometry`] for each layer.
pub fn geometry_of_layers<const D: usize, T: Bijection<D>>(
    chain: &Chain<T>,
    x: &Tensor<D>,
    context: Context<'_>,
) -> Vec<Vec<LocalGeometry>> {
    let mut x = x.clone();
    let at = |layer: &T| {
        let found = geometry(layer, &x, context);
        x = layer.forward(x.clone(), context).0;
        found
    };
    chain.layers.iter().map(at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-12 * b.abs().max(1.0), "{a} is not {b}");
    }

    /// A matrix without structure.
    fn some(n: usize) -> Jacobian {
        Jacobian::new(
            n,
            n,
            (0..n * n).map(|i| ((i * i * 31 + 17 * i * i * i) % 101) as f64 / 30.0 - 1.5).collect(),
        )
    }

    #[test]
    fn the_parts_make_the_jacobian() {
        for n in [1, 2, 3, 7] {
            let j = some(n);
            let at = LocalGeometry::of(&j);
            assert!(at.singular_values.windows(2).all(|s| s[0] >= s[1]), "{:?}", at.singular_values);
            close(at.singular_values.iter().map(|s| s.ln()).sum(), at.log_det);
            let (r, s) = (at.rotation(), at.stretch());
            for i in 0..n {
                for k in 0..n {
                    close((0..n).map(|m| r[i][m] * s[m][k]).sum(), j.entry(i, k));
                    close((0..n).map(|m| r[m][i] * r[m][k]).sum(), f64::from(u8::from(i == k)));
                    close(s[i][k], s[k][i]);
                }
                let moved = (0..n).map(|m| j.entry(i, m) * at.right[n - 1][m]).sum();
                close(moved, at.smallest() * at.left[n - 1][i]);
            }
        }
    }

    #[test]
    fn a_shear_has_its_textbook_stretches() {
        // [[1, 1], [0, 1]]: s = (sqrt 5 + 1) / 2 and its reciprocal.
        let at = LocalGeometry::of(&Jacobian::new(2, 2, vec![1.0, 1.0, 0.0, 1.0]));
        let golden = (5_f64.sqrt() + 1.0) / 2.0;
        close(at.largest(), golden);
        close(at.condition(), golden * golden);
        assert!(at.separated());
        let round = LocalGeometry::of(&Jacobian::new(2, 2, vec![0.0, -1.1, 1.0, 0.0]));
        assert!(!round.separated());
        assert_eq!(round.leading_group(), 2);
        close(round.rotation()[1][0], 1.0);
        let disc = LocalGeometry::of(&Jacobian::new(3, 3, vec![0.0, 3.0, 0.0, 2.9, 0.0, 0.0, 0.0, 0.0, 1.0]));
        assert_eq!(disc.leading_group(), 2);
    }

    #[test]
    fn what_is_not_finite_is_said_and_not_decomposed() {
        let at = LocalGeometry::of(&Jacobian::new(2, 2, vec![1.0, f64::NAN, 0.0, 1.0]));
        assert!(at.largest().is_nan() && at.right[1][1].is_nan());
        let singular = LocalGeometry::of(&Jacobian::new(2, 2, vec![1.0, 2.0, 2.0, 4.0]));
        assert_eq!(singular.log_det, f64::NEG_INFINITY);
        close(singular.largest(), 5.0);
    }
}
