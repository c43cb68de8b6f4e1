//! Times of the fused linear maps beside those composed of burn's operations, forward and backward, in microseconds.
//!
//! ```text
//! RAYON_NUM_THREADS=1 cargo run --release -p tissot-kernels --example dense_timing
//! ```

use burn::tensor::{Bool, Device, Distribution, Int, Tensor, TensorData, activation, module};
use std::sync::Arc;
use std::time::Instant;
use tissot_kernels::activation::Activation;
use tissot_kernels::dense::{Mask, dense, masked_dense};

struct Layer {
    weight: Tensor<2>,
    bias: Tensor<1>,
    mask: Arc<Mask>,
    forbidden: Tensor<2, Bool>,
}

#[derive(Clone, Copy)]
enum Way {
    Burn,
    Fused,
    BurnMasked,
    FusedMasked,
}

fn layer(from: &[usize], to: &[usize], device: &Device) -> Layer {
    let shape = [from.len(), to.len()];
    let forbidden: Vec<i64> = from.iter().flat_map(|i| to.iter().map(move |j| i64::from(i > j))).collect();
    let forbidden = Tensor::<2, Int>::from_data(TensorData::new(forbidden, shape), device).bool();
    let weight = Tensor::random(shape, Distribution::Uniform(-0.1, 0.1), device);
    Layer {
        weight: weight.mask_fill(forbidden.clone(), 0.0).detach().require_grad(),
        bias: Tensor::random([to.len()], Distribution::Uniform(-0.1, 0.1), device).require_grad(),
        mask: Arc::new(Mask::from_degrees(from, to)),
        forbidden,
    }
}

fn forward(layers: &[Layer], x: Tensor<2>, way: Way) -> Tensor<2> {
    let mut h = x;
    for (i, layer) in layers.iter().enumerate() {
        let last = i + 1 == layers.len();
        let (w, b) = (layer.weight.clone(), Some(layer.bias.clone()));
        let act = (!last).then_some(Activation::Relu);
        let burn = |w, h| {
            let u = module::linear(h, w, b.clone());
            if last { u } else { activation::relu(u) }
        };
        h = match way {
            Way::Burn => burn(w, h),
            Way::BurnMasked => burn(w.mask_fill(layer.forbidden.clone(), 0.0), h),
            Way::Fused => dense(h, w, b, act),
            Way::FusedMasked => masked_dense(h, w, b, act, &layer.mask, || layer.forbidden.clone()),
        };
    }
    h
}

/// Smallest and middle of many runs, in microseconds.
fn time(mut run: impl FnMut()) -> (f64, f64) {
    (0..10).for_each(|_| run());
    let mut times: Vec<f64> = (0..200)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed().as_secs_f64() * 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    (times[0], times[times.len() / 2])
}

fn table(name: &str, layers: &[Layer], x: &Tensor<2>, gradient: bool) {
    let ways = [
        ("burn", Way::Burn),
        ("fused", Way::Fused),
        ("burn, mask filled", Way::BurnMasked),
        ("fused, panels", Way::FusedMasked),
    ];
    println!("{name}{}", if gradient { ", forward and backward" } else { ", forward" });
    for (label, way) in ways {
        let (least, middle) = time(|| {
            let y = forward(layers, x.clone(), way);
            if gradient {
                std::hint::black_box(y.sum().backward());
            } else {
                std::hint::black_box(y);
            }
        });
        println!("  {label:18} {least:9.0} {middle:9.0}");
    }
}

/// Single maps, forward: what a small network is made of.
fn single(rows: usize, inputs: usize, outputs: usize) {
    let device = Device::flex();
    let x = Tensor::<2>::random([rows, inputs], Distribution::Normal(0.0, 1.0), &device);
    let w = Tensor::<2>::random([inputs, outputs], Distribution::Normal(0.0, 1.0), &device);
    let b = Tensor::<1>::random([outputs], Distribution::Normal(0.0, 1.0), &device);
    let fused = time(|| {
        std::hint::black_box(dense(x.clone(), w.clone(), Some(b.clone()), Some(Activation::Relu)));
    });
    let burn = time(|| {
        std::hint::black_box(activation::relu(module::linear(x.clone(), w.clone(), Some(b.clone()))));
    });
    println!("{rows}x{inputs}x{outputs}, forward: burn {:.1}, fused {:.1}", burn.0, fused.0);
}

fn hidden(units: usize, features: usize) -> Vec<usize> {
    let mut degrees: Vec<usize> = (0..units).map(|unit| 1 + unit % (features - 1)).collect();
    degrees.sort_unstable();
    degrees
}

fn main() {
    println!("{} threads; least and middle of 200 runs, microseconds", rayon::current_num_threads());
    for [rows, inputs, outputs] in
        [[512, 1, 64], [512, 64, 64], [512, 64, 2], [512, 2, 64], [512, 4, 64], [512, 64, 4], [512, 64, 16]]
    {
        single(rows, inputs, outputs);
    }
    let device = Device::flex().autodiff();
    for (features, units, params, rows) in
        [(43, 256, 1, 256), (43, 512, 2, 256), (6, 128, 23, 512), (2, 64, 2, 512), (43, 512, 2, 1)]
    {
        let inputs: Vec<usize> = (1..=features).collect();
        let between = hidden(units, features);
        let outputs: Vec<usize> = (0..features).flat_map(|d| std::iter::repeat_n(d, params)).collect();
        let layers = [
            layer(&inputs, &between, &device),
            layer(&between, &between, &device),
            layer(&between, &outputs, &device),
        ];
        for layer in &layers {
            let [n, m] = layer.mask.shape();
            print!("{n}x{m}: {:.0} %  ", 100.0 * layer.mask.multiplied() as f64 / (n * m) as f64);
        }
        println!("of the weights multiplied");
        let x = Tensor::random([rows, features], Distribution::Normal(0.0, 1.0), &device);
        let name = format!("{features}-{units}-{units}-{}, {rows} rows", outputs.len());
        let plain: Vec<Layer> = layers
            .iter()
            .map(|l| Layer {
                weight: l.weight.clone().inner(),
                bias: l.bias.clone().inner(),
                mask: l.mask.clone(),
                forbidden: l.forbidden.clone(),
            })
            .collect();
        table(&name, &plain, &x.clone().inner(), false);
        table(&name, &layers, &x, true);
    }
}
