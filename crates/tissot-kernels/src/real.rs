//! Numbers, and functions of them that the compiler can vectorise.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// How many elements a kernel works on together.
pub const LANES: usize = 64;

/// One number of each element of a block.
pub type Lanes<T> = [T; LANES];

/// f32 or f64.
///
/// The functions are polynomials without branches, good to about 2 units in the last place; the error function of f64 is
/// libm's. None loses a NaN. Multiplications and additions are never contracted, so that a result does
/// not depend on the processor.
pub trait Real:
    Copy
    + Debug
    + Send
    + Sync
    + Default
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The square of the rounding error at 1.
    const EPSILON_SQUARED: Self;
    /// Where `exp` stops to fall.
    const LEAST_EXPONENT: Self;

    /// The nearest number to `value`.
    fn of(value: f64) -> Self;

    /// The number in f64.
    fn to_f64(self) -> f64;

    /// `e^self`; f32 stops at `e^-87` and `e^88`, and is never 0 or infinite.
    fn exp(self) -> Self;

    /// `e^self - 1`; f32 stops at `e^88`.
    fn exp_m1(self) -> Self;

    /// `ln(self)` of a positive, normal number.
    fn ln(self) -> Self;

    /// `ln(1 + self)` for 0 to 1.
    fn ln_1p(self) -> Self;

    /// The hyperbolic tangent, with an error of one rounding at 1.
    fn tanh(self) -> Self;

    /// The error function; f32 with an error of 3e-7.
    fn erf(self) -> Self;

    /// The square root.
    fn sqrt(self) -> Self;

    /// The absolute value.
    fn abs(self) -> Self;

    /// 0 where the condition holds, else the number; by its bits, without a branch.
    fn zero_where(self, condition: bool) -> Self;

    /// The type's name in burn.
    #[cfg(feature = "flex")]
    const DTYPE: burn::tensor::DType;

    /// The contiguous numbers of a tensor of this type.
    #[cfg(feature = "flex")]
    fn slice(tensor: &burn::backend::flex::FlexTensor) -> Option<&[Self]>;

    /// All numbers that a tensor's memory holds.
    #[cfg(feature = "flex")]
    fn storage(tensor: &burn::backend::flex::FlexTensor) -> &[Self];

    /// The same to be written to; copied first where another tensor holds them too.
    #[cfg(feature = "flex")]
    fn storage_mut(tensor: &mut burn::backend::flex::FlexTensor) -> &mut [Self];

    /// The numbers as bytes, without a copy.
    #[cfg(feature = "flex")]
    fn bytes(values: Vec<Self>) -> burn::tensor::Bytes;
}

/// `if condition { a } else { b }`, without a branch.
#[inline(always)]
pub(crate) fn select<T>(condition: bool, a: T, b: T) -> T {
    if condition { a } else { b }
}

/// The sum of `of(value)`, in f64: of the places of every eighth number first, which do not wait for one another.
#[cfg(feature = "flex")]
#[inline(always)]
pub(crate) fn sum<T: Real>(values: &[T], of: impl Fn(f64) -> f64) -> f64 {
    let (eights, rest) = values.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for eight in eights {
        for (sum, value) in sums.iter_mut().zip(eight) {
            *sum += of(value.to_f64());
        }
    }
    sums.into_iter().sum::<f64>() + rest.iter().map(|value| of(value.to_f64())).sum::<f64>()
}

/// What both types do alike.
macro_rules! common {
    ($float:ty, $bits:ty, $dtype:ident) => {
        #[inline(always)]
        fn sqrt(self) -> Self {
            <$float>::sqrt(self)
        }

        #[inline(always)]
        fn abs(self) -> Self {
            <$float>::abs(self)
        }

        #[inline(always)]
        fn zero_where(self, condition: bool) -> Self {
            Self::from_bits(self.to_bits() & <$bits>::from(condition).wrapping_sub(1))
        }

        #[cfg(feature = "flex")]
        const DTYPE: burn::tensor::DType = burn::tensor::DType::$dtype;

        #[cfg(feature = "flex")]
        fn slice(tensor: &burn::backend::flex::FlexTensor) -> Option<&[Self]> {
            crate::flex::slice(tensor)
        }

        #[cfg(feature = "flex")]
        fn storage(tensor: &burn::backend::flex::FlexTensor) -> &[Self] {
            tensor.storage()
        }

        #[cfg(feature = "flex")]
        fn storage_mut(tensor: &mut burn::backend::flex::FlexTensor) -> &mut [Self] {
            tensor.storage_mut()
        }

        #[cfg(feature = "flex")]
        fn bytes(values: Vec<Self>) -> burn::tensor::Bytes {
            burn::tensor::Bytes::from_elems(values)
        }
    };
}

mod double;
mod single;
