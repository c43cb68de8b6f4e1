//! The same operations in burn's own: for devices and number types without a kernel.

use super::invert::invert_lower;
use super::{Direction, Lu};
use burn::tensor::Tensor;

/// See [`super::multiply`] and [`super::solve`].
pub(super) fn lu<const D: usize>(
    x: Tensor<D>,
    weight: Lu,
    bias: Option<Tensor<1>>,
    direction: Direction,
) -> Tensor<D> {
    let bias = bias.map(|bias| {
        let mut shape = [1; D];
        shape[1] = bias.dims()[0];
        bias.reshape(shape)
    });
    match direction {
        Direction::Multiply => {
            let (first, second) = weight.factors();
            let z = apply(first, second, x);
            match bias {
                Some(bias) => z + bias,
                None => z,
            }
        }
        Direction::Solve => {
            let (first, second) = weight.inverse_factors();
            let z = match bias {
                Some(bias) => x - bias,
                None => x,
            };
            apply(first, second, z)
        }
    }
}

impl Lu {
    /// What is applied first, U, and what is applied then, L, in their orders.
    fn factors(self) -> (Tensor<2>, Tensor<2>) {
        let ones = self.diagonal.ones_like();
        let mut upper = self.upper.triu(1) + on_diagonal(self.diagonal);
        let mut lower = self.lower.tril(-1) + on_diagonal(ones);
        if let Some(rows) = self.rows {
            lower = lower.select(0, rows);
        }
        if let Some(columns) = self.columns {
            upper = upper.select(1, columns);
        }
        (upper, lower)
    }

    /// What is applied first, `L^-1`, and what is applied then, `U^-1`, in their orders.
    fn inverse_factors(self) -> (Tensor<2>, Tensor<2>) {
        let [n] = self.diagonal.dims();
        // U is the transpose of a lower triangular matrix, so both factors go through at once.
        let strict = Tensor::stack::<3>(vec![self.lower, self.upper.transpose()], 0).tril(-1);
        let reciprocal = Tensor::stack::<2>(vec![self.diagonal.ones_like(), self.diagonal.recip()], 0);
        let inverses = invert_lower(strict, reciprocal);
        let one = |k: usize| inverses.clone().narrow(0, k, 1).reshape([n, n]);
        let (mut upper, mut lower) = (one(1).transpose(), one(0));
        if let Some(rows) = self.rows {
            lower = lower.select(1, rows);
        }
        if let Some(columns) = self.columns {
            upper = upper.select(0, columns);
        }
        (lower, upper)
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
    let positions = dims[2..].iter().product();
    if positions == 1 {
        let rows = x.reshape([dims[0], dims[1]]);
        return rows.matmul(first.transpose()).matmul(second.transpose()).reshape(dims);
    }
    let maps = x.reshape([dims[0], dims[1], positions]);
    second.unsqueeze::<3>().matmul(first.unsqueeze::<3>().matmul(maps)).reshape(dims)
}
