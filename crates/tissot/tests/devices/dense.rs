//! Linear maps with their bias and activation, on a GPU in f32 and on the host in f64.

use super::{gpu, host};
use burn::tensor::{DType, Device, Tensor, TensorData};
use tissot_kernels::activation::Activation;
use tissot_kernels::dense::dense;

const ROWS: usize = 37;
const INPUTS: usize = 5;
const OUTPUTS: usize = 9;

/// All kinds, and a slope so small that its side does not follow from a value.
const ACTIVATIONS: [Option<Activation>; 11] = [
    None,
    Some(Activation::Relu),
    Some(Activation::LeakyRelu { slope: 0.1 }),
    Some(Activation::LeakyRelu { slope: 1e-9 }),
    Some(Activation::Elu { alpha: 1.5, scale: 0.8 }),
    Some(Activation::Silu),
    Some(Activation::Gelu),
    Some(Activation::Mish),
    Some(Activation::Tanh),
    Some(Activation::Sigmoid),
    Some(Activation::Softplus),
];

fn waves<const D: usize>(scale: f64, shape: [usize; D], on: (&Device, DType)) -> Tensor<D> {
    let values: Vec<f64> = (0..shape.iter().product()).map(|i| scale * (i as f64 * 0.7).sin()).collect();
    Tensor::from_data(TensorData::new(values, shape), on)
}

/// The output, and the gradients of input, weight and bias, as far as they are `tracked`.
fn run(activation: Option<Activation>, tracked: [bool; 3], device: &Device, dtype: DType) -> Vec<Vec<f64>> {
    let on = (&device.clone().autodiff(), dtype);
    let x = waves(3.0, [ROWS, INPUTS], on).set_require_grad(tracked[0]);
    let weight = waves(1.7, [INPUTS, OUTPUTS], on).set_require_grad(tracked[1]);
    let bias = waves(0.9, [OUTPUTS], on).set_require_grad(tracked[2]);
    let y = dense(x.clone(), weight.clone(), Some(bias.clone()), activation);
    let mut all = vec![host(y.clone())];
    if tracked != [false; 3] {
        let grads = (y * waves(1.0, [ROWS, OUTPUTS], on)).sum().backward();
        all.extend([x.grad(&grads).map(host), weight.grad(&grads).map(host)].into_iter().flatten());
        all.extend(bias.grad(&grads).map(host));
    }
    all
}

#[test]
fn products_with_bias_and_activation_agree() {
    let Some(gpu) = gpu() else { return };
    for activation in ACTIVATIONS {
        for tracked in [[true; 3], [true, true, false], [true, false, true], [false, true, true], [false; 3]]
        {
            let found = run(activation, tracked, &gpu, DType::F32);
            let expected = run(activation, tracked, &Device::flex(), DType::F64);
            assert_eq!(found.len(), 1 + tracked.iter().filter(|&&tracked| tracked).count());
            assert_eq!(found.len(), expected.len());
            for (part, (found, expected)) in found.iter().zip(&expected).enumerate() {
                assert_eq!(found.len(), expected.len());
                for (a, b) in found.iter().zip(expected) {
                    let near = (a - b).abs() <= 1e-5 * b.abs().max(10.0);
                    assert!(near, "{activation:?} {tracked:?}, part {part}: found {a}, expected {b}");
                }
            }
        }
    }
}

#[test]
fn no_rows_give_no_rows() {
    let Some(gpu) = gpu() else { return };
    let on = (&gpu, DType::F32);
    let (weight, bias) = (waves(1.7, [INPUTS, OUTPUTS], on), waves(0.9, [OUTPUTS], on));
    let y = dense(Tensor::zeros([0, INPUTS], on), weight, Some(bias), Some(Activation::Relu));
    assert_eq!(y.dims(), [0, OUTPUTS]);
    assert!(host(y).is_empty());
}
