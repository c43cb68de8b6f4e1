//! Layers at a few rows: networks and univariates one after another on the host, without gradients.
//!
//! One row needs so little arithmetic that the calls between operations cost more than it does. Here the rows stay in
//! slices from layer to layer, and so do the sums of their log-dets: no tensor is made in between. A row goes
//! through all maps of a network, each map a sum of the rows of its weight; inputs that are exactly 0, as
//! half of the units behind a ReLU are, cost nothing, not even the reading of their weights. So a weight that is not finite goes
//! unseen behind such a unit, where a matrix product would make NaN of it.

#[cfg(feature = "flex")]
mod host;
#[cfg(feature = "flex")]
mod linear;
mod pass;
mod rows;
#[cfg(feature = "flex")]
mod sum;
#[cfg(feature = "flex")]
mod units;

pub use pass::Pass;
pub use rows::Rows;

use crate::univariate::{Direction, Univariate};
use burn::tensor::{Int, Tensor};

/// More rows than this are better served by matrix products.
pub const ROWS: usize = 4;

/// What a layer does beside its network.
#[derive(Clone, Copy, Debug)]
pub struct Layer<'a> {
    /// The columns that the network sees; all of them, if none are named.
    pub seen: Option<&'a [usize]>,
    /// The columns that move, the others passing through; all of them, if none are named.
    pub moved: Option<&'a [usize]>,
    /// What moves them.
    pub univariate: Univariate,
    /// Which way.
    pub direction: Direction,
}

/// A scale and a shift of each column, the same for all rows: `z = e^s x + b`.
#[derive(Debug)]
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub struct Norm {
    /// `s`, `[features]`.
    pub log_scale: Tensor<1>,
    /// `b`, `[features]`.
    pub shift: Tensor<1>,
}

/// A linear map by its triangular factors, as [`Lu`](crate::lu::Lu) has them: `z_i = sum_j (L U)[rows_i, columns_j] x_j + b_i`.
#[allow(missing_debug_implementations)] // For its law.
#[cfg_attr(not(feature = "flex"), allow(dead_code))]
pub struct Factors<'a> {
    /// L below its diagonal, which is 1, `[n, n]`; the rest is not read.
    pub lower: Tensor<2>,
    /// U above its diagonal, `[n, n]`; the rest is not read.
    pub upper: Tensor<2>,
    /// The free parameters of U's diagonal, `[n]`.
    pub free: Tensor<1>,
    /// Its signs, `[n]`.
    pub signs: Tensor<1>,
    /// The size of an entry of the diagonal by its free parameter, and the logarithm of it.
    pub law: &'a dyn Fn(f64) -> (f64, f64),
    /// Which row of `L U` stands at each place, `[n]`; each at its own, if not given.
    pub rows: Option<Tensor<1, Int>>,
    /// Which column of `L U` stands at each place, `[n]`; each at its own, if not given.
    pub columns: Option<Tensor<1, Int>>,
    /// `b`, `[n]`.
    pub bias: Option<Tensor<1>>,
}
