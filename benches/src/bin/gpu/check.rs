//! Each fused operation on the GPU against the composed one there, and against the CPU.

use crate::composed::plain;
use crate::time::{flow, rows, work};
use burn::module::Module;
use burn::tensor::{DType, Device, Tensor, TensorData};
use tissot::laws::randomize;
use tissot::univariate::{
    Affine, AffineOrder, AnyUnivariate, LogScale, RationalQuadratic, SplineParams, Univariate,
};
use tissot::{Bijection, Context};
use tissot_kernels::activation::Activation;
use tissot_kernels::dense::dense;
use tissot_kernels::optimiser::{AdamStep, adam};
use tissot_kernels::univariate::{Direction, apply};

/// Prints the table; whether all checks passed.
pub fn all(device: &Device) -> bool {
    println!("## Checks\n\nThe largest differences, relative to the larger of 1 and the largest number.\n");
    println!("| what | beside | difference | allowed | |\n|---|---|---|---|---|");
    let mut sound = true;
    let mut row = |what: &str, beside: &str, found: &[f64], expected: &[f64], allowed: f64| {
        let largest = expected.iter().fold(1.0f64, |m, v| m.max(v.abs()));
        let worst = found.iter().zip(expected).map(|(a, b)| (a - b).abs() / largest);
        // a NaN is the worst, and stays it
        let worst = worst.fold(0.0f64, |m, d| if d > m || d.is_nan() { d } else { m });
        let right = worst <= allowed && found.len() == expected.len();
        println!(
            "| {what} | {beside} | {worst:.1e} | {allowed:.0e} | {} |",
            if right { "ok" } else { "WRONG" }
        );
        sound &= right;
    };
    for (name, univariate) in univariates() {
        for direction in [Direction::Forward, Direction::Inverse] {
            let what = format!("{name}, {direction:?}");
            let found = numbers(univariate, direction, device, DType::F32, true);
            let composed = numbers(univariate, direction, device, DType::F32, false);
            row(&what, "composed", &found, &composed, 5e-4);
            let exact = numbers(univariate, direction, &Device::flex(), DType::F64, false);
            row(&what, "CPU, f64", &found, &exact, 5e-4);
        }
    }
    let host = Device::flex();
    for activation in [None, Some(Activation::Relu), Some(Activation::Tanh)] {
        let what = format!("product, bias, {}", activation.map_or("nothing".into(), |a| format!("{a:?}")));
        row(&what, "CPU", &dense_layer(activation, device), &dense_layer(activation, &host), 1e-5);
    }
    row("Adam", "CPU", &adam_steps(device), &adam_steps(&host), 1e-5);
    for name in ["W1", "W3", "W4", "W5"] {
        let (config, _) = work(name);
        let on_host = randomize(flow(&config, &host), 3, 0.1);
        let fused = on_host.clone().fork(device);
        let composed = plain(&config, fused.clone());
        let (x, x_host) = (rows(8, config.features, device), rows(8, config.features, &host));
        let z = values(fused.bijection.forward(x.clone(), Context::NONE));
        row(
            &format!("{name}, forward"),
            "composed",
            &z,
            &values(composed.bijection.forward(x.clone(), Context::NONE)),
            1e-3,
        );
        row(
            &format!("{name}, forward"),
            "CPU",
            &z,
            &values(on_host.bijection.forward(x_host.clone(), Context::NONE)),
            1e-3,
        );
        let inverse = values(fused.bijection.inverse(x, Context::NONE));
        row(
            &format!("{name}, inverse"),
            "CPU",
            &inverse,
            &values(on_host.bijection.inverse(x_host, Context::NONE)),
            1e-3,
        );
    }
    sound
}

