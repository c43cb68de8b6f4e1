//! All that there is to see of a GPU in ten minutes: `gpu [--rows N] [--seconds S] [WORKLOAD ..]` names the device, checks
//! each fused operation on it against the composed one and against the CPU, counts kernels, times the workloads, and prints
//! it as markdown. It exits with 1 where a check fails. The program needs nothing but the driver, no Rust.
//!
//! `--rows` replaces the workloads' own numbers of rows, `--seconds` is what each figure takes (1 by default).

mod check;
mod composed;
mod count;
mod time;

use burn::tensor::Device;
use std::process::ExitCode;
use std::time::Duration;
use tissot_benches::TABLES;

/// What was asked for.
struct Request {
    rows: Option<usize>,
    seconds: Duration,
    names: Vec<String>,
}

fn main() -> ExitCode {
    let request = match parse(std::env::args().skip(1)) {
        Ok(request) => request,
        Err(message) => {
            eprintln!("gpu: {message}");
            return ExitCode::from(2);
        }
    };
    let Some(device) = device() else {
        eprintln!(
            "gpu: found no device for this build's features; a software one comes with Debian's mesa-vulkan-drivers"
        );
        return ExitCode::from(2);
    };
    let identity = device.identity();
    let (name, target) = identity.map_or(("unknown".into(), "unknown".into()), |i| (i.name, i.fingerprint));
    println!("# Tissot {} on {name}\n\n{device:?}, compiled for {target}.\n", env!("CARGO_PKG_VERSION"));
    let sound = check::all(&device);
    println!("\n## Kernels launched\n");
    count::table(&device, &request.names);
    println!("\n## Milliseconds\n");
    time::table(&device, &request);
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn parse(mut args: impl Iterator<Item = String>) -> Result<Request, String> {
    let mut request = Request { rows: None, seconds: Duration::from_secs(1), names: Vec::new() };
    while let Some(arg) = args.next() {
        let mut number = |what: &str| {
            let found = args.next().unwrap_or_default();
            let value = found.parse::<f64>().ok().filter(|v| *v > 0.0 && *v < 1e9);
            value.ok_or_else(|| format!("{what}: found {found:?}, expected a positive number"))
        };
        match arg.as_str() {
            "--rows" => request.rows = Some(number("--rows")?.ceil() as usize),
            "--seconds" => request.seconds = Duration::from_secs_f64(number("--seconds")?),
            name if TABLES.contains(&name) => request.names.push(arg),
            _ => {
                let names = TABLES.join(", ");
                return Err(format!("found {arg:?}, expected --rows, --seconds or one of {names}"));
            }
        }
    }
    if request.names.is_empty() {
        request.names = TABLES.map(String::from).to_vec();
    }
    Ok(request)
}

/// The GPU of the features that this program was built with.
#[allow(unreachable_code)] // behind the first of several
fn device() -> Option<Device> {
    #[cfg(feature = "cuda")]
    return Some(Device::cuda(0));
    #[cfg(feature = "rocm")]
    return Some(Device::rocm(0));
    use burn::tensor::{DeviceKind, DeviceType};
    #[cfg(feature = "vulkan")]
    return (!Device::enumerate(DeviceType::Vulkan).is_empty())
        .then(|| Device::vulkan(DeviceKind::DefaultDevice));
    (!Device::enumerate(DeviceType::Wgpu).is_empty()).then(|| Device::wgpu(DeviceKind::DefaultDevice))
}
