//! The tail of the normal distribution, in nats, and its inverse.
//!
//! ```text
//! t(z) = -log P(|Z| > z) = -log erfc(z / sqrt 2) = z^2 / 2 - L(z),     L(z) = log erfcx(z / sqrt 2)
//! t'(z) = sqrt(2 / pi) exp(-L(z)),     t''(z) = t'(z) (t'(z) - z)      for z >= 0
//! ```
//!
//! Nothing here underflows: `erfc` itself would, in f32 beyond `z = 14`.

use burn::tensor::Tensor;
use std::f64::consts::{FRAC_2_PI, SQRT_2};

/// `L(z) + log(1 + sqrt(2) z)` as a Chebyshev series in `(z - 2) / (z + 2)`, exact to 1e-14; computed for this crate with 40
/// digits. The shape is that of Shepherd and Laframboise 1981.
const SERIES: [f64; 24] = [
    0.156_761_876_948_581_7,
    0.041_013_991_069_197_32,
    -0.095_797_847_822_824_79,
    0.019_131_046_720_419_14,
    -0.000_360_583_458_899_779_87,
    0.000_231_844_973_555_327_97,
    -0.000_214_718_260_814_197_7,
    1.130_668_096_420_140_7e-5,
    2.764_589_003_451_5e-6,
    3.059_960_086_408_421_3e-6,
    -3.257_459_542_684_727e-7,
    -1.407_816_425_137_121_6e-7,
    -5.175_450_334_612_962e-8,
    9.251_113_456_313_685e-9,
    4.602_485_926_498_978e-9,
    1.080_049_159_444_856_3e-9,
    -2.540_906_444_617_208e-10,
    -1.433_098_219_984_958e-10,
    -2.969_818_431_237_207_6e-11,
    6.276_564_872_667_838e-12,
    4.481_481_218_019_692e-12,
    1.050_344_652_900_062_3e-12,
    -1.065_006_768_590_500_7e-13,
    -1.370_735_848_068_041_7e-13,
];

/// The terms of it that f32 has digits for.
const SINGLE: usize = 12;

/// `z (1 + c w / sqrt 2) / (c w^2)` with `w = sqrt t`, `c = sqrt(pi / 2)`, as a Chebyshev series in `(w - 1.5) / (w + 1.5)`: 1e-4.
const START: [f64; 9] = [
    1.159_302_755_323_512_5,
    -0.029_371_120_726_665_77,
    -0.169_334_805_371_158_3,
    0.036_004_884_975_184_55,
    0.009_811_294_490_984_8,
    -0.007_406_070_384_068_639,
    0.000_526_354_165_527_479_2,
    0.000_831_159_775_834_977_6,
    -0.000_349_919_045_951_688_2,
];

/// A Chebyshev series at `v` in [-1, 1], by Clenshaw's recurrence.
fn series<const D: usize>(terms: &[f64], v: &Tensor<D>) -> Tensor<D> {
    let twice = v.clone().mul_scalar(2.0);
    let (mut next, mut after) = (v.zeros_like(), v.zeros_like());
    for &term in terms[1..].iter().rev() {
        let this = (twice.clone() * next.clone() - after).add_scalar(term);
        (after, next) = (next, this);
    }
    (v.clone() * next - after).add_scalar(terms[0])
}

/// `t(z)` and `log t'(z)` without gradients.
fn plain<const D: usize>(z: &Tensor<D>) -> (Tensor<D>, Tensor<D>) {
    let v = z.clone().sub_scalar(2.0) / z.clone().add_scalar(2.0);
    let terms = if z.dtype() == burn::tensor::DType::F64 { &SERIES[..] } else { &SERIES[..SINGLE] };
    let l = series(terms, &v) - z.clone().mul_scalar(SQRT_2).log1p();
    let t = z.clone().square().mul_scalar(0.5) - l.clone();
    (t, l.neg().add_scalar(0.5 * FRAC_2_PI.ln()))
}

/// `t(z)` and `log t'(z)` of `z >= 0`, with their first derivatives.
pub fn nats<const D: usize>(z: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
    let at = z.clone().detach();
    let (t, log_slope) = plain(&at);
    let (slope, step) = (log_slope.clone().exp(), z - at.clone());
    let curve = slope.clone() - at;
    (t + slope * step.clone(), log_slope + curve * step)
}

/// The `z >= 0` of `t >= 0`, and `log t'(z)` there, with their first derivatives.
///
/// Newton's method; `t` is convex, so that from above, where it soon is, it comes down and never passes.
pub fn place<const D: usize>(t: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
    let at = t.clone().detach();
    let w = at.clone().sqrt();
    let v = w.clone().sub_scalar(1.5) / w.clone().add_scalar(1.5);
    let c = 1.0 / FRAC_2_PI.sqrt();
    let first = at.clone().mul_scalar(c) / w.mul_scalar(c / SQRT_2).add_scalar(1.0);
    let mut z = first * series(&START, &v);
    let steps = if at.dtype() == burn::tensor::DType::F64 { 2 } else { 1 };
    for _ in 0..steps {
        let (found, log_slope) = plain(&z);
        z = (z - (found - at.clone()) * log_slope.neg().exp()).clamp_min(0.0);
    }
    // The last step is the one that knows derivatives.
    let (found, log_slope) = plain(&z);
    let step = (t - found) * log_slope.clone().neg().exp();
    let curve = log_slope.clone().exp() - z.clone();
    (z + step.clone(), log_slope + curve * step)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{DType, Device};

    /// `z`, and `-log erfc(z / sqrt 2)` computed with 40 digits.
    const KNOWN: [(f64, f64); 6] = [
        (0.001, 0.0007982029070198694),
        (0.5, 0.4827645810336733),
        (1.0, 1.1478744644493182),
        (3.0, 5.914579040950405),
        (10.0, 52.53813796995252),
        (37.5, 706.9758421369472),
    ];

    #[test]
    fn it_is_the_tail_of_the_normal_distribution() {
        let device = Device::flex();
        for (dtype, most) in [(DType::F64, 1e-13), (DType::F32, 1e-6)] {
            for (z, t) in KNOWN {
                let at = Tensor::<1>::from_data([z], (&device, dtype));
                let found: f64 = nats(at).0.into_scalar();
                assert!((found - t).abs() <= most * t.max(1.0), "t({z}) = {found}, expected {t}");
                let at = Tensor::<1>::from_data([t], (&device, dtype));
                let found: f64 = place(at).0.into_scalar();
                assert!((found - z).abs() <= most * z.max(1.0), "z({t}) = {found}, expected {z}");
            }
        }
    }
}
