//! Products into memory that nothing was written to.

use super::mask::Panel;
use crate::matrix::{Matrix, Target, product};
use crate::real::Real;
use std::mem::MaybeUninit;
use std::ops::Range;

/// Writes `x w`, of `w` only what lies in `panels` of its columns, and gives it back.
///
/// # Panics
/// Where the shapes do not fit together, and where the panels are not all columns.
pub(super) fn by_panels<'a, T: Real>(
    fresh: &'a mut [MaybeUninit<T>],
    x: Matrix<'_, T>,
    w: Matrix<'_, T>,
    panels: &[Panel],
) -> &'a mut [T] {
    const NOTHING: &Range<usize> = &(0..0);
    let ([rows, _], [_, width]) = (x.shape(), w.shape());
    assert_eq!(fresh.len(), rows * width, "a place for each number of the product");
    let mut next = 0;
    for Panel { along, across, .. } in panels {
        assert_eq!(along.start, next, "panels without a gap");
        next = along.end;
        let ranges = if across.is_empty() { std::slice::from_ref(NOTHING) } else { across };
        for (n, range) in ranges.iter().enumerate() {
            // SAFETY: the first product of a panel does not add, and the others add to what that one has written.
            let target = unsafe { Target::fresh(fresh, width, along.clone()) };
            product(target, x.cols(range.clone()), w.rows(range.clone()).cols(along.clone()), n > 0);
        }
    }
    assert_eq!(next, width, "panels to the last column");
    // SAFETY: the panels are all columns, and a product writes these columns of all rows.
    unsafe { fresh.assume_init_mut() }
}
