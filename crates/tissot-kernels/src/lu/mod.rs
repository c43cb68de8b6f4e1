//! Linear maps by their triangular factors, in both directions, as one operation with one gradient.
//!
//! ```text
//! W = L U, its rows and columns in another order        G = dloss/dW
//! multiply:  z = W x + b          gx = W^T gz      G = sum gz x^T        gb = sum gz
//! solve:     x = W^-1 (z - b)     gz = W^-T gx     G = -sum gz x^T       gb = -sum gz
//! both:      gL = G U^T below the diagonal         gU = L^T G from the diagonal on
//! ```
//!
//! On burn's Flex backend, for f32 and f64, only the halves of the matrices are read that count, `multiply` makes `W` and one
//! product of it, `solve` goes by substitution in blocks, whose small triangles are inverted and whose rest is matrix
//! products, and what is kept for the gradient is `x`. On any other device, and in another number type, both are composed of
//! burn's operations, without a transfer to the host.

mod composed;
#[cfg(feature = "flex")]
mod factors;
#[cfg(feature = "flex")]
mod flex;
mod invert;
#[cfg(feature = "flex")]
mod layout;
#[cfg(feature = "flex")]
mod op;
#[cfg(all(test, feature = "flex"))]
mod tests;
#[cfg(feature = "flex")]
mod triangle;

#[cfg(feature = "flex")]
use crate::device::{Place, place};
use burn::tensor::{Int, Tensor};

/// A square matrix `W` by its triangular factors: `W[i, j] = (L U)[rows[i], columns[j]]`.
#[derive(Clone, Debug)]
pub struct Lu {
    /// L below its diagonal, which is 1, `[n, n]`; the rest is not read and gets the gradient 0.
    pub lower: Tensor<2>,
    /// U above its diagonal, `[n, n]`; the rest is not read and gets the gradient 0.
    pub upper: Tensor<2>,
    /// The diagonal of U, `[n]`.
    pub diagonal: Tensor<1>,
    /// Which row of `L U` stands at each place, `[n]`; each at its own, if not given.
    pub rows: Option<Tensor<1, Int>>,
    /// Which column of `L U` stands at each place, `[n]`; each at its own, if not given.
    pub columns: Option<Tensor<1, Int>>,
}

/// `z = W x + b` along axis 1.
///
/// Cost: `n^2` multiplications a vector, and about `n^3 / 2` a call for `W`, whose rounding is no larger than that of one factor
/// after the other.
///
/// # Shapes
/// `x`: `[batch, n, ..]`, `bias`: `[n]` -> `[batch, n, ..]`.
///
/// # Panics
/// Where the shapes or number types do not fit together.
pub fn multiply<const D: usize>(x: Tensor<D>, weight: Lu, bias: Option<Tensor<1>>) -> Tensor<D> {
    run(x, weight, bias, Direction::Multiply)
}

/// `x = W^-1 (z - b)` along axis 1: the inverse of [`multiply`].
///
/// Cost: `n^2` multiplications a vector, fewer where `n` is large. The factors are undone one after the other: an explicit
/// `W^-1` would leave a far larger residual for an ill-conditioned `W`.
///
/// # Shapes
/// `z`: `[batch, n, ..]`, `bias`: `[n]` -> `[batch, n, ..]`.
///
/// # Panics
/// As [`multiply`].
pub fn solve<const D: usize>(z: Tensor<D>, weight: Lu, bias: Option<Tensor<1>>) -> Tensor<D> {
    run(z, weight, bias, Direction::Solve)
}

/// Which way the map is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Multiply,
    Solve,
}

fn run<const D: usize>(x: Tensor<D>, weight: Lu, bias: Option<Tensor<1>>, direction: Direction) -> Tensor<D> {
    check(&x, &weight, bias.as_ref());
    #[cfg(feature = "flex")]
    if place(&x) == Some(Place::Flex) {
        return op::lu(x, weight, bias, direction);
    }
    composed::lu(x, weight, bias, direction)
}

fn check<const D: usize>(x: &Tensor<D>, weight: &Lu, bias: Option<&Tensor<1>>) {
    let n = x.dims()[1];
    for (name, factor) in [("L", &weight.lower), ("U", &weight.upper)] {
        let found = factor.dims();
        assert_eq!(found, [n, n], "{name} must be {n} x {n}, as x has {n} features; found {found:?}");
    }
    let orders = [&weight.rows, &weight.columns].map(|order| order.as_ref().map(|order| order.dims()[0]));
    let vectors = [Some(weight.diagonal.dims()[0]), bias.map(|bias| bias.dims()[0])];
    for found in vectors.into_iter().chain(orders).flatten() {
        assert_eq!(found, n, "diagonal, bias and orders must have {n} entries; found {found}");
    }
}
