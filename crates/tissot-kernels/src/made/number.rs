//! The two number types, and their vectors.

use crate::Real;
use burn::tensor::Element;
use pulp::Simd;

/// `f32` or `f64`, with vectors, and with functions that no compiler vectorises.
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

    /// `e^self`, the standard library's, as burn's activations have it.
    fn std_exp(self) -> Self;
    /// `e^self - 1`.
    fn exp_m1(self) -> Self;
    /// `ln(1 + self)`, the standard library's.
    fn std_ln_1p(self) -> Self;
    /// The hyperbolic tangent, the standard library's.
    fn std_tanh(self) -> Self;
    /// The arc tangent.
    fn atan(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
}

macro_rules! number {
    ($t:ident, $vector:ident, $lanes:ident, $vectors:ident, $vectors_mut:ident, $splat:ident,
     $mul_add:ident, $erf:path) => {
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
            fn std_exp(self) -> Self {
                <$t>::exp(self)
            }
            #[inline(always)]
            fn std_ln_1p(self) -> Self {
                <$t>::ln_1p(self)
            }
            #[inline(always)]
            fn std_tanh(self) -> Self {
                <$t>::tanh(self)
            }
            #[inline(always)]
            fn exp_m1(self) -> Self {
                self.exp_m1()
            }
            #[inline(always)]
            fn atan(self) -> Self {
                self.atan()
            }
            #[inline(always)]
            fn erf(self) -> Self {
                $erf(self)
            }
        }
    };
}

number!(f32, f32s, F32_LANES, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_e_f32s, libm::erff);
number!(f64, f64s, F64_LANES, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_e_f64s, libm::erf);
