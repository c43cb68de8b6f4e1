//! f64: series, no branches.

use super::{Real, select};

/// 1.5 x 2^52: adding it rounds an f64 to an integer, which then stands in the lowest bits.
const ROUND: f64 = 6_755_399_441_055_744.0;
/// 2^52 and its bits: a whole number below it stands in the lowest bits of their sum.
const WHOLE: f64 = 4_503_599_627_370_496.0;
/// `ln 2` in two parts, the first of few bits, so that its product with a small integer is exact.
const LN_2: [f64; 2] = [f64::from_bits(0x3fe6_2e42_fee0_0000), f64::from_bits(0x3dea_39ef_3579_3c76)];
/// The bits of `sqrt(1/2)`, and of the exponent 0 and of one step of it.
const ROOT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
const BIAS: u64 = 1023 << 52;
const STEP: u64 = 1 << 52;

/// `1/2!, 1/3!, .., 1/13!`, the last first.
const EXP: [f64; 12] = [
    1.0 / 6_227_020_800.0,
    1.0 / 479_001_600.0,
    1.0 / 39_916_800.0,
    1.0 / 3_628_800.0,
    1.0 / 362_880.0,
    1.0 / 40_320.0,
    1.0 / 5_040.0,
    1.0 / 720.0,
    1.0 / 120.0,
    1.0 / 24.0,
    1.0 / 6.0,
    0.5,
];

/// `e^x = 2^a 2^b (1 + q)` for `x` from -746 to 710 or cut off there: `2^a`, `2^b` and `q`, within
/// `sqrt(1/2) - 1 .. sqrt(2) - 1`.
///
/// `q = e^r - 1` with `|r| <= ln(2) / 2`, by its series to `r^13`, whose next term is 4e-18. Two powers, as one would not reach
/// where numbers end.
#[inline(always)]
fn exponential(x: f64) -> (f64, f64, f64) {
    let x = select(x > 710.0, 710.0, x);
    let x = select(x < -746.0, -746.0, x);
    let n = (x * std::f64::consts::LOG2_E + ROUND) - ROUND;
    let r = (x - n * LN_2[0]) - n * LN_2[1];
    let mut p = EXP[0];
    for term in &EXP[1..] {
        p = p * r + *term;
    }
    let half = 0.5 * n + ROUND;
    let rest = (n - (half - ROUND)) + ROUND;
    let power = |rounded: f64| f64::from_bits((rounded.to_bits() << 52).wrapping_add(BIAS));
    (power(half), power(rest), p * r * r + r)
}

/// `2 artanh(s)` by its series to `s^(2 N + 1)`.
#[inline(always)]
fn twice_artanh<const N: usize>(s: f64) -> f64 {
    let z = s * s;
    let mut p = 1.0 / (2 * N + 1) as f64;
    for k in (1..N).rev() {
        p = p * z + 1.0 / (2 * k + 1) as f64;
    }
    2.0 * s + 2.0 * s * z * p
}

impl Real for f64 {
    const ZERO: Self = 0.0;
    const ONE: Self = 1.0;
    const EPSILON_SQUARED: Self = f64::EPSILON * f64::EPSILON;
    const LEAST_EXPONENT: Self = f64::NEG_INFINITY;

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
        let (a, b, q) = exponential(self);
        (q + 1.0) * a * b
    }

    #[inline(always)]
    fn exp_m1(self) -> Self {
        let (a, b, q) = exponential(self);
        let scale = a * b;
        // Far out the one does not count, and the scale alone may be infinite.
        select(self > 100.0, (q + 1.0) * a * b, q * scale + (scale - 1.0))
    }

    /// `n ln 2 + 2 artanh(s)` with `s = (m - 1) / (m + 1)`, `m` within `sqrt(1/2) .. sqrt(2)`, so `s^2 <= 0.0295`.
    #[inline(always)]
    fn ln(self) -> Self {
        let bits = self.to_bits().wrapping_sub(ROOT_HALF).wrapping_add(BIAS);
        let n = f64::from_bits((bits >> 52) | WHOLE.to_bits()) - (WHOLE + 1023.0);
        let m = f64::from_bits(self.to_bits().wrapping_sub((bits & !(STEP - 1)).wrapping_sub(BIAS)));
        let log_m = twice_artanh::<11>((m - 1.0) / (m + 1.0));
        let log = n * LN_2[0] + (log_m + n * LN_2[1]);
        select(self < f64::INFINITY, log, self)
    }

    /// `2 artanh(s)` with `s = x / (2 + x)`, at most 1/3.
    #[inline(always)]
    fn ln_1p(self) -> Self {
        twice_artanh::<17>(self / (2.0 + self))
    }

    #[inline(always)]
    fn tanh(self) -> Self {
        let x = select(self > 22.0, 22.0, self);
        let x = select(x < -22.0, -22.0, x);
        let e = Real::exp_m1(x + x);
        e / (e + 2.0)
    }

    #[inline(always)]
    fn erf(self) -> Self {
        libm::erf(self)
    }

    common!(f64, u64, F64);
}

