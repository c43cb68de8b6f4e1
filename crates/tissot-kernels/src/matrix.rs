//! Views of matrices, and their product.

mod thin;

use crate::real::Real;
use burn::backend::flex::FlexTensor;
use std::mem::MaybeUninit;
use std::ops::Range;

/// A matrix to read, anywhere in a slice: element `(r, c)` is at `start + r row_stride + c col_stride`.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    data: &'a [T],
    start: usize,
    rows: usize,
    cols: usize,
    row_stride: isize,
    col_stride: isize,
}

impl<'a, T: Real> Matrix<'a, T> {
    /// A tensor of rank 2, wherever it lies.
    pub(crate) fn of(tensor: &'a FlexTensor) -> Self {
        let layout = tensor.layout();
        let (shape, strides) = (layout.shape(), layout.strides());
        let strides = [strides[0], strides[1]];
        Self::new(T::storage(tensor), layout.start_offset(), [shape[0], shape[1]], strides)
    }
}

impl<'a, T> Matrix<'a, T> {
    /// # Panics
    /// Where a corner, and so any element, lies outside `data`.
    pub(crate) fn new(
        data: &'a [T],
        start: usize,
        [rows, cols]: [usize; 2],
        [row_stride, col_stride]: [isize; 2],
    ) -> Self {
        if rows > 0 && cols > 0 {
            let ends = [(rows - 1) as isize * row_stride, (cols - 1) as isize * col_stride];
            let lowest = start as isize + ends[0].min(0) + ends[1].min(0);
            let highest = start as isize + ends[0].max(0) + ends[1].max(0);
            assert!(lowest >= 0 && highest < data.len() as isize, "a matrix outside its buffer");
        }
        Self { data, start, rows, cols, row_stride, col_stride }
    }

    /// A matrix stored row by row.
    #[cfg(test)]
    pub(crate) fn contiguous(data: &'a [T], rows: usize, cols: usize) -> Self {
        Self::new(data, 0, [rows, cols], [cols as isize, 1])
    }

    /// `[rows, columns]`.
    pub(crate) fn shape(&self) -> [usize; 2] {
        [self.rows, self.cols]
    }

    /// These rows.
    pub(crate) fn rows(self, rows: Range<usize>) -> Self {
        assert!(rows.start <= rows.end && rows.end <= self.rows, "rows outside a matrix");
        let start = if rows.is_empty() { self.start } else { self.at(rows.start, 0) };
        Self { start, rows: rows.len(), ..self }
    }

    /// These columns.
    pub(crate) fn cols(self, cols: Range<usize>) -> Self {
        self.t().rows(cols).t()
    }

    /// The transpose.
    pub(crate) fn t(self) -> Self {
        Self {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// An element.
    #[inline(always)]
    pub(crate) fn get(&self, row: usize, col: usize) -> T
    where
        T: Copy,
    {
        debug_assert!(row < self.rows && col < self.cols);
        self.data[self.at(row, col)]
    }

    /// Whether the numbers of a row lie next to one another.
    fn is_row_wise(&self) -> bool {
        self.col_stride == 1 || self.cols == 1
    }

    /// A row of a matrix that is stored row by row.
    #[inline(always)]
    fn row(&self, row: usize) -> &'a [T] {
        debug_assert!(row < self.rows && self.is_row_wise());
        let start = self.at(row, 0);
        &self.data[start..start + self.cols]
    }

    /// Where an element is; may lie outside only for a matrix without elements.
    #[inline(always)]
    fn at(&self, row: usize, col: usize) -> usize {
        (self.start as isize + row as isize * self.row_stride + col as isize * self.col_stride) as usize
    }
}

/// A matrix to write, its rows `stride` apart.
pub(crate) struct Target<'a, T> {
    data: &'a mut [MaybeUninit<T>],
    rows: usize,
    cols: usize,
    stride: usize,
}

impl<'a, T> Target<'a, T> {
    /// The columns `cols` of the rows, each `stride` wide, that `data` holds.
    ///
    /// # Panics
    /// Where `cols` are none of a row.
    pub(crate) fn new(data: &'a mut [T], stride: usize, cols: Range<usize>) -> Self {
        let data = std::ptr::from_mut(data) as *mut [MaybeUninit<T>];
        // SAFETY: both types have one layout, and a target writes only numbers, so that `data` holds numbers ever after. They
        // are there already, so that products may add to them.
        unsafe { Self::fresh(&mut *data, stride, cols) }
    }

    /// The same in memory that nothing was written to.
    ///
    /// # Safety
    /// Where there are no numbers yet, [`product`] must not add to them.
    ///
    /// # Panics
    /// Where `cols` are none of a row.
    pub(crate) unsafe fn fresh(data: &'a mut [MaybeUninit<T>], stride: usize, cols: Range<usize>) -> Self {
        assert!(cols.start < cols.end && cols.end <= stride, "columns outside a row");
        let rows = data.len() / stride;
        Self { data: &mut data[cols.start..], rows, cols: cols.len(), stride }
    }

