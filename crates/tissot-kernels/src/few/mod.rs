//! Layers at a few rows: networks and univariates one after another on the host, without gradients.
//!
//! One row needs so little arithmetic that the calls between operations cost more than it does. Here the rows stay in
//! slices from layer to layer, and so do the sums of their log-dets: no tensor is made in between. A row goes
//! through all maps of a network, each map a sum of the rows of its weight; inputs that are exactly 0, as
//! half of the units behind a ReLU are, cost nothing, not even the reading of their weights. So a weight that is not finite goes
//! unseen behind such a unit, where a matrix product would make NaN of it.

#[cfg(feature = "flex")]
mod host;
mod pass;
mod rows;
#[cfg(feature = "flex")]
mod sum;
#[cfg(feature = "flex")]
mod units;

pub use pass::Pass;
pub use rows::Rows;

use crate::univariate::{Direction, Univariate};

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
