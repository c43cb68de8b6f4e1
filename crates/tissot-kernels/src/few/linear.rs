//! Linear maps of a few rows.

use super::host::Host;
use super::units::Typed;
use super::{Factors, Norm};
use crate::flex::inside;
use crate::univariate::Direction;
use burn::backend::{BackendTensor, DispatchTensorKind};
use burn::tensor::{DType, Int, Tensor};

impl<T: Typed> Host<T> {
    /// See [`Rows::norm`](super::Rows::norm).
    pub(super) fn norm(&mut self, norm: Norm, direction: Direction) -> Option<()> {
        let (log_scale, shift) = (inside(norm.log_scale)?, inside(norm.shift)?);
        let (log_scale, shift) = (T::slice(&log_scale)?, T::slice(&shift)?);
        if [log_scale.len(), shift.len()] != [self.features(); 2] {
            return None;
        }
        let sign = sign(direction);
        self.at.clear();
        self.at.extend(log_scale.iter().map(|s| T::of((sign * s.to_f64()).exp())));
        for row in self.x.chunks_exact_mut(shift.len()) {
            for ((x, &scale), &shift) in row.iter_mut().zip(&self.at).zip(shift) {
                *x = match direction {
                    Direction::Forward => *x * scale + shift,
                    Direction::Inverse => (*x - shift) * scale,
                };
            }
        }
        self.add_log_det(sign * log_scale.iter().map(|s| s.to_f64()).sum::<f64>());
        Some(())
    }

    /// See [`Rows::factors`](super::Rows::factors).
    pub(super) fn factors(&mut self, factors: Factors<'_>, direction: Direction) -> Option<()> {
        let n = self.features();
        let [lower, upper] = [factors.lower, factors.upper].map(inside);
        let (lower, upper) = (lower?, upper?);
        let (lower, upper) = (T::slice(&lower)?, T::slice(&upper)?);
        let [free, signs] = [factors.free, factors.signs].map(inside);
        let (free, signs) = (free?, signs?);
        let (free, signs) = (T::slice(&free)?, T::slice(&signs)?);
        let bias = match factors.bias {
            Some(bias) => Some(inside(bias)?),
            None => None,
        };
        let bias = match &bias {
            Some(bias) => Some(T::slice(bias)?),
            None => None,
        };
        let order = |order: Option<Tensor<1, Int>>| order.map(|order| places(order, n).ok_or(())).transpose();
        let (rows, columns) = (order(factors.rows).ok()?, order(factors.columns).ok()?);
        let squares = [lower.len(), upper.len()] == [n * n; 2];
        let lists = [free.len(), signs.len(), bias.map_or(n, <[T]>::len)] == [n; 3];
        if !squares || !lists {
            return None;
        }
        let mut log_det = 0.0;
        let diagonal = free.iter().zip(signs).map(|(&free, &sign)| {
            let (size, log_size) = (factors.law)(free.to_f64());
            log_det += log_size;
            T::of(size * sign.to_f64())
        });
        let diagonal: Vec<T> = diagonal.collect();
        let place = |order: &Option<Vec<usize>>, i: usize| order.as_ref().map_or(i, |order| order[i]);
        let y = &mut self.at;
        y.clear();
        y.resize(n, T::ZERO);
        for x in self.x.chunks_exact_mut(n) {
            match direction {
                Direction::Forward => {
                    x.iter().enumerate().for_each(|(j, &x)| y[place(&columns, j)] = x);
                    for i in 0..n {
                        y[i] = diagonal[i] * y[i] + dot(&upper[i * n + i + 1..(i + 1) * n], &y[i + 1..]);
                    }
                    for i in (1..n).rev() {
                        y[i] = y[i] + dot(&lower[i * n..i * n + i], &y[..i]);
                    }
                    for (i, x) in x.iter_mut().enumerate() {
                        *x = y[place(&rows, i)] + bias.map_or(T::ZERO, |bias| bias[i]);
                    }
                }
                Direction::Inverse => {
                    for (i, &x) in x.iter().enumerate() {
                        y[place(&rows, i)] = x - bias.map_or(T::ZERO, |bias| bias[i]);
                    }
                    for i in 1..n {
                        y[i] = y[i] - dot(&lower[i * n..i * n + i], &y[..i]);
                    }
                    for i in (0..n).rev() {
                        y[i] = (y[i] - dot(&upper[i * n + i + 1..(i + 1) * n], &y[i + 1..])) / diagonal[i];
                    }
                    x.iter_mut().enumerate().for_each(|(j, x)| *x = y[place(&columns, j)]);
                }
            }
        }
        self.add_log_det(sign(direction) * log_det);
        Some(())
    }

    fn features(&self) -> usize {
        self.x.len() / self.count
    }

    fn add_log_det(&mut self, log_det: f64) {
        self.log_dets.resize(self.count, T::ZERO);
        self.log_dets.iter_mut().for_each(|total| *total += T::of(log_det));
    }
}

fn sign(direction: Direction) -> f64 {
    match direction {
        Direction::Forward => 1.0,
        Direction::Inverse => -1.0,
    }
}

/// The sum of products, in eight parts for the processor to work on side by side.
fn dot<T: Typed>(a: &[T], b: &[T]) -> T {
    let mut sums = [T::ZERO; 8];
    let ((a, last_a), (b, last_b)) = (a.as_chunks::<8>(), b.as_chunks::<8>());
    for (a, b) in a.iter().zip(b) {
        for i in 0..8 {
            sums[i] += a[i] * b[i];
        }
    }
    let last = last_a.iter().zip(last_b).fold(T::ZERO, |sum, (&a, &b)| sum + a * b);
    sums.iter().fold(last, |total, &sum| total + sum)
}

/// An order of `n` places on the host; `None` for one of another device, number type or length, and for places that there
/// are not.
pub(super) fn places(order: Tensor<1, Int>, n: usize) -> Option<Vec<usize>> {
    let DispatchTensorKind::Flex(BackendTensor::Int(order)) = order.into_dispatch().kind else {
        return None;
    };
    let order = crate::flex::contiguous(order);
    let (start, len) = (order.layout().start_offset(), order.layout().num_elements());
    let place = |place: i64| usize::try_from(place).ok().filter(|&place| place < n);
    let found: Option<Vec<usize>> = match order.dtype() {
        DType::I64 => order.storage::<i64>()[start..start + len].iter().map(|&p| place(p)).collect(),
        DType::I32 => order.storage::<i32>()[start..start + len].iter().map(|&p| place(p.into())).collect(),
        _ => None,
    };
    found.filter(|found| found.len() == n)
}
