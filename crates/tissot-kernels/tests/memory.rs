//! What a step frees is there for the next one.

#![cfg(all(feature = "flex", target_os = "linux", target_env = "gnu"))]

use burn::tensor::{Device, Distribution, Tensor};
use std::hint::black_box;
use tissot_kernels::activation::Activation;
use tissot_kernels::dense::dense;

/// Pages that the system has had to give to this process so far: the 10th field of its `stat` (proc_pid_stat(5)).
fn pages_given() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("the process's own figures");
    let after_name = stat.rsplit_once(')').expect("a name in brackets").1;
    after_name.split_whitespace().nth(7).expect("ten fields").parse().expect("a count")
}

/// Four maps make 2 MiB of numbers, 512 pages. glibc gives them back to the system as soon as they are free, unless asked not
/// to; `MALLOC_TRIM_THRESHOLD_=131072 cargo test --test memory` fails for that reason.
#[test]
fn the_memory_of_a_step_serves_the_next() {
    let device = Device::flex();
    let random = |shape| Tensor::<2>::random(shape, Distribution::Uniform(-0.1, 0.1), &device);
    let weights: Vec<_> = (0..4).map(|_| random([128, 128])).collect();
    let x = random([1024, 128]);
    let step = || {
        let mut kept = vec![x.clone()];
        for weight in &weights {
            let h = dense(kept[kept.len() - 1].clone(), weight.clone(), None, Some(Activation::Relu));
            kept.push(h);
        }
        black_box(kept);
    };
    (0..5).for_each(|_| step());
    let before = pages_given();
    (0..40).for_each(|_| step());
    let each = (pages_given() - before) / 40;
    assert!(each < 64, "{each} pages a step");
}
