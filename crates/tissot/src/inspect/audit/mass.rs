//! Whether the density sums to 1, in 1 and 2 dimensions.

use super::finding::{Finding, Kind};
use super::thresholds::Thresholds;
use crate::inspect::Mass;

/// Lines of the grid.
pub(super) const LINES: usize = 401;

/// Whether the sum is off by more than the threshold and the grid's own error.
pub(super) fn findings(mass: &Mass, limits: &Thresholds) -> Vec<Finding> {
    let off = (mass.integral - 1.0).abs();
    // A NaN is off, too.
    if off <= limits.mass + 3.0 * mass.error.abs() {
        return Vec::new();
    }
    let message = format!(
        "the density sums to {:.4}, expected 1 within {} (the grid's own error is {:.4})",
        mass.integral,
        limits.mass,
        mass.error.abs()
    );
    vec![Finding::whole(Kind::Mass, off, limits.mass, message)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sum_is_judged_beyond_the_grids_own_error() {
        let found =
            |integral, error| findings(&Mass { integral, error, lines: LINES }, &Thresholds::default()).len();
        assert_eq!([found(1.0, 0.0), found(1.019, 0.0), found(1.021, 0.0), found(0.97, 0.0)], [0, 0, 1, 1]);
        assert_eq!([found(1.1, -0.03), found(1.2, -0.03), found(f64::NAN, 0.0)], [0, 1, 1]);
    }
}