fn univariates() -> Vec<(&'static str, AnyUnivariate)> {
    let spline = |parameters| RationalQuadratic { parameters, bound: 3.0, ..Default::default() }.into();
    let affine = |scale| Affine { scale, order: AffineOrder::ScaleThenShift }.into();
    vec![
        ("spline, bounded", spline(SplineParams::default())),
        ("spline, nflows", spline(SplineParams::nflows(1.0))),
        ("spline, zuko", spline(SplineParams::zuko())),
        ("affine, exp", affine(LogScale::Exp)),
        ("affine, soft clip", affine(LogScale::ZUKO)),
        ("affine, sigmoid", affine(LogScale::NFLOWS_COUPLING)),
        ("affine, softplus", affine(LogScale::NFLOWS_AUTOREGRESSIVE)),
        ("affine, tanh", affine(LogScale::Tanh { bound: 2.0 })),
    ]
}

/// `scale sin(0.7 i)`, as many as the shape has.
fn waves<const D: usize>(scale: f64, shape: [usize; D], device: &Device, dtype: DType) -> Tensor<D> {
    let values: Vec<f64> = (0..shape.iter().product()).map(|i| scale * (i as f64 * 0.7).sin()).collect();
    Tensor::from_data(TensorData::new(values, shape), (device, dtype))
}

/// Values, log-dets and gradients.
fn numbers(u: AnyUnivariate, direction: Direction, device: &Device, dtype: DType, fused: bool) -> Vec<f64> {
    let device = &device.clone().autodiff();
    let x = waves(4.0, [33, 5], device, dtype).require_grad();
    let params = waves(1.5, [33, 5, u.num_params()], device, dtype).require_grad();
    let (y, sums) = if fused {
        let kernel = u.fused().expect("a fused operation");
        apply(&x, &params, kernel, direction).expect("a kernel for the device")
    } else {
        let (y, slopes) = match direction {
            Direction::Forward => u.elementwise(x.clone(), params.clone()),
            Direction::Inverse => u.elementwise_inverse(x.clone(), params.clone()),
        };
        (y, slopes.sum_dim(1).squeeze_dim(1))
    };
    let loss = (y.clone() * waves(1.0, [33, 5], device, dtype)).sum() + sums.clone().sum();
    let grads = loss.backward();
    let gradients = (x.grad(&grads).expect("x"), params.grad(&grads).expect("params").reshape([-1]));
    [values((y, sums)), values(gradients)].concat()
}

fn values<const D: usize>((a, b): (Tensor<D>, Tensor<1>)) -> Vec<f64> {
    let host = |data: TensorData| data.iter::<f64>().collect::<Vec<_>>();
    [host(a.into_data()), host(b.into_data())].concat()
}

/// What a layer of a network makes, and the gradients of its input, weight and bias.
fn dense_layer(activation: Option<Activation>, device: &Device) -> Vec<f64> {
    let device = &device.clone().autodiff();
    let of = |shape| waves(1.0, shape, device, DType::F32).require_grad();
    let (x, weight) = (of([33, 21]), of([21, 40]));
    let bias = waves(0.5, [40], device, DType::F32).require_grad();
    let y = dense(x.clone(), weight.clone(), Some(bias.clone()), activation);
    let grads = (y.clone() * waves(1.0, [33, 40], device, DType::F32)).sum().backward();
    let of_bias = bias.grad(&grads).expect("the bias");
    let of_weight = weight.grad(&grads).expect("the weight").reshape([-1]);
    [values((y, of_bias)), values((x.grad(&grads).expect("x"), of_weight))].concat()
}

/// A weight and its moments after three steps.
fn adam_steps(device: &Device) -> Vec<f64> {
    let (mut weight, mut moments) = (waves(1.0, [1203], device, DType::F32), None);
    for time in 1..4 {
        let gradient = waves(time as f64 - 2.5, [1203], device, DType::F32);
        let (beta_1, beta_2) = (0.9, 0.999);
        let step = AdamStep { rate: 0.01, beta_1, beta_2, epsilon: 1e-8, weight_decay: 0.1, time };
        let (next, both) = adam(weight, gradient, moments, step);
        (weight, moments) = (next, Some(both));
    }
    let [m, v] = moments.expect("moments");
    [values((weight, m)), values((v.clone(), v))].concat()
}
