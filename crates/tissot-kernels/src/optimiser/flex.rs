//! The loops over weights on the CPU.

use super::op::OptimiserOps;
use super::{AdamRates, AdamStep};
use crate::Real;
use crate::flex::{contiguous, numbers, own, tensor};
use crate::simd::dispatch;
use crate::threads;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::DType;
use pulp::{Simd, WithSimd};

/// The weights that one thread takes at once.
const CHUNK: usize = 1 << 15;

impl OptimiserOps for Flex {
    fn adam(
        weight: FlexTensor,
        gradient: FlexTensor,
        m: FlexTensor,
        v: FlexTensor,
        step: AdamStep,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        match weight.dtype() {
            DType::F64 => adam::<f64>([weight, m, v], gradient, step),
            _ => adam::<f32>([weight, m, v], gradient, step),
        }
    }

    fn towards(from: FlexTensor, to: FlexTensor, share: f64) -> FlexTensor {
        match from.dtype() {
            DType::F64 => towards::<f64>(from, to, share),
            _ => towards::<f32>(from, to, share),
        }
    }

    fn sum_of_squares(of: FlexTensor) -> FlexTensor {
        match of.dtype() {
            DType::F64 => sum_of_squares::<f64>(of),
            _ => sum_of_squares::<f32>(of),
        }
    }
}

fn adam<T: Real>(
    tensors: [FlexTensor; 3],
    gradient: FlexTensor,
    step: AdamStep,
) -> (FlexTensor, FlexTensor, FlexTensor) {
    let gradient = contiguous(gradient);
    let [mut weight, mut m, mut v] = tensors.map(own::<T>);
    let (w, g) = (T::storage_mut(&mut weight), numbers::<T>(&gradient));
    let moments = (T::storage_mut(&mut m), T::storage_mut(&mut v));
    if w.len() >= 2 * CHUNK && threads::count() > 1 {
        let moments = moments.0.chunks_mut(CHUNK).zip(moments.1.chunks_mut(CHUNK));
        let chunks = w.chunks_mut(CHUNK).zip(g.chunks(CHUNK)).zip(moments);
        threads::for_each(chunks.collect(), |((w, g), (m, v))| dispatch(Adam { w, g, m, v, step }));
    } else {
        dispatch(Adam { w, g, m: moments.0, v: moments.1, step });
    }
    (weight, m, v)
}

fn towards<T: Real>(from: FlexTensor, to: FlexTensor, share: f64) -> FlexTensor {
    let to = contiguous(to);
    let mut from = own::<T>(from);
    dispatch(Towards { a: T::storage_mut(&mut from), b: numbers(&to), share: T::of(share) });
    from
}

fn sum_of_squares<T: Real>(of: FlexTensor) -> FlexTensor {
    let of = contiguous(of);
    let sum = dispatch(SumOfSquares(numbers::<T>(&of)));
    tensor(vec![T::of(sum)], &[1])
}

/// Adam's loop, compiled for each kind of processor.
struct Adam<'a, T> {
    w: &'a mut [T],
    g: &'a [T],
    m: &'a mut [T],
    v: &'a mut [T],
    step: AdamStep,
}

impl<T: Real> WithSimd for Adam<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let Self { w, g, m, v, step } = self;
        let AdamRates { rate, epsilon, keep } = step.rates();
        let (rate, epsilon, keep) = (T::of(rate), T::of(epsilon), T::of(keep));
        let (b_1, b_2) = (T::of(step.beta_1), T::of(step.beta_2));
        let (rest_1, rest_2) = (T::of(1.0 - step.beta_1), T::of(1.0 - step.beta_2));
        for (((w, &g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
            *m = b_1 * *m + rest_1 * g;
            *v = b_2 * *v + rest_2 * g * g;
            *w = *w * keep - rate * *m / (v.sqrt() + epsilon);
        }
    }
}

/// `a <- a + share (b - a)`.
struct Towards<'a, T> {
    a: &'a mut [T],
    b: &'a [T],
    share: T,
}

impl<T: Real> WithSimd for Towards<'_, T> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (a, &b) in self.a.iter_mut().zip(self.b) {
            *a += (b - *a) * self.share;
        }
    }
}

/// In 32 parts, so that each stays small beside the whole.
struct SumOfSquares<'a, T>(&'a [T]);

impl<T: Real> WithSimd for SumOfSquares<'_, T> {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> f64 {
        let mut sums = [T::ZERO; 32];
        for values in self.0.chunks(sums.len()) {
            for (sum, &v) in sums.iter_mut().zip(values) {
                *sum += v * v;
            }
        }
        sums.iter().map(|s| s.to_f64()).sum()
    }
}
