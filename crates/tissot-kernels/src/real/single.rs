//! f32: polynomials, no branches.

use super::{Real, select};

/// 1.5 x 2^23: adding it rounds an f32 to an integer, which then stands in the lowest bits.
const ROUND: f32 = 12_582_912.0;
/// `ln 2` in two parts, the first of few bits, so that its product with a small integer is exact.
#[allow(clippy::excessive_precision)] // exact
const LN_2: [f32; 2] = [0.693_359_375, -2.121_944_4e-4];

/// `e^x = 2^n (1 + q)`: `2^n` and `q`, within `sqrt(1/2) - 1 .. sqrt(2) - 1`, for `x` from -87 to 88 or cut off there.
///
/// `q = e^r - 1` with `|r| <= ln(2) / 2`; the polynomial is a least-squares fit of `(e^r - 1 - r) / r^2` at Chebyshev's
/// points, with a relative error of 4e-9.
#[inline(always)]
fn exponential(x: f32) -> (f32, f32) {
    let x = select(x > 88.0, 88.0, x);
    let x = select(x < f32::LEAST_EXPONENT, f32::LEAST_EXPONENT, x);
    let rounded = x * std::f32::consts::LOG2_E + ROUND;
    let n = rounded - ROUND;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let p = 0.001_375_138_2f32;
    let p = p * r + 0.008_368_924;
    let p = p * r + 0.041_669_533;
    let p = p * r + 0.166_665_2;
    let p = p * r + 0.499_999_88;
    let scale = f32::from_bits((rounded.to_bits() << 23).wrapping_add(0x3f80_0000));
    (scale, p * r * r + r)
}

impl Real for f32 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const EPSILON_SQUARED: Self = f32::EPSILON * f32::EPSILON;
    const LEAST_EXPONENT: Self = -87.0;

    #[inline(always)]
    fn of(value: f64) -> Self {
        value as f32
    }

    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn exp(self) -> Self {
        let (scale, q) = exponential(self);
        (q + 1.0) * scale
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        let (scale, q) = exponential(self);
        q * scale + (scale - 1.0)
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

    /// `1 - t p(t) e^(-x^2)` with `t = 1 / (1 + |x| / 2)` (the form of Abramowitz and Stegun 1964, 7.1.26); the polynomial is a
    /// fit of `e^(x^2) erfc(x) / t` at Chebyshev's points for `|x|` up to 4, with an error of 8e-9.
    #[inline(always)]
    fn erf(self) -> Self {
        let x = Real::abs(self);
        let t = 1.0 / (1.0 + 0.5 * x);
        let p = -0.040_020_044f32;
        let p = p * t + 0.185_213_3;
        let p = p * t - 0.264_933_86;
        let p = p * t - 0.000_112_940_03;
        let p = p * t + 0.186_208_84;
        let p = p * t + 0.100_843_02;
        let p = p * t + 0.272_849_27;
        let p = p * t + 0.277_528_67;
        let p = p * t + 0.282_423_73;
        let positive = 1.0 - t * p * Real::exp(-(x * x));
        select(self < 0.0, -positive, positive)
    }

    common!(f32, u32, F32);
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
        let exp_m1 = worst(<f32 as Real>::exp_m1, f64::exp_m1, -87.0, 88.0, 0.0);
        let exp_m1_near = worst(<f32 as Real>::exp_m1, f64::exp_m1, -1.0, 1.0, f32::MIN_POSITIVE);
        let erf = worst(<f32 as Real>::erf, libm::erf, -12.0, 12.0, 1.0);
        let all = [exp, ln, ln_far, ln_1p, tanh, exp_m1, exp_m1_near];
        assert!(all.iter().all(|&e| e <= 2.0), "{all:?}");
        assert!(erf <= 2.5, "{erf}");
    }

    #[test]
    fn nothing_is_lost_at_the_ends() {
        assert!(Real::exp(f32::NAN).is_nan() && Real::ln(f32::NAN).is_nan() && Real::tanh(f32::NAN).is_nan());
        assert_eq!(Real::ln(f32::INFINITY), f32::INFINITY);
        assert!(Real::exp(1e6f32).is_finite() && Real::exp(-1e6f32) > 0.0);
        assert_eq!((Real::tanh(1e6f32), Real::tanh(-1e6f32), Real::tanh(0.0f32)), (1.0, -1.0, 0.0));
        assert_eq!((Real::exp(0.0f32), Real::ln(1.0f32), Real::ln_1p(1e-30f32)), (1.0, 0.0, 1e-30));
        assert_eq!((Real::exp_m1(0.0f32), Real::exp_m1(1e-30f32), Real::exp_m1(-1e6f32)), (0.0, 1e-30, -1.0));
        assert_eq!((Real::erf(1e30f32), Real::erf(f32::NEG_INFINITY)), (1.0, -1.0));
        assert!(Real::exp_m1(f32::NAN).is_nan() && Real::erf(f32::NAN).is_nan());
    }
}
