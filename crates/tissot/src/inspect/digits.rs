//! Digits left: how exactly a row comes back from the latent in f32.

use super::double::Double;
use super::geometry::{LocalGeometry, geometry};
use super::jacobian::host;
use crate::bijection::{Bijection, Context};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

/// The largest relative error of rounding to f32.
const ROUNDING: f64 = 1.0 / (1 << 24) as f64;

/// How many decimal digits a number in f32 has, `-log10` of the relative error of rounding: 7.2.
pub const DIGITS_OF_F32: f64 = 7.224_719_895_935_548;

/// How many decimal digits of a row survive the way to the latent and back in f32.
///
/// Below 1 the row that comes back has little to do with the one that went; below 0 the error is larger than the
/// row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Digits {
    /// Of the row as a vector, in the worst direction: `7.2 - log10(|z| / (s_n |x|))` with the smallest singular value
    /// `s_n` of `dz/dx` and 2-norms; at most 7.2.
    pub worst: f64,
    /// The same for a rounding error without a direction: `7.2 - log10(|J^-1 diag(z)|_F / |x|)`; at most 7.2.
    pub usual: f64,
    /// Of each column: the decimals after the point of a standardised value, or the digits of one above 1:
    /// `7.2 - log10(|row j of J^-1 diag(z)| / max(1, |x_j|))`; at most 7.2.
    pub columns: Vec<f64>,
}

impl Digits {
    /// By the geometry of `forward` at `x`, and `z = forward(x)`.
    ///
    /// Rounding `z` to f32 moves it by up to `u |z|`, `u = 2^-24`. The inverse stretches that by up to `1 / s_n`, so `x` comes
    /// back with a relative error of up to `u |z| / (s_n |x|)`; its `-log10` is the number of digits. A rounding error
    /// has no reason to point in the worst direction, though: with independent errors `u z_i e_i` column `j` moves
    /// by `u sqrt(sum_i (J^-1_ji z_i)^2)`.
    ///
    /// # Panics
    /// Where the lengths differ.
    pub fn of(at: &LocalGeometry, x: &[f64], z: &[f64]) -> Self {
        let n = at.n();
        assert_eq!([x.len(), z.len()], [n, n], "a row and its latent of {n} numbers");
        // J^-1 = V diag(1/s) U^T.
        let moved = |j: usize| {
            (0..n)
                .map(|i| {
                    let entry: f64 =
                        (0..n).map(|k| at.right[k][j] / at.singular_values[k] * at.left[k][i]).sum();
                    (entry * z[i]).powi(2)
                })
                .sum::<f64>()
        };
        let squares: Vec<f64> = (0..n).map(moved).collect();
        let columns = squares.iter().zip(x).map(|(square, x)| digits(square.sqrt(), x.abs().max(1.0)));
        Self {
            worst: digits(norm(z) / at.smallest(), norm(x)),
            usual: digits(squares.iter().sum::<f64>().sqrt(), norm(x)),
            columns: columns.collect(),
        }
    }
}

/// `7.2 - log10(moved / size)`, at most 7.2: numbers in f32 have no more.
fn digits(moved: f64, size: f64) -> f64 {
    let left = DIGITS_OF_F32 - (moved / size).log10();
    if left > DIGITS_OF_F32 { DIGITS_OF_F32 } else { left }
}

fn norm(v: &[f64]) -> f64 {
    v.iter().map(|v| v * v).sum::<f64>().sqrt()
}

/// The digits that are left of every sample of `x`, from the geometry in f64 where the device has it.
///
/// # Shapes
/// `x`: `[batch, features, ..]`; one [`Digits`] a sample.
///
/// # Panics
/// Where the shapes do not fit the bijection.
///
/// # Cost
/// That of [`geometry`] in f64, and O(n^3) a sample.
pub fn digits_left<const D: usize, B: Bijection<D>>(
    bijection: &B,
    x: &Tensor<D>,
    context: Context<'_>,
) -> Vec<Digits> {
    let double = Double::of(bijection, x, context);
    let at = geometry(&double.bijection, &double.x, double.context());
    let (z, _) = double.bijection.forward(double.x.clone(), double.context());
    let (x, z) = (host(double.x.clone()), host(z));
    let row = |(b, at): (usize, &LocalGeometry)| {
        let place = b * at.n()..(b + 1) * at.n();
        Digits::of(at, &x[place.clone()], &z[place])
    };
    at.iter().enumerate().map(row).collect()
}

/// What a round trip `x -> z -> x` leaves, measured in the number type of `x`: `-log10(|x' - x| / |x|)` of each sample, at
/// most 7.2. NaN where something came back that is not finite.
///
/// # Shapes
/// `x`: `[batch, features, ..]`, in the type of the weights.
///
/// # Panics
/// Where the shapes do not fit the bijection.
pub fn digits_measured<const D: usize, B: Bijection<D>>(
    bijection: &B,
    x: &Tensor<D>,
    context: Context<'_>,
) -> Vec<f64> {
    let (z, _) = bijection.forward(x.clone(), context);
    let (back, _) = bijection.inverse(z, context);
    let n: usize = x.dims()[1..].iter().product();
    let (x, back) = (host(x.clone()), host(back));
    let row = |(x, back): (&[f64], &[f64])| {
        let error: Vec<f64> = x.iter().zip(back).map(|(x, back)| back - x).collect();
        digits(norm(&error) / ROUNDING, norm(x))
    };
    x.chunks(n.max(1)).zip(back.chunks(n.max(1))).map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::jacobian::Jacobian;
    use super::*;

    #[test]
    fn a_squeeze_by_a_thousand_costs_three_digits() {
        // z = (x_0 / 1000, x_1), at x = (1000, 1): z = (1, 1).
        let at = LocalGeometry::of(&Jacobian::new(2, 2, vec![1e-3, 0.0, 0.0, 1.0]));
        let left = Digits::of(&at, &[1e3, 1.0], &[1.0, 1.0]);
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} is not {b}");
        // The first column keeps all of its digits: it is large. So does the row, measured against it.
        close(left.columns[0], DIGITS_OF_F32);
        close(left.columns[1], DIGITS_OF_F32);
        close(left.worst, DIGITS_OF_F32 - 2_f64.sqrt().log10());
        // At x = (1, 1) the squeezed column is moved by what z_1 = 1 would not move it, and the worst case says so.
        let left = Digits::of(&at, &[1.0, 1.0], &[1e-3, 1.0]);
        close(left.worst, DIGITS_OF_F32 - 3.0 + 2_f64.sqrt().log10());
        close(left.usual, DIGITS_OF_F32);
        close(DIGITS_OF_F32, -ROUNDING.log10());
    }
}
