//! A row times a weight, as a sum of the weight's rows.

use crate::dense::Mask;
use crate::real::Real;
use crate::simd::dispatch;
use pulp::NullaryFnOnce;
use std::ops::Range;

/// So many rows of a weight are added at once, so that the sums are read and written less often.
const TOGETHER: usize = 4;

/// `out += x W` for one row, where `W` is stored row by row; weights outside of `mask` count as 0, and those of inputs that
/// are 0 are not read.
pub(super) fn add_rows<T: Real>(out: &mut [T], x: &[T], w: &[T], mask: Option<&Mask>) {
    dispatch(AddRows { out, x, w, mask });
}

struct AddRows<'a, T> {
    out: &'a mut [T],
    x: &'a [T],
    w: &'a [T],
    mask: Option<&'a Mask>,
}

impl<T: Real> NullaryFnOnce for AddRows<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(mut self) {
        let cols = self.out.len();
        let mut waiting = Waiting { rows: [(T::ZERO, 0); TOGETHER], columns: 0..0, count: 0 };
        match self.mask {
            None => {
                for row in 0..self.x.len() {
                    self.take(&mut waiting, row, 0..cols);
                }
            }
            Some(mask) => {
                for (row, run) in mask.runs() {
                    self.take(&mut waiting, *row, run.clone());
                }
            }
        }
        self.flush(&mut waiting);
    }
}

/// Rows of the weight that are still to be added, all in the same columns.
struct Waiting<T> {
    rows: [(T, usize); TOGETHER],
    columns: Range<usize>,
    count: usize,
}

impl<'a, T: Real> AddRows<'a, T> {
    /// Adds a row of the weight in some columns, or keeps it until there are enough.
    ///
    /// Rows of a staircase of weights begin in later and later columns: what lies before the columns of the rows that
    /// wait is added at once.
    #[inline(always)]
    fn take(&mut self, waiting: &mut Waiting<T>, row: usize, columns: Range<usize>) {
        let value = self.x[row];
        if value == T::ZERO {
            return;
        }
        if waiting.count > 0 && waiting.columns != columns {
            let later = waiting.columns.start <= columns.start && waiting.columns.end == columns.end;
            if later && columns.start - waiting.columns.start <= columns.len() {
                let before = waiting.columns.start..columns.start;
                for &(value, row) in &waiting.rows[..waiting.count] {
                    self.add((value, row), before.clone());
                }
            } else {
                self.flush(waiting);
            }
        }
        waiting.columns = columns;
        waiting.rows[waiting.count] = (value, row);
        waiting.count += 1;
        if waiting.count == TOGETHER {
            self.add_four(waiting.rows, waiting.columns.clone());
            waiting.count = 0;
        }
    }

    /// Adds the rows that wait.
    #[inline(always)]
    fn flush(&mut self, waiting: &mut Waiting<T>) {
        for &row in &waiting.rows[..waiting.count] {
            self.add(row, waiting.columns.clone());
        }
        waiting.count = 0;
    }

    /// The row of the weight in some columns.
    #[inline(always)]
    fn row(&self, row: usize, columns: &Range<usize>) -> &'a [T] {
        let cols = self.out.len();
        &self.w[row * cols..(row + 1) * cols][columns.clone()]
    }

    /// Adds a row of the weight, times its number, in some columns.
    #[inline(always)]
    fn add(&mut self, (value, row): (T, usize), columns: Range<usize>) {
        let w = self.row(row, &columns);
        for (y, w) in self.out[columns].iter_mut().zip(w) {
            *y += value * *w;
        }
    }

    /// The same for four rows. Written out, since a list of rows would be looked up with a check for every number.
    #[inline(always)]
    fn add_four(&mut self, [a, b, c, d]: [(T, usize); TOGETHER], columns: Range<usize>) {
        let (wa, wb) = (self.row(a.1, &columns), self.row(b.1, &columns));
        let (wc, wd) = (self.row(c.1, &columns), self.row(d.1, &columns));
        let [a, b, c, d] = [a.0, b.0, c.0, d.0];
        for ((((y, wa), wb), wc), wd) in self.out[columns].iter_mut().zip(wa).zip(wb).zip(wc).zip(wd) {
            *y += a * *wa + b * *wb + (c * *wc + d * *wd);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(i: usize) -> f64 {
        ((i * 7 + 3) % 13) as f64 - 6.0
    }

    fn check(inputs: usize, outputs: usize, allowed: impl Fn(usize, usize) -> bool + Copy, masked: bool) {
        let x: Vec<f64> = (0..inputs).map(|i| if i % 3 == 1 { 0.0 } else { number(i) }).collect();
        let w: Vec<f64> = (0..inputs * outputs).map(number).collect();
        let mask = masked.then(|| Mask::new(inputs, outputs, allowed));
        let mut out: Vec<f64> = (0..outputs).map(number).collect();
        add_rows(&mut out, &x, &w, mask.as_ref());
        for (j, &found) in out.iter().enumerate() {
            let sum = |i: usize| if !masked || allowed(i, j) { x[i] * w[i * outputs + j] } else { 0.0 };
            let expected = number(j) + (0..inputs).map(sum).sum::<f64>();
            assert_eq!(found, expected, "column {j} of {inputs} x {outputs}, masked: {masked}");
        }
    }

    #[test]
    fn sums_are_those_of_the_formula() {
        for (inputs, outputs) in [(0, 3), (1, 1), (3, 5), (17, 40), (64, 64)] {
            check(inputs, outputs, |_, _| true, false);
            check(inputs, outputs, |i, j| i * outputs <= j * inputs, true);
            check(inputs, outputs, |i, j| (i * 5 + j * 3) % 7 < 3, true);
            check(inputs, outputs, |i, j| i >= j && i % 5 != 0, true);
        }
    }

    #[test]
    fn weights_of_zeros_are_not_read() {
        let mut out = [1.0f32; 2];
        add_rows(&mut out, &[0.0, 2.0], &[f32::NAN, f32::NAN, 3.0, 4.0], None);
        assert_eq!(out, [7.0, 9.0]);
    }
}
