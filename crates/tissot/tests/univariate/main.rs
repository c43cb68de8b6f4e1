//! Univariates: their laws, their behaviour at extremes, their configurations, and other libraries' numbers.

mod config;
mod extremes;
mod fused;
mod golden;
mod laws;

use burn::tensor::{DType, Device, Tensor, TensorData};
use tissot::univariate::{
    Affine, AffineOrder, AnyUnivariate, LogScale, RationalQuadratic, Shift, SplineParams, Univariate,
};

/// Even pseudo-random numbers (splitmix64), the same on every machine.
struct Numbers(u64);

impl Numbers {
    fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64, n: usize) -> Vec<f64> {
        (0..n).map(|_| low + (high - low) * self.unit()).collect()
    }
}

fn tensor<const D: usize>(values: &[f64], shape: [usize; D], dtype: DType) -> Tensor<D> {
    Tensor::from_data(TensorData::new(values.to_vec(), shape), (&Device::flex().autodiff(), dtype))
}

fn values<const D: usize>(tensor: &Tensor<D>) -> Vec<f64> {
    tensor.clone().into_data().iter::<f64>().collect()
}

fn splines() -> Vec<RationalQuadratic> {
    let uneven =
        SplineParams::Nflows { min_width: 2e-3, min_height: 5e-3, min_derivative: 1e-2, logit_scale: 1.5 };
    vec![
        RationalQuadratic::default(),
        RationalQuadratic { bins: 2, bound: 3.0, ..Default::default() },
        RationalQuadratic { parameters: SplineParams::nflows(1.0), bound: 3.0, ..Default::default() },
        RationalQuadratic { parameters: uneven, bins: 5, ..Default::default() },
        RationalQuadratic { parameters: SplineParams::zuko(), ..Default::default() },
    ]
}

/// Splines of circles: these have no ends.
fn circles() -> [RationalQuadratic; 2] {
    let own = RationalQuadratic::circular();
    [own, RationalQuadratic { bins: 2, bound: 5.0, ..own }]
}

fn scale_laws() -> Vec<LogScale> {
    vec![
        LogScale::Exp,
        LogScale::ZUKO,
        LogScale::NFLOWS_COUPLING,
        LogScale::GLOW,
        LogScale::NFLOWS_AUTOREGRESSIVE,
        LogScale::Softplus { epsilon: 0.0 },
        LogScale::Tanh { bound: 2.0 },
        LogScale::Atan { clamp: 2.0 },
    ]
}

fn all() -> Vec<AnyUnivariate> {
    let affines = scale_laws().into_iter().flat_map(|scale| {
        [AffineOrder::ScaleThenShift, AffineOrder::ShiftThenScale]
            .map(|order| AnyUnivariate::from(Affine { scale, order }))
    });
    let mut all: Vec<AnyUnivariate> = vec![Shift.into()];
    all.extend(affines);
    all.extend(splines().into_iter().map(AnyUnivariate::from));
    all.extend(circles().map(AnyUnivariate::from));
    all
}

#[track_caller]
fn assert_near(found: &[f64], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (i, (a, b)) in found.iter().zip(expected).enumerate() {
        let difference = (a - b).abs() / b.abs().max(1.0);
        assert!(difference <= tolerance, "{what}: element {i}: found {a}, expected {b}");
    }
}

/// Both directions, so that a test can go through them.
type Direction = fn(&AnyUnivariate, Tensor<2>, Tensor<3>) -> (Tensor<2>, Tensor<2>);
const DIRECTIONS: [Direction; 2] =
    [|u, x, params| u.elementwise(x, params), |u, y, params| u.elementwise_inverse(y, params)];
