//! Both passes on burn's Flex backend.

use super::Direction;
use super::factors::Factors;
use super::layout::Layout;
use super::op::{InputGradients, LuKernels, LuOps, Saved, Setting, Wanted};
use super::triangle::Triangle;
use crate::flex::{chunks, contiguous, numbers, parallel, share, tensor};
use crate::matrix::{Matrix, Target, product};
use crate::real::Real;
use crate::simd::dispatch;
use crate::threads;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::DType;
use pulp::NullaryFnOnce;

impl LuOps for Flex {
    fn lu(
        x: FlexTensor,
        lower: FlexTensor,
        upper: FlexTensor,
        diagonal: FlexTensor,
        bias: FlexTensor,
        setting: Setting,
    ) -> FlexTensor {
        match x.dtype() {
            DType::F64 => forward::<f64>(x, &[lower, upper, diagonal], bias, &setting),
            _ => forward::<f32>(x, &[lower, upper, diagonal], bias, &setting),
        }
    }
}

impl LuKernels for Flex {
    fn lu_backward(saved: Saved<Self>, grad: FlexTensor, wanted: Wanted) -> InputGradients<Self> {
        match grad.dtype() {
            DType::F64 => backward::<f64>(saved, grad, wanted),
            _ => backward::<f32>(saved, grad, wanted),
        }
    }
}

fn factors<'a, T: Real>([lower, upper, diagonal]: &[FlexTensor; 3], setting: &'a Setting) -> Factors<'a, T> {
    let diagonal = contiguous(diagonal.clone());
    Factors {
        lower: Triangle::lower(Matrix::of(lower)),
        upper: Triangle::upper(Matrix::of(upper), numbers(&diagonal)),
        rows: setting.rows.as_deref(),
        columns: setting.columns.as_deref(),
    }
}

/// The shape, and that of `[batch, n, positions]`.
fn shapes(of: &FlexTensor) -> (Vec<usize>, [usize; 3]) {
    let shape: Vec<usize> = of.layout().shape().iter().copied().collect();
    let three = [shape[0], shape[1], shape[2..].iter().product()];
    (shape, three)
}

fn forward<T: Real>(
    x: FlexTensor,
    weight: &[FlexTensor; 3],
    bias: FlexTensor,
    setting: &Setting,
) -> FlexTensor {
    let ((whole, shape), x, bias) = (shapes(&x), contiguous(x), contiguous(bias));
    let (x, bias): (&[T], &[T]) = (numbers(&x), numbers(&bias));
    let mut out = vec![T::ZERO; x.len()];
    if !out.is_empty() {
        let factors = factors(weight, setting);
        match setting.direction {
            Direction::Multiply => multiply(&factors.product(), false, Some(bias), shape, x, &mut out),
            Direction::Solve => solve(&factors, Some(bias), shape, x, &mut out),
        }
    }
    tensor(out, &whole)
}

/// Calls `f(from, to)` for each part of the vectors, in parallel where that pays.
fn each_part<T: Real>(
    shape @ [batch, n, positions]: [usize; 3],
    from: &[T],
    to: &mut [T],
    f: impl Fn(Layout, &[T], &mut [T]) + Send + Sync,
) {
    let layout = Layout::new(shape);
    let size = share(batch, batch * positions * n * n) * n * positions;
    chunks(true, to, size, |i, to| {
        let from = &from[i * size..i * size + to.len()];
        let parts = layout.part();
        for (from, to) in from.chunks(parts).zip(to.chunks_mut(parts)) {
            f(layout, from, to);
        }
    });
}

/// `to = W from + b`, or `W^T from + b`.
fn multiply<T: Real>(
    w: &[T],
    transposed: bool,
    bias: Option<&[T]>,
    shape: [usize; 3],
    from: &[T],
    to: &mut [T],
) {
    let n = shape[1];
    let w = Matrix::new(w, 0, [n, n], [n as isize, 1]);
    let w = if transposed { w.t() } else { w };
    each_part(shape, from, to, |layout, from, to| {
        layout.multiply(w, (from, 0..n), (to, 0..n), false);
        if let Some(bias) = bias {
            dispatch(AddBias { layout, part: to, bias });
        }
    });
}

/// `to = W^-1 (from - b)`.
fn solve<T: Real>(factors: &Factors<'_, T>, bias: Option<&[T]>, shape: [usize; 3], from: &[T], to: &mut [T]) {
    let (lower, upper) = (factors.lower.solver(false), factors.upper.solver(false));
    each_part(shape, from, to, |layout, from, to| {
        let (mut a, mut b) = (vec![T::ZERO; from.len()], vec![T::ZERO; from.len()]);
        layout.scatter(from, bias, factors.rows, &mut a);
        lower.solve(layout, &mut a, &mut b);
        match factors.columns {
            None => upper.solve(layout, &mut b, to),
            Some(columns) => {
                upper.solve(layout, &mut b, &mut a);
                layout.gather(&a, columns, to);
            }
        }
    });
}

