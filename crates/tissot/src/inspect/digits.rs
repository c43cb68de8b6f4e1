//! Digits left: how exactly a row comes back from the latent in f32.

use super::double::Double;
use super::jacobian::host;
use super::tangents::push;
use crate::bijection::{Bijection, Context};
use crate::chain::Chain;
use crate::layers::unit_tangents;
use burn::tensor::Tensor;
use nalgebra::DMatrix;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// The largest relative error of rounding to f32.
const ROUNDING: f64 = 1.0 / (1 << 24) as f64;

/// How many tangents go through the layers at a time.
const ROWS_A_PASS: usize = 1 << 16;

/// How many decimal digits a number in f32 has, `-log10` of the relative error of rounding: 7.2.
pub const DIGITS_OF_F32: f64 = 7.224_719_895_935_548;

/// How many decimal digits of a row survive the way to the latent and back in f32.
///
/// Below 1 the row that comes back has little to do with the one that went; below 0 the error is larger than the
/// row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Digits {
    /// Of the row as a vector, with every layer's rounding, in no direction in particular: what a round trip measures.
    pub expected: f64,
    /// Of the row as a vector, with the rounding of the latent alone, in the worst direction:
    /// `7.2 - log10(|z| / (s_n |x|))` with the smallest singular value `s_n` of `dz/dx` and 2-norms.
    pub latent: f64,
    /// As `expected`, of each column: the decimals after the point of a standardised value, or the digits of one
    /// above 1.
    pub columns: Vec<f64>,
    /// The layer whose rounding moves the row most, counted from 0: where digits are lost.
    pub layer: usize,
}

/// The digits that are left of every sample of `x`, by the geometry of a chain's layers, in f64 where the device has
/// it.
///
/// Rounding `z` to f32 moves it by up to `u |z|`, `u = 2^-24`, and the inverse stretches that by up to `1 / s_n`: a
/// relative error of `u |z| / (s_n |x|)`, whose `-log10` is [`Digits::latent`] (Behrmann et al. 2021, "Understanding and mitigating
/// exploding inverses in invertible neural networks", section 3, says why it explodes). A rounding error has no reason to
/// point in the worst direction, though, and all layers round. With independent errors `u h_i` of every
/// number `h_i` behind every layer, whose Jacobian from the data is `J_l`, column `j` moves by
///
/// ```text
/// e_j = u sqrt(sum_l sum_i ((J_l^-1)_ji h_i)^2)
/// columns[j] = -log10(e_j / max(1, |x_j|))        expected = -log10(|e| / |x|)
/// ```
///
/// at most 7.2. Layers round inside, too, at the size of their parameters: `h_i` counts as 1 at least where it is
/// smaller.
///
/// # Shapes
/// `x`: `[batch, features, ..]`; one [`Digits`] a sample.
///
/// # Panics
/// Where the shapes do not fit the chain.
///
/// # Cost
/// That of [`jacobians`](super::jacobians()) in f64, and O(n^3) a layer and sample.
pub fn digits_left<const D: usize, T: Bijection<D>>(
    chain: &Chain<T>,
    x: &Tensor<D>,
    context: Context<'_>,
) -> Vec<Digits> {
    let double = Double::of(chain, x, context);
    let dims = double.x.dims();
    let [batch, n] = [dims[0], dims[1..].iter().product()];
    let rows = (ROWS_A_PASS / n.max(1)).max(1);
    (0..batch).step_by(rows).flat_map(|start| double.rows(start, rows.min(batch - start)).digits(n)).collect()
}

impl<const D: usize, T: Bijection<D>> Double<D, Chain<T>> {
    fn digits(&self, n: usize) -> Vec<Digits> {
        let (mut h, mut tangents) = (self.x.clone(), unit_tangents(self.x.dims()[0], n, &self.x));
        let x = host(h.clone());
        let mut losses: Vec<Loss> = x.chunks(n.max(1)).map(|_| Loss::new(n)).collect();
        for (index, layer) in self.bijection.layers.iter().enumerate() {
            (h, tangents) = push(layer, h, tangents, self.context());
            let (values, columns) = (host(h.clone()), host(tangents.clone()));
            losses.par_iter_mut().enumerate().for_each(|(b, loss)| {
                // The tangents are the columns of J.
                let jacobian = DMatrix::from_column_slice(n, n, &columns[b * n * n..(b + 1) * n * n]);
                loss.layer(index, jacobian, &values[b * n..(b + 1) * n]);
            });
        }
        x.chunks(n.max(1)).zip(losses).map(|(x, loss)| loss.digits(x)).collect()
    }
}

