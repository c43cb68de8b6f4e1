//! What the examples share: a way to run them for a few steps, and a device by its name.

use burn::tensor::Device;

/// The number of training steps: the environment's `TISSOT_STEPS`, or `default`.
pub fn steps(default: u64) -> u64 {
    std::env::var("TISSOT_STEPS").ok().and_then(|steps| steps.parse().ok()).unwrap_or(default)
}

/// The device of this name; `None` where it is not built in.
#[allow(deprecated)]
pub fn device(name: &str) -> Option<Device> {
    match name {
        #[cfg(feature = "flex")]
        "flex" => Some(Device::flex()),
        #[cfg(feature = "ndarray")]
        "ndarray" => Some(Device::ndarray()),
        #[cfg(feature = "wgpu")]
        "wgpu" => Some(Device::wgpu(burn::tensor::DeviceKind::DefaultDevice)),
        _ => None,
    }
}
