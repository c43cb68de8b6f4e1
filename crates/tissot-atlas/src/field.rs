//! A log-density on a grid of cells.

use crate::AtlasError;

/// A log-density on a regular grid, one value for the centre of each cell.
///
/// # Shapes
/// `log_density` holds `columns * rows` values, row by row; row 0 is the one at the lowest y, column 0 at the lowest x.
#[derive(Debug, Clone, Copy)]
pub struct Field<'a> {
    /// Outer edges of the first and of the last column.
    pub x: (f64, f64),
    /// Outer edges of the lowest and of the highest row.
    pub y: (f64, f64),
    /// Cells along x.
    pub columns: usize,
    /// Cells along y.
    pub rows: usize,
    /// Natural logarithm of the density; `-inf` is a density of zero, `NaN` is drawn grey.
    pub log_density: &'a [f64],
}

impl Field<'_> {
    /// Checks lengths and bounds, and returns the largest finite value.
    pub(crate) fn top(&self) -> Result<f64, AtlasError> {
        let Self { x, y, columns, rows, log_density } = *self;
        if columns.checked_mul(rows) != Some(log_density.len()) {
            return Err(AtlasError::FieldLength { found: log_density.len(), columns, rows });
        }
        for (axis, (from, to)) in [('x', x), ('y', y)] {
            // The width has to be finite, too: -1e308 to 1e308 is none.
            if !(from < to && (to - from).is_finite()) {
                return Err(AtlasError::Extent { axis, from, to });
            }
        }
        let top = log_density.iter().copied().filter(|v| v.is_finite()).fold(f64::NEG_INFINITY, f64::max);
        if top.is_finite() { Ok(top) } else { Err(AtlasError::NothingToShow { cells: log_density.len() }) }
    }

    /// How many cells are not a number.
    pub(crate) fn gaps(&self) -> usize {
        self.log_density.iter().filter(|v| v.is_nan()).count()
    }

    /// The value at a place in cells from the lower left corner: bilinear between the centres, `None` in a cell that is
    /// not a number. Values below `floor` count as `floor`, so that a density of zero can be interpolated.
    pub(crate) fn at(&self, u: f64, v: f64, floor: f64) -> Option<f64> {
        let cell = |row: usize, column: usize| self.log_density[row * self.columns + column];
        let inside = |position: f64, n: usize| (position.max(0.0) as usize).min(n - 1);
        let here = cell(inside(v, self.rows), inside(u, self.columns));
        if here.is_nan() {
            return None;
        }
        let value = |row, column| {
            let value: f64 = cell(row, column);
            if value.is_nan() { here.max(floor) } else { value.max(floor) }
        };
        let ((x0, x1, fx), (y0, y1, fy)) = (neighbours(u, self.columns), neighbours(v, self.rows));
        let mix = |a: f64, b: f64, t: f64| if a == b { a } else { a * (1.0 - t) + b * t };
        Some(mix(mix(value(y0, x0), value(y0, x1), fx), mix(value(y1, x0), value(y1, x1), fx), fy))
    }
}

/// The cells whose centres are left and right of a position, and how far it is from the one to the other.
fn neighbours(position: f64, n: usize) -> (usize, usize, f64) {
    let p = (position - 0.5).clamp(0.0, (n - 1) as f64);
    let first = p as usize;
    (first, (first + 1).min(n - 1), p - first as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAN: f64 = f64::NAN;

    fn field(columns: usize, rows: usize, log_density: &[f64]) -> Field<'_> {
        Field { x: (0.0, 1.0), y: (0.0, 1.0), columns, rows, log_density }
    }

    #[test]
    fn wrong_lengths_and_bounds_are_refused() {
        let message = field(2, 3, &[0.0; 5]).top().unwrap_err().to_string();
        assert!(message.contains("5 values") && message.contains("2 columns x 3 rows"), "{message}");
        assert!(field(usize::MAX, 3, &[0.0; 5]).top().is_err());
        for y in [(1.0, 1.0), (2.0, 1.0), (NAN, 1.0), (0.0, f64::INFINITY), (-1e308, 1e308)] {
            let result = Field { y, ..field(1, 1, &[0.0]) }.top();
            assert!(matches!(result, Err(AtlasError::Extent { axis: 'y', .. })), "{y:?}");
        }
    }

    #[test]
    fn the_top_is_the_largest_finite_value() {
        assert_eq!(field(2, 2, &[NAN, -3.0, f64::INFINITY, -4.0]).top().unwrap(), -3.0);
        for nothing in [&[][..], &[NAN], &[f64::NEG_INFINITY]] {
            assert!(matches!(field(nothing.len(), 1, nothing).top(), Err(AtlasError::NothingToShow { .. })));
        }
    }

    #[test]
    fn centres_keep_their_value_and_between_them_it_is_bilinear() {
        let grid = field(2, 2, &[0.0, 1.0, 2.0, 5.0]);
        for (u, v, expected) in
            [(0.5, 0.5, 0.0), (1.5, 0.5, 1.0), (0.5, 1.5, 2.0), (1.5, 1.5, 5.0), (1.0, 1.0, 2.0)]
        {
            assert_eq!(grid.at(u, v, -9.0), Some(expected), "{u} {v}");
        }
        assert_eq!(grid.at(0.0, 2.0, -9.0), Some(2.0), "the corner takes the nearest centre");
        assert_eq!(field(2, 1, &[f64::NEG_INFINITY, 0.0]).at(1.0, 0.5, -8.0), Some(-4.0));
    }

    #[test]
    fn cells_that_are_not_a_number_do_not_spread() {
        let grid = field(2, 1, &[NAN, 1.0]);
        assert_eq!((grid.at(0.9, 0.5, -9.0), grid.at(1.1, 0.5, -9.0), grid.gaps()), (None, Some(1.0), 1));
    }
}
