//! Flows on products of lines and circles: densities across the cut, their sums, samples, gradients, files.

mod config;
mod density;
mod gradients;
mod model;
mod samples;

use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::f64::consts::PI;
use tissot::laws::randomize;
use tissot::presets::{Size, nsf_circular_autoregressive, nsf_circular_coupling};
use tissot::{AnyFlow, Context, FlowConfig};

/// What is tried: a name, the circular features of how many, the flow.
fn cases() -> Vec<(&'static str, Vec<usize>, FlowConfig)> {
    let size = |n| Size::new(n).with_transforms(3).with_hidden([16, 16]).with_bins(6);
    let case = |name, n, circular: &[usize], of: fn(&Size, &[usize]) -> FlowConfig| {
        (name, circular.to_vec(), of(&size(n), circular))
    };
    vec![
        case("a circle", 1, &[0], nsf_circular_autoregressive),
        case("a torus, autoregressive", 2, &[0, 1], nsf_circular_autoregressive),
        case("a torus, couplings", 2, &[0, 1], nsf_circular_coupling),
        case("a cylinder, autoregressive", 2, &[1], nsf_circular_autoregressive),
        case("a cylinder, couplings", 2, &[0], nsf_circular_coupling),
    ]
}

/// The flow far from its start, in f64.
fn random(config: &FlowConfig, scale: f64) -> AnyFlow {
    random_as(config, scale, FloatDType::F64)
}

fn random_as(config: &FlowConfig, scale: f64, dtype: FloatDType) -> AnyFlow {
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(5));
    let flow = flow.unwrap_or_else(|error| panic!("{error}"));
    randomize(flow, 3, scale).to_dtype(dtype).unwrap()
}

fn host<const D: usize>(x: Tensor<D>) -> Vec<f64> {
    x.into_data().iter().collect()
}

fn rows(values: Vec<f64>, n: usize) -> Tensor<2> {
    let data = TensorData::new(values.clone(), [values.len() / n, n]);
    Tensor::from_data(data, (&Device::flex(), DType::F64))
}

fn log_prob(flow: &AnyFlow, x: Vec<f64>, n: usize) -> Vec<f64> {
    host(flow.log_prob(rows(x, n), Context::NONE))
}

/// Rows over one turn of each circle, and as far along the lines.
fn places(n: usize) -> Vec<f64> {
    (0..60 * n).map(|k| PI * (2.0 * ((k * 7919 + 13) % 1_009) as f64 / 1_009.0 - 1.0)).collect()
}
