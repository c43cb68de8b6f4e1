//! A block of elements under one univariate.

use super::affine::AffineBlock;
use super::spline::SplineBlock;
use super::{Direction, Univariate};
use crate::real::{Lanes, Real};

/// Up to [`LANES`](crate::LANES) elements under one univariate, with the room that the work needs, kept from block to block.
///
/// Its methods are inlined: called within [`pulp::Arch::dispatch`] they use the vector instructions of the processor.
pub trait Block<T> {
    /// The parameters, a list of lanes each: to be filled before either of the other methods, which use them up.
    fn params(&mut self) -> &mut [Lanes<T>];

    /// Writes the values and the log-derivatives at `at`.
    ///
    /// # Panics
    /// For more elements than lanes, or outputs of another length.
    fn apply(&mut self, direction: Direction, at: &[T], value: &mut [T], log_slope: &mut [T]);

    /// Writes the gradient of `at` under those of the values and log-derivatives, and leaves those of the parameters in
    /// [`Block::params`].
    ///
    /// # Panics
    /// As [`Block::apply`].
    fn pull_back(
        &mut self,
        direction: Direction,
        at: &[T],
        value_gradient: &[T],
        log_slope_gradient: &Lanes<T>,
        at_gradient: &mut [T],
    );
}

/// A block of any univariate.
#[derive(Debug)]
pub enum AnyBlock<T> {
    /// Of an affine function.
    Affine(AffineBlock<T>),
    /// Of a spline.
    Spline(SplineBlock<T>),
}

impl<T: Real> AnyBlock<T> {
    /// Room for blocks of `univariate`.
    pub fn new(univariate: Univariate) -> Self {
        match univariate {
            Univariate::Affine(affine) => Self::Affine(AffineBlock::new(affine)),
            Univariate::Spline(spline) => Self::Spline(SplineBlock::new(spline)),
        }
    }
}

impl<T: Real> Block<T> for AnyBlock<T> {
    #[inline(always)]
    fn params(&mut self) -> &mut [Lanes<T>] {
        match self {
            Self::Affine(block) => block.params(),
            Self::Spline(block) => block.params(),
        }
    }

    #[inline(always)]
    fn apply(&mut self, direction: Direction, at: &[T], value: &mut [T], log_slope: &mut [T]) {
        match self {
            Self::Affine(block) => block.apply(direction, at, value, log_slope),
            Self::Spline(block) => block.apply(direction, at, value, log_slope),
        }
    }

    #[inline(always)]
    fn pull_back(
        &mut self,
        direction: Direction,
        at: &[T],
        value_gradient: &[T],
        log_slope_gradient: &Lanes<T>,
        at_gradient: &mut [T],
    ) {
        match self {
            Self::Affine(block) => {
                block.pull_back(direction, at, value_gradient, log_slope_gradient, at_gradient)
            }
            Self::Spline(block) => {
                block.pull_back(direction, at, value_gradient, log_slope_gradient, at_gradient)
            }
        }
    }
}
