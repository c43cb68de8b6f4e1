//! Random rotations and their LU factors, on the host in f64.

use rand::Rng;
use rand_distr::{Distribution, StandardNormal};

/// A square matrix by rows.
pub(crate) type Matrix = Vec<Vec<f64>>;

/// `matrix[order[i]] = (lower upper)[i]`: what Gaussian elimination with row pivots leaves.
#[derive(Debug)]
pub(crate) struct Factors {
    /// Which row of the matrix came to each place.
    pub order: Vec<usize>,
    /// Unit lower triangular, entries at most 1 in size.
    pub lower: Matrix,
    /// Upper triangular.
    pub upper: Matrix,
}

/// A rotation of `n` dimensions, or a reflection, each as likely as another.
pub(super) fn random_orthogonal(n: usize, rng: &mut dyn Rng) -> Matrix {
    let mut rows: Matrix = Vec::with_capacity(n);
    while rows.len() < n {
        let mut row: Vec<f64> = (0..n).map(|_| StandardNormal.sample(rng)).collect();
        // Gram and Schmidt, twice: once leaves the rounding of nearly parallel rows.
        for _ in 0..2 {
            for done in &rows {
                let along = dot(&row, done);
                row.iter_mut().zip(done).for_each(|(r, d)| *r -= along * d);
            }
        }
        let length = dot(&row, &row).sqrt();
        if length > 1e-6 {
            row.iter_mut().for_each(|r| *r /= length);
            rows.push(row);
        }
    }
    rows
}

/// The factors of a random rotation (determinant 1).
pub(super) fn random_rotation(n: usize, rng: &mut dyn Rng) -> Factors {
    let mut factors = factorise(random_orthogonal(n, rng));
    let reflects = (0..n).filter(|&i| factors.upper[i][i] < 0.0).count() + transpositions(&factors.order);
    if reflects % 2 == 1 {
        factors.upper.iter_mut().for_each(|row| row[n - 1] = -row[n - 1]);
    }
    factors
}

/// Gaussian elimination with the largest entry of each column as its pivot.
pub(crate) fn factorise(mut a: Matrix) -> Factors {
    let n = a.len();
    let mut order: Vec<usize> = (0..n).collect();
    for k in 0..n {
        let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap_or(k);
        a.swap(k, pivot);
        order.swap(k, pivot);
        let (above, below) = a.split_at_mut(k + 1);
        let top = &above[k];
        for row in below {
            let factor = row[k] / top[k];
            row[k] = factor;
            row[k + 1..].iter_mut().zip(&top[k + 1..]).for_each(|(r, t)| *r -= factor * t);
        }
    }
    let part = |keep: fn(usize, usize) -> bool| -> Matrix {
        (0..n).map(|i| (0..n).map(|j| if keep(i, j) { a[i][j] } else { 0.0 }).collect()).collect()
    };
    let mut lower = part(|i, j| j < i);
    (0..n).for_each(|i| lower[i][i] = 1.0);
    Factors { order, lower, upper: part(|i, j| j >= i) }
}

/// How many exchanges of two make an order.
fn transpositions(order: &[usize]) -> usize {
    let mut seen = vec![false; order.len()];
    let mut cycles = 0;
    for start in 0..order.len() {
        let mut i = start;
        cycles += usize::from(!seen[i]);
        while !seen[i] {
            seen[i] = true;
            i = order[i];
        }
    }
    order.len() - cycles
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn factors_make_a_rotation() {
        for (n, seed) in [(1, 0), (2, 1), (2, 2), (5, 3), (5, 4), (16, 5)] {
            let Factors { order, lower, upper } = random_rotation(n, &mut ChaCha8Rng::seed_from_u64(seed));
            let mut q = vec![vec![0.0; n]; n];
            for i in 0..n {
                q[order[i]] = (0..n).map(|j| (0..n).map(|k| lower[i][k] * upper[k][j]).sum()).collect();
            }
            for i in 0..n {
                for j in 0..n {
                    let one = if i == j { 1.0 } else { 0.0 };
                    assert!((dot(&q[i], &q[j]) - one).abs() < 1e-12, "rows {i} and {j} of {n}");
                }
            }
            let turned = factorise(q);
            let sign = if transpositions(&turned.order).is_multiple_of(2) { 1.0 } else { -1.0 };
            let determinant: f64 = (0..n).map(|i| turned.upper[i][i]).product::<f64>() * sign;
            assert!((determinant - 1.0).abs() < 1e-12, "n = {n}: {determinant}");
        }
    }
}