    /// The rows, the columns of the target only.
    #[inline(always)]
    fn rows_mut(&mut self) -> impl Iterator<Item = &mut [MaybeUninit<T>]> {
        let cols = self.cols;
        self.data.chunks_mut(self.stride).take(self.rows).map(move |row| &mut row[..cols])
    }
}

/// `target = left right`, or `target += left right`.
///
/// # Panics
/// Where the shapes do not fit together.
pub(crate) fn product<T: Real>(
    mut target: Target<'_, T>,
    left: Matrix<'_, T>,
    right: Matrix<'_, T>,
    add: bool,
) {
    let (rows, cols) = (target.rows, target.cols);
    assert!(left.rows == rows && right.cols == cols && left.cols == right.rows, "shapes of a product");
    if rows == 0 || left.cols == 0 {
        if !add {
            target.rows_mut().for_each(|row| row.fill(MaybeUninit::new(T::ZERO)));
        }
        return;
    }
    if let Some(way) = thin::way(&left, &right) {
        return thin::product(target, left, right, add, way);
    }
    let Target { data, stride, .. } = target;
    assert!((rows - 1) * stride + cols <= data.len(), "a target outside its buffer");
    // SAFETY: `T` is f32 or f64 (`Real` is private and implemented for those only). gemm reads the `rows x depth` elements
    // of `left` and the `depth x cols` elements of `right`: `Matrix::new` has checked that all of them lie in the slice
    // that the pointer is made from, `rows`, `cols` and `t` only narrow or reorder them, and no size is 0 here, so
    // that `start` is one of them. It writes `rows x cols` elements of `data`, in rows `stride` apart, which
    // the assertion above keeps inside, and which `&mut` keeps apart from everything it reads. It reads them only where
    // `add` says so, and then they are numbers: see `Target::fresh`.
    unsafe {
        gemm::gemm(
            rows,
            cols,
            left.cols,
            data.as_mut_ptr().cast::<T>(),
            1,
            stride as isize,
            add,
            left.data.as_ptr().add(left.start),
            left.col_stride,
            left.row_stride,
            right.data.as_ptr().add(right.start),
            right.col_stride,
            right.row_stride,
            T::ONE,
            T::ONE,
            false,
            false,
            false,
            gemm::Parallelism::None,
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_are_multiplied_where_they_lie() {
        let data: Vec<f64> = (0..30).map(f64::from).collect();
        let m = Matrix::new(&data, 2, [3, 4], [7, 2]);
        let read = |r: usize, c: usize| data[2 + 7 * r + 2 * c];
        let (left, right) = (m.rows(1..3).cols(1..3), m.t().rows(2..4));
        let mut out = vec![1.0; 2 * 5];
        product(Target::new(&mut out, 5, 1..4), left, right, true);
        for i in 0..2 {
            for j in 0..5 {
                let sum: f64 = (0..2).map(|k| read(1 + i, 1 + k) * read(j.max(1) - 1, 2 + k)).sum();
                let expected = if (1..4).contains(&j) { 1.0 + sum } else { 1.0 };
                assert_eq!(out[i * 5 + j], expected, "{i}, {j}");
            }
        }
    }

    #[test]
    fn a_reversed_matrix_is_multiplied() {
        let data = [1.0f32, 2.0, 3.0, 4.0];
        let reversed = Matrix::new(&data, 3, [2, 2], [-2, -1]);
        let mut out = [0.0; 4];
        product(Target::new(&mut out, 2, 0..2), reversed, Matrix::contiguous(&data, 2, 2), false);
        assert_eq!(out, [4.0 + 9.0, 8.0 + 12.0, 2.0 + 3.0, 4.0 + 4.0]);
    }

    #[test]
    fn a_product_without_depth_is_zero() {
        let mut out = [1.0f32; 4];
        let (left, right) = (Matrix::contiguous(&[], 2, 0), Matrix::contiguous(&[], 0, 2));
        product(Target::new(&mut out, 2, 0..2), left, right, true);
        assert_eq!(out, [1.0; 4]);
        product(Target::new(&mut out, 2, 0..2), left, right, false);
        assert_eq!(out, [0.0; 4]);
    }

    #[test]
    #[should_panic(expected = "a matrix outside its buffer")]
    fn a_view_must_lie_inside() {
        let _ = Matrix::new(&[0.0f32; 5], 0, [2, 3], [3, 1]);
    }

    #[test]
    #[should_panic(expected = "a matrix outside its buffer")]
    fn a_reversed_view_must_lie_inside() {
        let _ = Matrix::new(&[0.0f32; 5], 1, [3, 1], [-1, 1]);
    }
}
