//! Numbers, and functions of them that the compiler can vectorise.

use std::fmt::Debug;
use std::ops::{Add, AddAssign, Div, Mul, Neg, Sub, SubAssign};

/// How many elements a kernel works on together.
pub const LANES: usize = 64;

/// One number of each element of a block.
pub type Lanes<T> = [T; LANES];

/// f32 or f64.
///
/// The functions of f32 are polynomials without branches, good to about 2 units in the last place; those of f64 are
/// the standard library's. Neither loses a NaN. Multiplications and additions are never contracted, so that a result does
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

    /// The nearest number to `value`.
    fn of(value: f64) -> Self;

    /// The number in f64.
    fn to_f64(self) -> f64;

    /// `e^self`; never 0 or infinite: f32 stops at `e^-87` and `e^88`.
    fn exp(self) -> Self;

    /// `ln(self)` of a positive, normal number.
    fn ln(self) -> Self;

    /// `ln(1 + self)` for 0 to 1.
    fn ln_1p(self) -> Self;

    /// The hyperbolic tangent, with an error of one rounding at 1.
    fn tanh(self) -> Self;

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

/// 1.5 x 2^23: adding it rounds an f32 to an integer, which then stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// `ln 2` in two parts, the first of few bits, so that its product with a small integer is exact.
#[allow(clippy::excessive_precision)] // exact
const LN_2: [f32; 2] = [0.693_359_375, -2.121_944_4e-4];

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

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const EPSILON_SQUARED: Self = f32::EPSILON * f32::EPSILON;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    /// `2^n e^r` with `|r| <= ln(2) / 2`; the polynomial is a least-squares fit of `(e^r - 1 - r) / r^2` at Chebyshev's
    /// points, with a relative error of 4e-9.
    #[inline(always)]
    fn exp(self) -> Self {
        let x = select(self > 88.0, 88.0, self);
        let x = select(x < -87.0, -87.0, x);
        let rounded = x * std::f32::consts::LOG2_E + ROUND;
        let n = rounded - ROUND;
        let r = (x - n * LN_2[0]) - n * LN_2[1];
        let p = 0.001_375_138_2f32;
        let p = p * r + 0.008_368_924;
        let p = p * r + 0.041_669_533;
        let p = p * r + 0.166_665_2;
        let p = p * r + 0.499_999_88;
        let p = p * r * r + r + 1.0;
        let scale = f32::from_bits((rounded.to_bits() << 23).wrapping_add(0x3f80_0000));
        p * scale
    }

    /// `n ln 2 + 2 artanh(s)` with `s = (m - 1) / (m + 1)`, `m` within `sqrt(1/2) .. sqrt(2)`.
    #[inline(always)]
    fn ln(self) -> Self {
        let bits = self.to_bits().wrapping_sub(0x3f35_04f3) as i32;
        let n = (bits >> 23) as f32;
        let m = f32::from_bits(self.to_bits().wrapping_sub(((bits >> 23) << 23) as u32));
        let s = (m - 1.0) / (m + 1.0);
        let z = s * s;
        let p = ((z * (1.0 / 9.0) + 1.0 / 7.0) * z + 0.2) * z + 1.0 / 3.0;
        let log_m = 2.0 * s + 2.0 * s * z * p;
        let log = n * LN_2[0] + (log_m + n * LN_2[1]);
        select(self < f32::INFINITY, log, self)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        // 2 artanh(s) with s = x / (2 + x), at most 1/3: the series to s^17
        let s = self / (2.0 + self);
        let z = s * s;
        let p = 1.0 / 17.0;
        let p = p * z + 1.0 / 15.0;
        let p = p * z + 1.0 / 13.0;
        let p = p * z + 1.0 / 11.0;
        let p = p * z + 1.0 / 9.0;
        let p = p * z + 1.0 / 7.0;
        let p = p * z + 0.2;
        let p = p * z + 1.0 / 3.0;
        2.0 * s + 2.0 * s * z * p
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        let e = Real::exp(self + self);
        (e - 1.0) / (e + 1.0)
    }

    common!(f32, u32, F32);
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const EPSILON_SQUARED: Self = f64::EPSILON * f64::EPSILON;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn exp(self) -> Self {
        f64::exp(self)
    }

    #[inline(always)]
    fn ln(self) -> Self {
        f64::ln(self)
    }

    #[inline(always)]
    fn ln_1p(self) -> Self {
        f64::ln_1p(self)
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        f64::tanh(self)
    }

    common!(f64, u64, F64);
}

#[cfg(test)]
mod tests {
    use super::Real;

    /// The largest error of `f` against `exact` over `from .. to`, in units of the last place of the larger of the
    /// result and `least`.
    fn worst(f: fn(f32) -> f32, exact: fn(f64) -> f64, from: f32, to: f32, least: f32) -> f64 {
        let steps = 200_001;
        (0..steps)
            .map(|i| from + (to - from) * (i as f32 / (steps - 1) as f32))
            .map(|x| {
                let right = exact(f64::from(x));
                let ulp = f64::from((right.abs() as f32).max(least)) * f64::from(f32::EPSILON);
                (f64::from(f(x)) - right).abs() / ulp
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_good_to_two_units_in_the_last_place() {
        let exp = worst(<f32 as Real>::exp, f64::exp, -87.0, 88.0, 0.0);
        let ln = worst(<f32 as Real>::ln, f64::ln, 1e-3, 20.0, 0.0);
        let ln_far = worst(<f32 as Real>::ln, f64::ln, 1e-30, 1e30, 0.0);
        let ln_1p = worst(<f32 as Real>::ln_1p, f64::ln_1p, 0.0, 1.0, f32::MIN_POSITIVE);
        let tanh = worst(<f32 as Real>::tanh, f64::tanh, -12.0, 12.0, 1.0);
        let all = [exp, ln, ln_far, ln_1p, tanh];
        assert!(all.iter().all(|&e| e <= 2.0), "{all:?}");
    }

    #[test]
    fn nothing_is_lost_at_the_ends() {
        assert!(Real::exp(f32::NAN).is_nan() && Real::ln(f32::NAN).is_nan() && Real::tanh(f32::NAN).is_nan());
        assert_eq!(Real::ln(f32::INFINITY), f32::INFINITY);
        assert!(Real::exp(1e6f32).is_finite() && Real::exp(-1e6f32) > 0.0);
        assert_eq!((Real::tanh(1e6f32), Real::tanh(-1e6f32), Real::tanh(0.0f32)), (1.0, -1.0, 0.0));
        assert_eq!((Real::exp(0.0f32), Real::ln(1.0f32), Real::ln_1p(1e-30f32)), (1.0, 0.0, 1e-30));
    }
}