/// The squares of what rounding moves each column by, in units of `u`.
struct Loss {
    squares: Vec<f64>,
    worst: (usize, f64),
    latent: f64,
}

impl Loss {
    fn new(n: usize) -> Self {
        Self { squares: vec![0.0; n], worst: (0, 0.0), latent: 0.0 }
    }

    /// Counts the rounding of the numbers `h` behind a layer.
    fn layer(&mut self, index: usize, jacobian: DMatrix<f64>, h: &[f64]) {
        let n = h.len();
        let finite = jacobian.iter().all(|v| v.is_finite());
        let smallest = || jacobian.singular_values().iter().copied().fold(f64::INFINITY, f64::min);
        self.latent = if finite { norm(h) / smallest() } else { f64::NAN };
        let inverse = jacobian.try_inverse().unwrap_or_else(|| DMatrix::from_element(n, n, f64::INFINITY));
        let sizes: Vec<f64> = h.iter().map(|h| h.abs().max(1.0)).collect();
        let mut total = 0.0;
        for (row, square) in inverse.row_iter().zip(&mut self.squares) {
            let own: f64 = row.iter().zip(&sizes).map(|(entry, size)| (entry * size).powi(2)).sum();
            *square += own;
            total += own;
        }
        if total > self.worst.1 {
            self.worst = (index, total);
        }
    }

    fn digits(self, x: &[f64]) -> Digits {
        let column = |(square, x): (&f64, &f64)| digits(square.sqrt(), x.abs().max(1.0));
        Digits {
            expected: digits(self.squares.iter().sum::<f64>().sqrt(), norm(x)),
            latent: digits(self.latent, norm(x)),
            columns: self.squares.iter().zip(x).map(column).collect(),
            layer: self.worst.0,
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
    use super::*;

    #[test]
    fn a_squeeze_by_a_thousand_costs_three_digits() {
        let close = |a: f64, b: f64| assert!((a - b).abs() < 1e-6, "{a} is not {b}");
        close(DIGITS_OF_F32, -ROUNDING.log10());
        // z = (x_0 / 1000, x_1) at x = (3, 4).
        let mut loss = Loss::new(2);
        loss.layer(0, DMatrix::from_column_slice(2, 2, &[1e-3, 0.0, 0.0, 1.0]), &[3e-3, 4.0]);
        let left = loss.digits(&[3.0, 4.0]);
        close(left.latent, DIGITS_OF_F32 - (4e3_f64.hypot(3.0) / 5.0).log10());
        // What is below 1 counts as 1: 1000 u in the first column, 4 u in the second.
        close(left.columns[0], DIGITS_OF_F32 - (1e3_f64 / 3.0).log10());
        close(left.columns[1], DIGITS_OF_F32);
        close(left.expected, DIGITS_OF_F32 - (1e3_f64.hypot(4.0) / 5.0).log10());
    }

    #[test]
    fn the_layer_that_loses_digits_is_named_and_a_singular_one_leaves_none() {
        let mut loss = Loss::new(1);
        loss.layer(0, DMatrix::from_element(1, 1, 1.0), &[1.0]);
        loss.layer(1, DMatrix::from_element(1, 1, 1e-5), &[1.0]);
        loss.layer(2, DMatrix::from_element(1, 1, 0.1), &[1.0]);
        assert_eq!(loss.digits(&[1.0]).layer, 1);
        let mut loss = Loss::new(1);
        loss.layer(0, DMatrix::from_element(1, 1, 0.0), &[1.0]);
        let left = loss.digits(&[1.0]);
        assert_eq!((left.expected, left.latent), (f64::NEG_INFINITY, f64::NEG_INFINITY));
    }
}