/// `to = W^-T from`.
fn solve_transposed<T: Real>(factors: &Factors<'_, T>, shape: [usize; 3], from: &[T], to: &mut [T]) {
    let (upper, lower) = (factors.upper.solver(true), factors.lower.solver(true));
    each_part(shape, from, to, |layout, from, to| {
        let (mut a, mut b) = (vec![T::ZERO; from.len()], vec![T::ZERO; from.len()]);
        layout.scatter(from, None, factors.columns, &mut a);
        upper.solve(layout, &mut a, &mut b);
        match factors.rows {
            None => lower.solve(layout, &mut b, to),
            Some(rows) => {
                lower.solve(layout, &mut b, &mut a);
                layout.gather(&a, rows, to);
            }
        }
    });
}

fn backward<T: Real>(saved: Saved<Flex>, grad: FlexTensor, wanted: Wanted) -> InputGradients<Flex> {
    let ((whole, shape), grad, x) = (shapes(&grad), contiguous(grad), contiguous(saved.x));
    let (g, x): (&[T], &[T]) = (numbers(&grad), numbers(&x));
    let n = shape[1];
    let solved = saved.setting.direction == Direction::Solve;
    let factors = factors::<T>(&[saved.lower, saved.upper, saved.diagonal], &saved.setting);
    // The gradient of what `W` gave or was given: that of z, whichever direction it was.
    let mut of_input = Vec::new();
    if (wanted.x || solved) && !g.is_empty() {
        of_input = vec![T::ZERO; g.len()];
        match solved {
            false => multiply(&factors.product(), true, None, shape, g, &mut of_input),
            true => solve_transposed(&factors, shape, g, &mut of_input),
        }
    }
    let of_z = if solved { &of_input } else { g };
    let sign = if solved { -T::ONE } else { T::ONE };
    let mut gradients = [None, None, None, None, None];
    if wanted.factors {
        let of_w = scaled(outer(of_z, x, shape), sign);
        let sizes: [&[usize]; 3] = [&[n, n], &[n, n], &[n]];
        for (k, values) in factors.pull_back(of_w).into_iter().enumerate() {
            gradients[1 + k] = Some(tensor(values, sizes[k]));
        }
    }
    if wanted.bias {
        gradients[4] = Some(tensor(scaled(sums(of_z, shape), sign), &[n]));
    }
    if wanted.x {
        gradients[0] = Some(tensor(of_input, &whole));
    }
    gradients
}

fn scaled<T: Real>(mut values: Vec<T>, by: T) -> Vec<T> {
    values.iter_mut().for_each(|v| *v = *v * by);
    values
}

/// `sum g x^T` over all vectors, `[n, n]`: strips of rows in parallel, where that pays.
fn outer<T: Real>(g: &[T], x: &[T], shape @ [batch, n, positions]: [usize; 3]) -> Vec<T> {
    let layout = Layout::new(shape);
    let mut out = vec![T::ZERO; n * n];
    let work = batch * positions * n * n;
    if work == 0 {
        return out;
    }
    let strip = share(n, work);
    // For tables all vectors are one matrix here.
    let part = if let Layout::Rows { .. } = layout { g.len() } else { layout.part() };
    let one = |(i, out): (usize, &mut [T])| {
        let rows = i * strip..i * strip + out.len() / n;
        for (k, (g, x)) in g.chunks(part).zip(x.chunks(part)).enumerate() {
            let (g, x) = (layout.matrix(g).rows(rows.clone()), layout.matrix(x));
            product(Target::new(out, n, 0..n), g, x.t(), k > 0);
        }
    };
    let strips = out.chunks_mut(strip * n);
    if parallel(work) {
        threads::for_each(strips.enumerate().collect(), one);
    } else {
        strips.enumerate().for_each(one);
    }
    out
}

/// The sums over all vectors, `[n]`.
fn sums<T: Real>(g: &[T], shape: [usize; 3]) -> Vec<T> {
    let layout = Layout::new(shape);
    let mut total = vec![T::ZERO; shape[1]];
    for part in g.chunks(layout.part().max(1)) {
        let mut sums = vec![T::ZERO; shape[1]];
        dispatch(AddSums { layout, part, sums: &mut sums });
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    total
}

struct AddBias<'a, T> {
    layout: Layout,
    part: &'a mut [T],
    bias: &'a [T],
}

impl<T: Real> NullaryFnOnce for AddBias<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.layout.add_bias(self.part, self.bias);
    }
}

struct AddSums<'a, T> {
    layout: Layout,
    part: &'a [T],
    sums: &'a mut [T],
}

impl<T: Real> NullaryFnOnce for AddSums<'_, T> {
    type Output = ();

    #[inline(always)]
    fn call(self) {
        self.layout.add_sums(self.part, self.sums);
    }
}
