//! Convolutions as matrix products against burn's own, values and gradients.

mod net;

use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;
use burn::tensor::{DType, Device, Tensor, TensorData};
use tissot_kernels::activation::{Activation, apply};
use tissot_kernels::conv::{Layer, Maps};

fn waves<const D: usize>(shape: [usize; D], phase: f64, device: &Device, dtype: DType) -> Tensor<D> {
    let values: Vec<f64> = (0..shape.iter().product()).map(|i| (phase + 1.7 * i as f64).sin()).collect();
    Tensor::from_data(TensorData::new(values, shape), (device, dtype))
}

fn layer(weight: &Tensor<4>, bias: Option<&Tensor<1>>, activation: Option<Activation>) -> Layer {
    Layer { weight: weight.clone(), factors: None, bias: bias.cloned(), activation }
}

/// What a convolution is, by burn's own operation.
fn plain(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Option<Tensor<1>>,
    activation: Option<Activation>,
) -> Tensor<4> {
    let pad = weight.dims()[2] / 2;
    let y = conv2d(x, weight, bias, ConvOptions::new([1, 1], [pad; 2], [1, 1], 1));
    activation.into_iter().fold(y, apply)
}

#[track_caller]
fn close<const D: usize>(what: &str, found: Tensor<D>, expected: Tensor<D>, most: f64) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let largest = expected.clone().abs().max().into_scalar::<f64>().max(1.0);
    let gap = (found - expected).abs().max().into_scalar::<f64>() / largest;
    assert!(gap <= most, "{what}: apart by {gap:e}");
}

/// The shapes `[batch, inputs, outputs, height, width, size]`: both forms, single pixels, lines, even and odd sides, and enough
/// images for blocks, of which the last one is smaller.
const SHAPES: [[usize; 6]; 13] = [
    [2, 3, 5, 4, 5, 3],
    [2, 5, 3, 4, 5, 3],
    [3, 4, 4, 7, 7, 3],
    [1, 1, 1, 1, 1, 3],
    [3, 2, 1, 1, 6, 3],
    [1, 2, 3, 5, 1, 3],
    [2, 3, 4, 2, 2, 5],
    [2, 4, 3, 3, 2, 5],
    [2, 3, 6, 4, 4, 1],
    [2, 6, 3, 3, 5, 1],
    [5, 6, 64, 8, 8, 3],
    [5, 64, 6, 8, 8, 3],
    [17, 4, 3, 11, 12, 3],
];

#[test]
fn values_and_gradients_are_those_of_conv2d() {
    for (dtype, most) in [(DType::F64, 1e-12), (DType::F32, 2e-5)] {
        let device = Device::flex().autodiff();
        for shape @ [batch, inputs, outputs, height, width, size] in SHAPES {
            let kinds = [
                (true, Some(Activation::Tanh)),
                (false, Some(Activation::Tanh)),
                (false, None),
                (true, None),
            ];
            for (biased, activation) in kinds {
                let what = format!("{shape:?} {dtype:?} {biased} {activation:?}");
                let x = waves([batch, inputs, height, width], 0.1, &device, dtype).require_grad();
                let weight = waves([outputs, inputs, size, size], 0.7, &device, dtype).require_grad();
                let bias = waves([outputs], 0.3, &device, dtype).require_grad();
                let given = biased.then(|| bias.clone());
                let factors = waves([batch, outputs, height, width], 0.9, &device, dtype);
                let run = |y: Tensor<4>| {
                    let grads = (y.clone() * factors.clone()).sum().backward();
                    (y.inner(), x.grad(&grads), weight.grad(&grads), bias.grad(&grads))
                };
                let found = Maps::new(x.clone()).convolve(layer(&weight, given.as_ref(), activation));
                let found = run(found.into_image());
                let expected = run(plain(x.clone(), weight.clone(), given, activation));
                close(&format!("{what}: y"), found.0, expected.0, most);
                close(&format!("{what}: gx"), found.1.unwrap(), expected.1.unwrap(), most);
                close(&format!("{what}: gw"), found.2.unwrap(), expected.2.unwrap(), most);
                assert_eq!(found.3.is_some(), biased, "{what}");
                if let (Some(found), Some(expected)) = (found.3, expected.3) {
                    close(&format!("{what}: gb"), found, expected, most);
                }
            }
        }
    }
}

/// A network of three convolutions, a sum, a product: rows and images in turn.
fn network(
    x: Tensor<4>,
    weights: &[Tensor<4>; 4],
    convolve: &dyn Fn(Maps, &Tensor<4>, Option<Activation>) -> Maps,
) -> Tensor<4> {
    let [first, middle, gate, last] = weights;
    let h = convolve(Maps::new(x), first, Some(Activation::Relu));
    let t = convolve(h.clone(), middle, Some(Activation::Silu));
    let g = convolve(t.clone(), gate, None).activate(Activation::Sigmoid);
    convolve(h.add(t.multiply(g)), last, None).into_image()
}

#[test]
fn a_network_is_one_whatever_its_layouts() {
    let (device, dtype) = (Device::flex().autodiff(), DType::F64);
    let weights = [[5, 3, 3], [5, 5, 1], [5, 5, 3], [2, 5, 3]].map(|[outputs, inputs, size]| {
        waves([outputs, inputs, size, size], size as f64, &device, dtype).mul_scalar(0.3).require_grad()
    });
    let x = waves([2, 3, 4, 4], 0.4, &device, dtype).require_grad();
    let fast = network(x.clone(), &weights, &|h, w, a| h.convolve(layer(w, None, a)));
    let slow = network(x.clone(), &weights, &|h, w, a| Maps::new(plain(h.into_image(), w.clone(), None, a)));
    close("y", fast.clone().inner(), slow.clone().inner(), 1e-12);
    let (fast, slow) = (fast.powi_scalar(2).sum().backward(), slow.powi_scalar(2).sum().backward());
    close("gx", x.grad(&fast).unwrap(), x.grad(&slow).unwrap(), 1e-12);
    for (i, weight) in weights.iter().enumerate() {
        close(&format!("g{i}"), weight.grad(&fast).unwrap(), weight.grad(&slow).unwrap(), 1e-12);
    }
}

