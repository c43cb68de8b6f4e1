//! The clock, the process's memory, and the rates that the machine reaches.

use crate::cost::Product;
use burn::tensor::{Device, Distribution, Tensor};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

/// The milliseconds of calls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Times {
    /// The middle one.
    pub median: f64,
    /// The least one.
    pub least: f64,
    /// How many there were.
    pub calls: usize,
}

/// Calls again and again, after some that do not count: at least 5 times, and for as long as `budget` lasts; only 3
/// times where that is 8 times as long.
pub fn measure(budget: Duration, mut call: impl FnMut()) -> Times {
    let start = Instant::now();
    for _ in 0..3 {
        call();
        if start.elapsed() > budget {
            break;
        }
    }
    let (start, mut times) = (Instant::now(), Vec::new());
    while times.len() < 20_000 {
        let (spent, done) = (start.elapsed(), times.len());
        if (done >= 5 && spent >= budget) || (done >= 3 && spent >= 8 * budget) {
            break;
        }
        let begin = Instant::now();
        call();
        times.push(begin.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    Times { median: times[times.len() / 2], least: times[0], calls: times.len() }
}

/// Uses so many threads from now on, this one among them.
///
/// # Panics
/// Where threads are in use already.
pub fn use_threads(threads: usize) {
    rayon::ThreadPoolBuilder::new()
        .num_threads(threads)
        .use_current_thread()
        .build_global()
        .unwrap_or_else(|error| panic!("{error}"));
}

/// The resident memory in MB, now and at its largest so far, as Linux tells it; NaN elsewhere.
pub fn resident_mb() -> [f64; 2] {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    ["VmRSS:", "VmHWM:"].map(|key| {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        line.and_then(|l| l.split_whitespace().next()?.parse::<f64>().ok())
            .map_or(f64::NAN, |kb| kb * 1024.0 / 1e6)
    })
}

/// The rate in GFLOP/s at which burn's own matrix product multiplies matrices of these sizes, each as often as it is
/// named: all FLOP over the sum of the median times. f32, stored without gaps.
pub fn matrix_rate(products: &[Product], device: &Device, budget: Duration) -> f64 {
    let mut counts = BTreeMap::<Product, usize>::new();
    products.iter().for_each(|product| *counts.entry(*product).or_default() += 1);
    let budget = budget / counts.len().max(1) as u32;
    let (mut flop, mut ms) = (0.0, 0.0);
    for ([m, k, n], count) in counts {
        let random = |shape| Tensor::<2>::random(shape, Distribution::Default, device);
        let (a, b) = (random([m, k]), random([k, n]));
        let time = measure(budget, || {
            std::hint::black_box(a.clone().matmul(b.clone()));
        });
        flop += (2 * m * k * n * count) as f64;
        ms += count as f64 * time.median;
    }
    flop / ms / 1e6
}

/// The rate in GB/s, read and written, at which `bytes` of memory are copied from one half to the other.
pub fn memory_rate(bytes: usize, budget: Duration) -> f64 {
    let half = (bytes / 8).max(1024);
    let (from, mut to) = (vec![1.0f32; half], vec![0.0f32; half]);
    let part = half.div_ceil(rayon::current_num_threads());
    let time = measure(budget, || {
        if part == half {
            to.copy_from_slice(&from);
        } else {
            to.par_chunks_mut(part)
                .zip(from.par_chunks(part))
                .for_each(|(to, from)| to.copy_from_slice(from));
        }
        std::hint::black_box(&mut to);
    });
    (8 * half) as f64 / time.median / 1e6
}
