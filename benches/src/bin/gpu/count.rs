//! How many kernels are launched.

use crate::composed::plain;
use crate::time::{flow, rows, step, work};
use burn::module::Module;
use burn::optim::{AdamConfig, ModuleOptimizer};
use burn::tensor::{Device, Tensor};
use burn_cubecl::cubecl::logging::{LaunchObservation, LaunchObserver};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use tissot::base::Base;
use tissot::{Bijection, Context, Flow};
use tissot_train::Adam;

/// Counts the launches that CubeCL reports, by the kernels' names.
#[derive(Default)]
struct Launches(Mutex<BTreeMap<&'static str, usize>>);

impl LaunchObserver for Launches {
    fn launched(&self, kernel: &'static str) {
        *self.0.lock().expect("no panic while it was held").entry(kernel).or_default() += 1;
    }
}

/// The kernels that `of` launches.
fn launches(of: impl FnOnce()) -> BTreeMap<&'static str, usize> {
    let counts = Arc::new(Launches::default());
    let watching = LaunchObservation::new(counts.clone());
    of();
    drop(watching);
    std::mem::take(&mut *counts.0.lock().expect("no panic while it was held"))
}

/// Prints the table: of few rows, so that a software device gets through it.
pub fn table(device: &Device, names: &[String]) {
    println!(
        "As CubeCL reports them to an observer; 8 rows, the second training step, the loss read back.\n"
    );
    println!("| workload | where | training step | log_prob | sample |\n|---|---|---|---|---|");
    let mut most = None;
    for name in names {
        let (config, _) = work(name);
        let fused = flow(&config, device);
        let composed = plain(&config, fused.clone());
        let x = rows(8, config.features, device);
        let kernels = count(fused, Adam::default().init(), &x);
        for (place, all) in
            [("kernels", &kernels), ("composed", &count(composed, AdamConfig::new().init(), &x))]
        {
            let [train, score, sample] = all.each_ref().map(|counts| counts.values().sum::<usize>());
            println!("| {name} | {place} | {train} | {score} | {sample} |");
        }
        most.get_or_insert((name, kernels));
    }
    let Some((name, [train, ..])) = most else { return };
    let mut train: Vec<_> = train.into_iter().collect();
    train.sort_by_key(|&(kernel, count)| (std::cmp::Reverse(count), kernel));
    println!("\nA training step of {name} with kernels:\n");
    for (kernel, count) in train {
        println!("* {count} {}", short(kernel));
    }
}

/// The last words of a kernel's name.
fn short(kernel: &str) -> String {
    let plain = kernel.split('<').next().unwrap_or(kernel);
    let words: Vec<_> = plain.rsplit("::").take(2).collect();
    words.into_iter().rev().collect::<Vec<_>>().join("::")
}

/// The launches of a training step, of log-densities and of samples.
fn count<T, B>(
    flow: Flow<T, B>,
    mut adam: ModuleOptimizer,
    x: &Tensor<2>,
) -> [BTreeMap<&'static str, usize>; 3]
where
    T: Bijection<2>,
    B: Base<2>,
{
    let (second, _) = step(flow.clone().train(), &mut adam, x);
    let train = launches(|| drop(step(second, &mut adam, x)));
    let score = launches(|| drop(flow.log_prob(x.clone(), Context::NONE).into_data()));
    let rng = &mut ChaCha8Rng::seed_from_u64(2);
    let sample = launches(|| drop(flow.sample::<2>(x.dims()[0], Context::NONE, rng).into_data()));
    [train, score, sample]
}