#[cfg(test)]
mod tests {
    use super::Real;

    /// The largest difference of `f` from the standard library's function over `from .. to`, in units of the last place of the
    /// larger of the result and `least`.
    fn worst(f: fn(f64) -> f64, exact: fn(f64) -> f64, from: f64, to: f64, least: f64) -> f64 {
        let steps = 200_001;
        (0..steps)
            .map(|i| from + (to - from) * (f64::from(i) / f64::from(steps - 1)))
            .map(|x| {
                let right = exact(x);
                (f(x) - right).abs() / (right.abs().max(least) * f64::EPSILON)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn functions_are_good_to_two_units_in_the_last_place() {
        let all = [
            worst(<f64 as Real>::exp, f64::exp, -708.0, 709.0, 0.0),
            worst(<f64 as Real>::exp, f64::exp, -2.0, 2.0, 0.0),
            worst(<f64 as Real>::exp_m1, f64::exp_m1, -700.0, 709.7, 0.0),
            worst(<f64 as Real>::exp_m1, f64::exp_m1, -1.0, 1.0, f64::MIN_POSITIVE),
            worst(<f64 as Real>::ln, f64::ln, 1e-3, 20.0, f64::MIN_POSITIVE),
            worst(<f64 as Real>::ln, f64::ln, 1e-300, 1e300, 0.0),
            worst(<f64 as Real>::ln_1p, f64::ln_1p, 0.0, 1.0, f64::MIN_POSITIVE),
            worst(<f64 as Real>::tanh, f64::tanh, -25.0, 25.0, 1.0),
            worst(<f64 as Real>::tanh, f64::tanh, -0.1, 0.1, f64::MIN_POSITIVE),
        ];
        assert!(all.iter().all(|&e| e <= 2.0), "{all:?}");
    }

    #[test]
    fn nothing_is_lost_at_the_ends() {
        assert!(Real::exp(f64::NAN).is_nan() && Real::ln(f64::NAN).is_nan() && Real::tanh(f64::NAN).is_nan());
        assert!(Real::exp_m1(f64::NAN).is_nan());
        assert_eq!((Real::exp(1e6f64), Real::exp(-1e6f64)), (f64::INFINITY, 0.0));
        assert_eq!((Real::exp(f64::INFINITY), Real::exp(f64::NEG_INFINITY)), (f64::INFINITY, 0.0));
        assert_eq!((Real::exp(709.7f64), Real::exp(709.8f64)), (f64::exp(709.7), f64::INFINITY));
        assert!(Real::exp(-740.0f64) > 0.0 && Real::exp(-740.0f64) < f64::MIN_POSITIVE);
        assert_eq!((Real::exp_m1(1e6f64), Real::exp_m1(-1e6f64)), (f64::INFINITY, -1.0));
        assert_eq!((Real::ln(f64::INFINITY), Real::ln(1.0f64)), (f64::INFINITY, 0.0));
        assert_eq!((Real::tanh(1e300f64), Real::tanh(-1e300f64), Real::tanh(0.0f64)), (1.0, -1.0, 0.0));
        assert_eq!((Real::exp(0.0f64), Real::exp_m1(0.0f64), Real::ln_1p(1e-300f64)), (1.0, 0.0, 1e-300));
        assert_eq!((Real::exp_m1(1e-300f64), Real::tanh(1e-300f64)), (1e-300, 1e-300));
    }
}