#[test]
fn finite_differences_agree() {
    let (device, dtype, h) = (Device::flex(), DType::F64, 1e-6);
    for [inputs, outputs] in [[2, 3], [3, 2]] {
        let weight = waves([outputs, inputs, 3, 3], 0.2, &device, dtype);
        let total = |x: Tensor<4>, weight: Tensor<4>| {
            let y = Maps::new(x).convolve(layer(&weight, None, Some(Activation::Tanh))).into_image();
            let factors = waves(y.dims(), 0.5, &y.device(), dtype);
            (y * factors).sum()
        };
        let x = waves([1, inputs, 3, 3], 0.1, &device, dtype);
        let tracked = x.clone().autodiff().require_grad();
        let grads = total(tracked.clone(), weight.clone().autodiff()).backward();
        let exact: Vec<f64> = tracked.grad(&grads).unwrap().into_data().iter().collect();
        for (i, exact) in exact.into_iter().enumerate() {
            let moved = |by: f64| {
                let mut values: Vec<f64> = x.to_data().iter().collect();
                values[i] += by;
                let moved = Tensor::from_data(TensorData::new(values, x.dims()), (&device, dtype));
                total(moved, weight.clone()).into_scalar::<f64>()
            };
            let found = (moved(h) - moved(-h)) / (2.0 * h);
            assert!((found - exact).abs() < 1e-8, "number {i}: {found}, exact {exact}");
        }
    }
}

#[test]
fn what_needs_no_gradient_gets_none() {
    let device = Device::flex().autodiff();
    let x = waves([1, 2, 3, 3], 0.1, &device, DType::F32);
    let weight = waves([3, 2, 3, 3], 0.1, &device, DType::F32).require_grad();
    let y = Maps::new(x.clone()).convolve(layer(&weight, None, None)).into_image();
    let grads = y.sum().backward();
    assert!(x.grad(&grads).is_none() && weight.grad(&grads).is_some());

    for [inputs, outputs] in [[2, 3], [3, 2]] {
        let x = waves([1, inputs, 3, 3], 0.1, &device, DType::F32).require_grad();
        let (weight, bias) = (
            waves([outputs, inputs, 3, 3], 0.1, &device, DType::F32),
            waves([outputs], 0.2, &device, DType::F32),
        );
        let grads =
            Maps::new(x.clone()).convolve(layer(&weight, Some(&bias), None)).into_image().sum().backward();
        assert!(x.grad(&grads).is_some() && weight.grad(&grads).is_none() && bias.grad(&grads).is_none());
    }
}

#[test]
#[should_panic(expected = "x has 2 channels, but the weight 3")]
fn other_channels_are_refused() {
    let device = Device::flex();
    let weight = Tensor::zeros([1, 3, 3, 3], &device);
    let _ = Maps::new(Tensor::zeros([1, 2, 3, 3], &device)).convolve(layer(&weight, None, None));
}

#[test]
fn factors_multiply_the_outputs_and_gradients_come_where_they_are_wanted() {
    let device = Device::flex().autodiff();
    for [inputs, outputs, size] in [[5, 3, 3], [4, 4, 5], [3, 5, 3], [3, 5, 1]] {
        for tracked in 1..1 << 4 {
            let on = |bit: usize| tracked >> bit & 1 == 1;
            let x = waves([2, inputs, 4, 5], 0.1, &device, DType::F64).set_require_grad(on(0));
            let weight =
                waves([outputs, inputs, size, size], 0.7, &device, DType::F64).set_require_grad(on(1));
            let factors = waves([outputs], 0.5, &device, DType::F64).set_require_grad(on(2));
            let bias = waves([outputs], 0.3, &device, DType::F64).set_require_grad(on(3));
            let weights = waves([2, outputs, 4, 5], 0.9, &device, DType::F64);
            let run = |y: Tensor<4>| {
                let grads = (y.clone() * weights.clone()).sum().backward();
                let (factors, bias) = (factors.grad(&grads), bias.grad(&grads));
                (y.inner(), [x.grad(&grads), weight.grad(&grads)], [factors, bias])
            };
            let layer = Layer { factors: Some(factors.clone()), ..layer(&weight, Some(&bias), None) };
            let found = run(Maps::new(x.clone()).convolve(layer).into_image());
            let scaled = weight.clone() * factors.clone().reshape([outputs, 1, 1, 1]);
            let expected = run(plain(x.clone(), scaled, Some(bias.clone()), None));
            let what = format!("{inputs} to {outputs}, size {size}, tracked {tracked:04b}");
            close(&what, found.0, expected.0, 1e-12);
            let given = found.1.iter().map(Option::is_some).chain(found.2.iter().map(Option::is_some));
            assert_eq!(given.collect::<Vec<_>>(), [0, 1, 2, 3].map(on), "{what}");
            for (found, expected) in found.1.into_iter().zip(expected.1).filter_map(|(a, b)| a.zip(b)) {
                close(&what, found, expected, 1e-12);
            }
            for (found, expected) in found.2.into_iter().zip(expected.2).filter_map(|(a, b)| a.zip(b)) {
                close(&what, found, expected, 1e-12);
            }
        }
    }
}
