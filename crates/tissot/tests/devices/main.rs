//! Law 12: the same model and inputs give the same numbers on every device that is built in.
//!
//! `cargo test -p tissot --features testing,wgpu,ndarray --test devices`

#[cfg(feature = "wgpu")]
mod dense;
#[cfg(feature = "wgpu")]
mod fused;
mod images;
#[cfg(feature = "wgpu")]
mod incremental;
#[cfg(feature = "wgpu")]
mod optimiser;

use burn::module::Module;
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::laws::{devices_agree, randomize};
use tissot::presets::{self, Size};
use tissot::{AnyFlow, Bijection, Context, FlowConfig};

const FEATURES: usize = 3;
const ROWS: usize = 16;

/// The GPU that wgpu finds, without autodiff. Where there is none that is said, and a failure where CI=true.
#[cfg(feature = "wgpu")]
fn gpu() -> Option<Device> {
    if Device::enumerate(burn::tensor::DeviceType::Wgpu).into_vec().is_empty() {
        let ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
        assert!(!ci, "no wgpu device; a software one comes with Debian's mesa-vulkan-drivers");
        println!("skipped wgpu: no device; a software one comes with Debian's mesa-vulkan-drivers");
        return None;
    }
    Some(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice))
}

/// The devices to compare, flex first.
fn devices() -> Vec<Device> {
    #[allow(unused_mut)]
    let mut devices = vec![Device::flex()];
    #[cfg(feature = "ndarray")]
    #[allow(deprecated)]
    devices.push(Device::ndarray());
    #[cfg(feature = "wgpu")]
    devices.extend(gpu());
    println!("devices: {devices:?}");
    devices
}

fn points(device: &Device) -> Tensor<2> {
    let values: Vec<f32> = (0..ROWS * FEATURES).map(|i| ((i * 37 % 101) as f32 - 50.0) / 20.0).collect();
    Tensor::from_data(TensorData::new(values, [ROWS, FEATURES]), device)
}

fn flow(config: &FlowConfig) -> AnyFlow {
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(1));
    randomize(flow.unwrap_or_else(|error| panic!("{error}")), 2, 0.3)
}

fn presets() -> Vec<(&'static str, FlowConfig)> {
    let size = Size::new(FEATURES).with_transforms(2).with_hidden([8, 8]);
    vec![
        ("real_nvp", presets::real_nvp(&size)),
        ("maf", presets::maf(&size)),
        ("nsf_coupling", presets::nsf_coupling(&size)),
        ("nsf_autoregressive", presets::nsf_autoregressive(&size)),
    ]
}

fn host<const D: usize>(x: Tensor<D>) -> Vec<f64> {
    x.into_data().iter().collect()
}

#[test]
fn densities_and_inverses_agree() {
    for (name, config) in presets() {
        let numbers = |flow: &AnyFlow, device: &Device| {
            let (z, log_det) = flow.bijection.forward(points(device), Context::NONE);
            let (x, back) = flow.bijection.inverse(z.clone(), Context::NONE);
            let log_prob = flow.log_prob(points(device), Context::NONE);
            [host(z), host(log_det), host(x), host(back), host(log_prob)].concat()
        };
        devices_agree(name, &flow(&config), &devices(), 1e-4, numbers).unwrap_or_else(|v| panic!("{v}"));
    }
}

#[test]
fn gradients_agree() {
    for (name, config) in presets() {
        let numbers = |flow: &AnyFlow, device: &Device| {
            let flow = flow.clone().train();
            let loss = flow.log_prob(points(device), Context::NONE).mean().neg();
            let grads = GradientsParams::from_grads(loss.backward(), &flow);
            struct Collect<'a>(&'a GradientsParams, Vec<f64>);
            impl burn::module::ModuleVisitor for Collect<'_> {
                fn visit_float<const D: usize>(&mut self, param: &burn::module::Param<Tensor<D>>) {
                    if let Some(grad) = self.0.get::<D>(param.id) {
                        self.1.extend(grad.into_data().iter::<f64>());
                    }
                }
            }
            let mut collect = Collect(&grads, Vec::new());
            flow.visit(&mut collect);
            collect.1
        };
        devices_agree(name, &flow(&config), &devices(), 1e-3, numbers).unwrap_or_else(|v| panic!("{v}"));
    }
}

#[test]
fn samples_agree() {
    let config = presets::nsf_coupling(&Size::new(FEATURES).with_transforms(2).with_hidden([8, 8]));
    let numbers = |flow: &AnyFlow, _: &Device| {
        host(flow.sample::<2>(ROWS, Context::NONE, &mut ChaCha8Rng::seed_from_u64(3)))
    };
    devices_agree("samples", &flow(&config), &devices(), 1e-4, numbers).unwrap_or_else(|v| panic!("{v}"));
}
