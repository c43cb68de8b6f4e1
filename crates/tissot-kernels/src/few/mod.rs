//! A layer at a few rows: its network and its univariate in one call, without gradients.
//!
//! One row needs so little arithmetic that the calls between its operations cost more than it does. Here a row goes
//! through all maps of the network on the host, each map a sum of the rows of its weight; inputs that are exactly 0, as
//! half of the units behind a ReLU are, cost nothing, not even the reading of their weights. So a weight that is not finite goes
//! unseen behind such a unit, where a matrix product would make NaN of it.

mod pass;
#[cfg(feature = "flex")]
mod rows;
#[cfg(feature = "flex")]
mod run;
#[cfg(feature = "flex")]
mod sum;

pub use pass::Pass;

use crate::device::{Place, place};
use crate::univariate::{Direction, Univariate};
use burn::tensor::Tensor;

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

/// `x` with some columns moved as `network` makes of others, and the sum of the log-derivatives of each row.
///
/// `network` takes the rows through its maps; it is asked only if `x` is suitable. `None` where it gives `None`, and
/// where there is no kernel: for more than [`ROWS`] rows and for none, for other devices than Flex and those with autodiff.
///
/// # Shapes
/// `x`: `[rows, features]` -> `[rows, features]`, `[rows]`.
///
/// # Panics
/// Where the network gives another number of parameters than the columns that move need.
pub fn apply(
    x: &Tensor<2>,
    network: impl FnOnce(&mut Pass) -> Option<()>,
    layer: Layer<'_>,
) -> Option<(Tensor<2>, Tensor<1>)> {
    let [rows, features] = x.dims();
    if !(1..=ROWS).contains(&rows) || features == 0 || x.is_autodiff() || place(x) != Some(Place::Flex) {
        return None;
    }
    #[cfg(feature = "flex")]
    return run::apply(x, network, layer);
    #[cfg(not(feature = "flex"))]
    {
        let _ = (network, layer);
        None
    }
}
