//! The two number types, and their vectors.

#[cfg(feature = "flex")]
use burn::backend::flex::FlexTensor;
use burn::tensor::DType;
use pulp::{Simd, WithSimd};
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub};

/// `f32` or `f64`.
pub(crate) trait Real:
    Copy
    + Default
    + PartialOrd
    + Send
    + Sync
    + Add<Output = Self>
    + AddAssign
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + burn::tensor::Element
    + 'static
{
    /// A vector of the architecture `S`.
    type Vector<S: Simd>: Copy + Send;

    /// The type's name in burn.
    const DTYPE: DType;

    /// The elements of a contiguous tensor; `None` for another type or layout.
    #[cfg(feature = "flex")]
    fn of(tensor: &FlexTensor) -> Option<&[Self]>;
    /// The nearest number.
    fn from_f64(value: f64) -> Self;

    /// How many numbers one vector has.
    fn lanes<S: Simd>() -> usize;
    /// The whole vectors of a slice, and the rest.
    fn vectors<S: Simd>(slice: &[Self]) -> (&[Self::Vector<S>], &[Self]);
    /// The whole vectors of a slice, and the rest.
    fn vectors_mut<S: Simd>(slice: &mut [Self]) -> (&mut [Self::Vector<S>], &mut [Self]);
    /// The same number in every lane.
    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;
    /// `a + b`.
    fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
    /// `a b + c`, fused where the architecture can.
    fn mul_add<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        c: Self::Vector<S>,
    ) -> Self::Vector<S>;

    /// `|self|`.
    fn abs(self) -> Self;
    /// `e^self`.
    fn exp(self) -> Self;
    /// `e^self - 1`.
    fn exp_m1(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// `ln(1 + self)`.
    fn ln_1p(self) -> Self;
    /// The hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The arc tangent.
    fn atan(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
}

macro_rules! real {
    ($t:ident, $dtype:ident, $vector:ident, $lanes:ident, $vectors:ident, $vectors_mut:ident, $splat:ident, $add:ident,
     $mul_add:ident, $erf:path) => {
        impl Real for $t {
            type Vector<S: Simd> = S::$vector;

            const DTYPE: DType = DType::$dtype;

            #[cfg(feature = "flex")]
            fn of(tensor: &FlexTensor) -> Option<&[Self]> {
                tensor.as_slice()
            }
            fn from_f64(value: f64) -> Self {
                value as $t
            }

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
            fn plus<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S> {
                simd.$add(a, b)
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
            fn abs(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn exp(self) -> Self {
                self.exp()
            }
            #[inline(always)]
            fn exp_m1(self) -> Self {
                self.exp_m1()
            }
            #[inline(always)]
            fn ln(self) -> Self {
                self.ln()
            }
            #[inline(always)]
            fn ln_1p(self) -> Self {
                self.ln_1p()
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                self.tanh()
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

real!(
    f32,
    F32,
    f32s,
    F32_LANES,
    as_simd_f32s,
    as_mut_simd_f32s,
    splat_f32s,
    add_f32s,
    mul_add_e_f32s,
    libm::erff
);
real!(
    f64,
    F64,
    f64s,
    F64_LANES,
    as_simd_f64s,
    as_mut_simd_f64s,
    splat_f64s,
    add_f64s,
    mul_add_e_f64s,
    libm::erf
);

/// Runs `op` on the widest vectors that this processor has.
///
/// `pulp::Arch` knows AVX2 only with pulp's feature `x86-v3`, which burn does not turn on; the type is there without.
pub(crate) fn dispatch<Op: WithSimd>(op: Op) -> Op::Output {
    let arch = pulp::Arch::new();
    #[cfg(target_arch = "x86_64")]
    if let (pulp::Arch::Scalar, Some(simd)) = (arch, pulp::x86::V3::try_new()) {
        return Simd::vectorize(simd, op);
    }
    arch.dispatch(op)
}
