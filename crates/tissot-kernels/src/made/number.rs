//! The two number types, and their vectors.

use crate::Real;
use burn::tensor::Element;
use pulp::Simd;

/// `f32` or `f64`, with vectors, and with a function that no compiler vectorises.
pub(crate) trait Number: Real + Element {
    /// A vector of the architecture `S`.
    type Vector<S: Simd>: Copy + Send;

    /// How many numbers one vector has.
    fn lanes<S: Simd>() -> usize;
    /// The whole vectors of a slice, and the rest.
    fn vectors<S: Simd>(slice: &[Self]) -> (&[Self::Vector<S>], &[Self]);
    /// The whole vectors of a slice, and the rest.
    fn vectors_mut<S: Simd>(slice: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);
    /// The same number in every lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// `a b + c`, fused where the architecture can.
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// The arc tangent.
    fn atan(self) -> Self;
}

macro_rules! number {
    ($t:ident, $vector:ident, $lanes:ident, $vectors:ident, $vectors_mut:ident, $splat:ident,
     $mul_add:ident) => {
        impl Number for $t {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }
            #[inline(always)]
            fn vectors<S: Simd>(slice: &[Self]) -> (&[Self::Vector<S>], &[Self]) {
                S::$vectors(slice)
            }
            #[inline(always)]
            fn vectors_mut<S: Simd>(slice: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]) {
                S::$vectors_mut(slice)
            }
            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S> {
                simd.$splat(value)
            }
            #[inline(always)]
            fn mul_add<S: Simd>(
                simd: S,
                a: Self::Vector<S>,
                b: Self::Vector<S>,
                c: Self::Vector<S>,
            ) -> Self::Vector<S> {
                simd.$mul_add(a, b, c)
            }

            #[inline(always)]
            fn atan(self) -> Self {
                self.atan()
            }
        }
    };
}

number!(f32, f32s, F32_LANES, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_e_f32s);
number!(f64, f64s, F64_LANES, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_e_f64s);
