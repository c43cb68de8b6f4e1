//! Univariates: increasing functions of each element, with parameters of its own.

mod affine;
mod block;
#[cfg(feature = "cube")]
pub(crate) mod cube;
mod log_scale;
#[cfg(any(feature = "flex", feature = "cube"))]
mod op;
#[cfg(feature = "flex")]
mod rows;
mod spline;

pub use affine::{Affine, AffineBlock, Order};
pub use block::{AnyBlock, Block};
pub use log_scale::LogScale;
pub use spline::{Law, Spline, SplineBlock};

#[cfg(feature = "flex")]
pub(crate) use rows::elements_of;

use crate::device::{Place, place};
use burn::tensor::Tensor;
use std::sync::Arc;

/// An increasing function of an element, as a kernel knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Univariate {
    /// A scale and a shift.
    Affine(Affine),
    /// A monotone rational-quadratic spline.
    Spline(Spline),
}

impl Univariate {
    /// How many parameters an element has.
    pub fn num_params(&self) -> usize {
        match self {
            Self::Affine(_) => 2,
            Self::Spline(spline) => 3 * spline.bins - 1,
        }
    }
}

/// Which way a univariate is gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// From `x` to `y`, with `log dy/dx`.
    Forward,
    /// From `y` to `x`, with `log dx/dy`.
    Inverse,
}

/// The univariate at `at`, and the sum of the log-derivatives of each row.
///
/// `None` where there is no kernel for this device and number type (there are some for Flex in f32 and f64 and for GPUs in
/// f32), and where there are no elements. One pass over memory;
/// for a spline the bin search and the softmaxes are inside, and nothing of the size of the bins is kept for the gradient.
///
/// # Shapes
/// `at`: `[batch, elements]`; `params`: `[batch or 1, elements, num_params]` -> `[batch, elements]`, `[batch]`.
///
/// # Panics
/// Where the shapes do not fit.
pub fn apply(
    at: &Tensor<2>,
    params: &Tensor<3>,
    univariate: Univariate,
    direction: Direction,
) -> Option<(Tensor<2>, Tensor<1>)> {
    run(at, params, Setting { univariate, direction, columns: None })
}

/// The same for some columns of `at`, the others passing through, in the place of taking `at` apart and putting it together
/// again. `None` on a GPU for columns that do not follow one another at even distances, too.
///
/// # Shapes
/// `at`: `[batch, features]`; `params`: `[batch or 1, columns, num_params]` -> `[batch, features]`, `[batch]`.
///
/// # Panics
/// Where the shapes do not fit; for a column that `at` does not have.
pub fn apply_to_columns(
    at: &Tensor<2>,
    params: &Tensor<3>,
    univariate: Univariate,
    direction: Direction,
    columns: Arc<[usize]>,
) -> Option<(Tensor<2>, Tensor<1>)> {
    run(at, params, Setting { univariate, direction, columns: Some(columns) })
}

/// What is done, beside the numbers.
#[derive(Clone, Debug)]
#[cfg_attr(not(any(feature = "flex", feature = "cube")), allow(dead_code))]
struct Setting {
    univariate: Univariate,
    direction: Direction,
    /// The columns of `at` that move; all of them, if none are named.
    columns: Option<Arc<[usize]>>,
}

fn run(at: &Tensor<2>, params: &Tensor<3>, setting: Setting) -> Option<(Tensor<2>, Tensor<1>)> {
    let place = place(at)?;
    if at.dims().contains(&0) || (place == Place::Cube && !is_even(setting.columns.as_deref())) {
        return None;
    }
    let [batch, features] = at.dims();
    let moved = setting.columns.as_ref().map_or(features, |columns| columns.len());
    let shape = [batch, moved, setting.univariate.num_params()];
    assert_eq!(
        params.dims()[1..],
        shape[1..],
        "the parameters of {moved} elements: {:?}",
        setting.univariate
    );
    let params = if params.dims() == shape { params.clone() } else { params.clone().expand(shape) };
    #[cfg(any(feature = "flex", feature = "cube"))]
    return Some(op::univariate(at, params, setting));
    #[cfg(not(any(feature = "flex", feature = "cube")))]
    {
        let _ = params;
        None
    }
}

/// Whether there are columns and they follow one another at even distances, as the kernels for GPUs want them.
fn is_even(columns: Option<&[usize]>) -> bool {
    let Some(columns) = columns else { return true };
    if columns.is_empty() {
        return false;
    }
    let mut pairs = columns.windows(2);
    let mut step = None;
    pairs.all(|pair| pair[0] < pair[1] && *step.get_or_insert(pair[1] - pair[0]) == pair[1] - pair[0])
}
