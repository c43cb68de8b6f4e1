//! How much memory there is, and how much of it a step takes at least.
//!
//! A run whose step cannot fit is better refused before it begins: a system that has promised more memory than it has ends the
//! program without a word.

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::Tensor;

/// Bytes that this process can still get: what the machine has free, or a limit on it that is nearer (of a control group, or
/// `ulimit -v`). `None` where the system does not tell, as everywhere but on Linux.
pub fn available() -> Option<u64> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let group =
        read("/proc/self/cgroup").lines().find_map(|line| line.strip_prefix("0::").map(str::to_owned));
    let group = group.unwrap_or_default();
    [
        free(&read("/proc/meminfo")),
        read(&format!("/sys/fs/cgroup{group}/memory.max")).trim().parse().ok(),
        read("/sys/fs/cgroup/memory.max").trim().parse().ok(),
        address_space(&read("/proc/self/limits"), &read("/proc/self/status")),
    ]
    .into_iter()
    .flatten()
    .min()
}

/// What `/proc/meminfo` says is free, swap included.
fn free(meminfo: &str) -> Option<u64> {
    Some(kib(meminfo, "MemAvailable:")? + kib(meminfo, "SwapFree:").unwrap_or_default())
}

/// What is left of the address space, where it is limited.
fn address_space(limits: &str, status: &str) -> Option<u64> {
    let limit = limits.lines().find_map(|line| line.strip_prefix("Max address space"))?;
    let limit: u64 = limit.split_whitespace().next()?.parse().ok()?;
    Some(limit.saturating_sub(kib(status, "VmSize:")?))
}

/// A number of KiB after a name, as bytes.
fn kib(text: &str, name: &str) -> Option<u64> {
    let number = text.lines().find_map(|line| line.strip_prefix(name))?;
    number.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// Bytes that a sample of a step takes at least: the outputs of all linear maps and convolutions, which the gradient needs. What
/// a step of the presets really takes is 1.0 to 1.2 times that for rows, up to 4 times for images. `positions` are the pixels of an image, 1 for a row.
pub(crate) fn of_a_sample<M: Module>(flow: &M, positions: u64) -> u64 {
    let mut outputs = Outputs { positions: vec![positions], numbers: 0 };
    flow.visit(&mut outputs);
    4 * outputs.numbers
}

/// Counts the outputs of weights.
struct Outputs {
    /// How many positions there are in here, and in what this is in.
    positions: Vec<u64>,
    numbers: u64,
}

impl ModuleVisitor for Outputs {
    fn enter_module(&mut self, _: &str, kind: &str) {
        let here = self.positions.last().copied().unwrap_or(1);
        self.positions.push(if kind == "Struct:Squeezed" { here / 4 } else { here });
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.positions.pop();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let shape = param.shape();
        // Linear maps are [inputs, outputs], convolutions [outputs, inputs, height, width].
        self.numbers += match *shape.as_slice() {
            [_, outputs] => outputs as u64,
            [outputs, _, _, _] => outputs as u64 * self.positions.last().copied().unwrap_or(1),
            _ => 0,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use tissot::presets::{self, ImageSize, Size};

    #[test]
    fn what_the_system_says_is_read() {
        let meminfo = "MemTotal:       100 kB\nMemAvailable:    7 kB\nSwapFree:        2 kB\n";
        assert_eq!(free(meminfo), Some(9 * 1024));
        assert_eq!(free(""), None);
        let limits = |bytes: &str| {
            format!("Limit  Soft  Hard  Units\nMax address space         {bytes}    unlimited  bytes\n")
        };
        assert_eq!(address_space(&limits("4096000"), "VmSize:\t    3000 kB\n"), Some(4_096_000 - 3_072_000));
        assert_eq!(address_space(&limits("4096"), "VmSize:\t    3000 kB\n"), Some(0));
        assert_eq!(address_space(&limits("unlimited"), "VmSize:\t    3000 kB\n"), None);
        #[cfg(target_os = "linux")]
        assert!(available().is_some_and(|bytes| bytes > 1 << 20));
    }

    #[test]
    fn outputs_are_counted() {
        let (device, rng) = (Device::flex(), &mut ChaCha8Rng::seed_from_u64(0));
        let config = presets::real_nvp(&Size::new(2).with_transforms(2).with_hidden([8, 6]));
        let rows = of_a_sample(&config.init(&device, rng).unwrap(), 1);
        // Two couplings, each with two hidden layers and a shift and a scale.
        assert_eq!(rows, 2 * 4 * (8 + 6 + 2), "{config:?}");
        let image = |side: usize| {
            let config = presets::glow(&ImageSize::new([1, side, side]).with_levels(2, 1).with_hidden(8));
            of_a_sample(
                &config.init(&device, &mut ChaCha8Rng::seed_from_u64(0)).unwrap(),
                (side * side) as u64,
            )
        };
        assert!(image(8) >= 4 * 2 * 8 * (16 + 4), "two hidden layers of 8 channels at 16 and at 4 positions");
        // Four times the positions; the factors of 1x1 convolutions, of 4 and 8 channels, are counted once.
        let factors = 4 * 2 * (4 + 8);
        assert_eq!(image(16) - factors, 4 * (image(8) - factors));
    }
}
