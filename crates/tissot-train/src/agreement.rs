//! Whether a device computes what the CPU does in f64.

use crate::adam::Adam;
use crate::error::FitError;
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rand_distr::{Distribution, StandardNormal};
use tissot::dtype::Precision;
use tissot::presets::{self, Size};
use tissot::{AnyFlow, Bijection, Context, FlowConfig};

const FEATURES: usize = 4;
const ROWS: usize = 64;
/// Steps that take a flow away from the identity before it is looked at.
const BEFORE: u64 = 150;
/// Steps that are compared.
const STEPS: u64 = 50;
const RATE: f64 = 2e-3;

/// How far a device is from the reference: Flex in f64.
#[derive(Clone, Debug, PartialEq)]
pub struct Agreement {
    /// The preset.
    pub flow: &'static str,
    /// What was compared: forward, inverse, log-density, gradients, or fifty training steps.
    pub what: &'static str,
    /// The largest difference, relative to `max(1, |v|)`.
    pub off: f64,
    /// The largest that is right.
    pub tolerance: f64,
}

impl Agreement {
    /// Whether it is within the tolerance; NaN is not.
    pub fn holds(&self) -> bool {
        self.off <= self.tolerance
    }
}

/// What is compared, and the tolerances in f32 and f64. Gradients are sums over rows; fifty steps let rounding grow.
const WHAT: [(&str, f64, f64); 5] = [
    ("forward", 1e-4, 1e-9),
    ("inverse", 1e-4, 1e-9),
    ("log-density", 1e-4, 1e-9),
    ("gradients", 1e-3, 1e-9),
    ("50 training steps", 1e-3, 1e-7),
];

/// Four small flows, trained a little on the CPU, on `device` in `precision` beside `reference` in f64.
///
/// `reference` is a CPU device. The losses of fifty steps of Adam from the same weights are compared step by step.
///
/// # Errors
/// [`FitError::Flow`] for f64 on a device that has none.
pub fn agreement(
    device: &Device,
    precision: Precision,
    reference: &Device,
) -> Result<Vec<Agreement>, FitError> {
    let size = Size::new(FEATURES).with_transforms(3).with_hidden([16, 16]);
    let flows = [
        ("real_nvp", presets::real_nvp(&size)),
        ("maf", presets::maf(&size)),
        ("nsf_coupling", presets::nsf_coupling(&size)),
        ("nsf_autoregressive", presets::nsf_autoregressive(&size)),
    ];
    let mut all = Vec::new();
    for (flow, config) in flows {
        let start = trained(&config, reference)?;
        let on = |device: &Device, precision: Precision| {
            // Moved before it is cast: devices without f64 must not see any.
            let flow = start.clone().fork(device).to_dtype(precision.into())?;
            Ok::<_, FitError>(numbers(&flow, device, precision.into()))
        };
        let (exact, found) = (on(reference, Precision::F64)?, on(device, precision)?);
        for ((what, single, double), (exact, found)) in WHAT.into_iter().zip(exact.into_iter().zip(found)) {
            let gap = |(found, exact): (&f64, &f64)| (found - exact).abs() / exact.abs().max(1.0);
            let off = found
                .iter()
                .zip(&exact)
                .map(gap)
                .fold(0.0, |a: f64, b| if b.is_nan() { b } else { a.max(b) });
            let tolerance = if precision == Precision::F64 { double } else { single };
            all.push(Agreement { flow, what, off, tolerance });
        }
    }
    Ok(all)
}

/// A flow that is no longer the identity, without gradients.
fn trained(config: &FlowConfig, device: &Device) -> Result<AnyFlow, FitError> {
    let flow = config.init(device, &mut ChaCha8Rng::seed_from_u64(1))?;
    let flow = flow.initialize(rows(0, device, DType::F32), Context::NONE);
    let (flow, _) = steps(flow, 0..BEFORE, device, DType::F32);
    Ok(flow)
}

/// Steps of Adam, and the loss before each.
fn steps(flow: AnyFlow, which: std::ops::Range<u64>, device: &Device, dtype: DType) -> (AnyFlow, Vec<f64>) {
    let (mut flow, mut adam, mut losses) = (flow.train(), Adam::default().init(), Vec::new());
    for step in which {
        let loss = flow.log_prob(rows(step, device, dtype), Context::NONE).mean().neg();
        losses.extend(loss.clone().into_data().iter::<f64>());
        let gradients = GradientsParams::from_grads(loss.backward(), &flow);
        flow = adam.step(RATE, flow, gradients);
    }
    (flow.valid(), losses)
}

/// The rows of a step: normals, each bent by the one before, drawn on the host.
fn rows(step: u64, device: &Device, dtype: DType) -> Tensor<2> {
    let rng = &mut ChaCha8Rng::seed_from_u64(100 + step);
    let mut values: Vec<f64> = Vec::with_capacity(ROWS * FEATURES);
    for k in 0..ROWS * FEATURES {
        let noise: f64 = StandardNormal.sample(rng);
        let before = if k % FEATURES == 0 { 0.0 } else { values[k - 1] };
        values.push(f64::from((noise + 0.4 * before * before - 0.4) as f32));
    }
    Tensor::from_data(TensorData::new(values, [ROWS, FEATURES]), (device, dtype))
}

/// The numbers of [`WHAT`].
fn numbers(flow: &AnyFlow, device: &Device, dtype: DType) -> [Vec<f64>; 5] {
    let x = rows(BEFORE, device, dtype);
    let (z, log_det) = flow.bijection.forward(x.clone(), Context::NONE);
    let forward = [host(z.clone()), host(log_det)].concat();
    // The reference's own z would differ in its last digits: a latent of the host is the same everywhere.
    let (back, log_det) =
        flow.bijection.inverse(rows(BEFORE + 1, device, dtype).mul_scalar(0.5), Context::NONE);
    let inverse = [host(back), host(log_det)].concat();
    let log_prob = host(flow.log_prob(x.clone(), Context::NONE));
    let trained = flow.clone().train();
    let loss = trained.log_prob(x, Context::NONE).mean().neg();
    let gradients = GradientsParams::from_grads(loss.backward(), &trained);
    let mut collect = Collect(&gradients, Vec::new());
    trained.visit(&mut collect);
    let (_, losses) = steps(flow.clone(), BEFORE..BEFORE + STEPS, device, dtype);
    [forward, inverse, log_prob, collect.1, losses]
}

/// All gradients, in the order of the weights.
struct Collect<'a>(&'a GradientsParams, Vec<f64>);

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(gradient) = self.0.get::<D>(param.id) {
            self.1.extend(gradient.into_data().iter::<f64>());
        }
    }
}

fn host<const D: usize>(x: Tensor<D>) -> Vec<f64> {
    x.into_data().iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cpu_agrees_with_itself_and_f32_does_not_reach_f64() {
        let flex = Device::flex();
        let double = agreement(&flex, Precision::F64, &flex).unwrap();
        assert_eq!(double.len(), 4 * WHAT.len());
        assert!(double.iter().all(|row| row.off == 0.0), "{double:?}");
        let single = agreement(&flex, Precision::F32, &flex).unwrap();
        assert!(single.iter().all(Agreement::holds), "{single:?}");
        assert!(single.iter().all(|row| row.off > 1e-9), "{single:?}");
    }
}
