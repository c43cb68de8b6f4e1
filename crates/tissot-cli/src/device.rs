//! Devices by name.

use crate::args::ComputeArgs;
use crate::failure::Failure;
use burn::tensor::Device;
use std::path::Path;
use tissot::dtype::Precision;
use tissot::{AnyModel, Model};

/// More threads than any machine has use for.
const MOST_THREADS: usize = 1_024;

/// A device that this program knows: its name, what it is, how to get it, and the device where it was built in.
pub struct Known {
    /// As after `--device`.
    pub name: &'static str,
    /// What it is.
    pub what: &'static str,
    /// The cargo feature that builds it in.
    pub feature: &'static str,
    /// Makes it, where it is built in.
    pub make: Option<fn() -> Device>,
}

/// Every device that this program knows.
pub fn known() -> Vec<Known> {
    let device = |name, what, make| Known { name, what, feature: name, make };
    vec![
        device("flex", "CPU: SIMD and threads, the default", flex()),
        device("ndarray", "CPU, burn's older backend", ndarray()),
        device("wgpu", "GPU by Vulkan, Metal or DirectX", wgpu()),
        device("cuda", "NVIDIA GPU", cuda()),
    ]
}

macro_rules! maker {
    ($name:ident, $feature:literal, $make:expr) => {
        #[allow(deprecated)]
        fn $name() -> Option<fn() -> Device> {
            #[cfg(feature = $feature)]
            return Some(|| $make);
            #[cfg(not(feature = $feature))]
            None
        }
    };
}
maker!(flex, "flex", Device::flex());
maker!(ndarray, "ndarray", Device::ndarray());
maker!(wgpu, "wgpu", Device::wgpu(burn::tensor::DeviceKind::DefaultDevice));
maker!(cuda, "cuda", Device::cuda(0));

/// A device that is built in and on this machine.
pub fn present(known: &Known) -> Option<Device> {
    let make = known.make?;
    #[cfg(feature = "wgpu")]
    if known.name == "wgpu" && Device::enumerate(burn::tensor::DeviceType::Wgpu).into_vec().is_empty() {
        return None;
    }
    Some(make())
}

/// The names of the devices that are built in and on this machine.
fn here(known: &[Known]) -> String {
    let names: Vec<_> =
        known.iter().filter(|known| present(known).is_some()).map(|known| known.name).collect();
    names.join(", ")
}

/// The device that was asked for, with as many threads as were.
///
/// # Errors
/// Wrong use, for a name that is unknown or not built in: the message says what is here and how to get the rest.
pub fn select(args: &ComputeArgs) -> Result<Device, Failure> {
    if let Some(threads) = args.threads.filter(|threads| !(1..=MOST_THREADS).contains(threads)) {
        return Err(Failure::Usage(format!("--threads: found {threads}, expected 1 to {MOST_THREADS}")));
    }
    // Here, where it can be told: whoever first computes would panic.
    // This thread is one of them: it works where it would else wait for the others to wake.
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads.unwrap_or_default());
    pool.use_current_thread().build_global().map_err(|error| {
        anyhow::anyhow!("the threads to compute with cannot be started: {error}; --threads 1 needs fewest")
    })?;
    let known = known();
    let names = |built: bool| {
        let names: Vec<_> = known.iter().filter(|d| !built || d.make.is_some()).map(|d| d.name).collect();
        names.join(", ")
    };
    let Some(found) = known.iter().find(|device| device.name == args.device) else {
        return Err(Failure::Usage(format!(
            "--device: found '{}', expected one of {}",
            args.device,
            names(false)
        )));
    };
    match found.make {
        Some(_) if present(found).is_none() => Err(Failure::Usage(format!(
            "--device {}: no such device on this machine (a driver is missing? Debian's mesa-vulkan-drivers has a software one); \
             {} are here",
            found.name,
            here(&known)
        ))),
        Some(make) => Ok(make()),
        None => Err(Failure::Usage(format!(
            "--device {}: not built into this program (it has {}); build it with cargo build --release --features {}",
            found.name,
            names(true),
            found.feature
        ))),
    }
}

/// The model of a file, on the device and in the precision that were asked for.
///
/// # Errors
/// Those of [`select`]; where the file is no model; wrong use, for f64 on a device that has none.
pub fn load(path: &Path, args: &ComputeArgs) -> Result<AnyModel, Failure> {
    let model = AnyModel::load(path, &select(args)?)?;
    match args.precision {
        None => Ok(model),
        Some(precision) => model
            .to_dtype(Precision::from(precision).into())
            .map_err(|error| Failure::Usage(format!("--precision: {error}"))),
    }
}

/// The same for a model of a table.
///
/// # Errors
/// As [`load`], and for a model of images.
pub fn load_table(path: &Path, args: &ComputeArgs) -> Result<Model, Failure> {
    match load(path, args)? {
        AnyModel::Table(model) => Ok(model),
        AnyModel::Image(_) => {
            let path = path.display();
            Err(anyhow::anyhow!("{path}: it is a model of images, expected one of a table").into())
        }
    }
}

/// The same for a command that looks at flows of vectors only.
///
/// # Errors
/// As [`load_table`], and for a flow that takes each row as an image.
pub fn load_vectors(path: &Path, args: &ComputeArgs) -> Result<Model, Failure> {
    vectors(path, load_table(path, args)?)
}

/// Refuses a model of a table whose flow is not of vectors.
///
/// # Errors
/// For a flow that takes each row as an image.
pub fn vectors(path: &Path, model: Model) -> Result<Model, Failure> {
    if model.is_of_images() {
        let (path, event) = (path.display(), model.config.event());
        return Err(anyhow::anyhow!(
            "{path}: its flow takes each row as an image {event:?}, expected one of vectors"
        )
        .into());
    }
    Ok(model)
}
