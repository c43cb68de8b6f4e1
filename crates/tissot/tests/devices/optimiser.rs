//! What a step of training does to weights, on a GPU and on the host.

use super::{gpu, host};
use burn::tensor::{Device, Tensor, TensorData};
use tissot_kernels::optimiser::{AdamStep, adam, sum_of_squares, towards};

/// `scale sin(0.7 i)`, `[3, 401]`.
fn tensor(scale: f32, device: &Device) -> Tensor<2> {
    let values: Vec<f32> = (0..1203).map(|i| scale * (i as f32 * 0.7).sin()).collect();
    Tensor::from_data(TensorData::new(values, [3, 401]), device)
}

#[test]
fn steps_averages_and_norms_agree() {
    let Some(gpu) = gpu() else { return };
    let run = |device: &Device| {
        let (mut weight, mut moments) = (tensor(1.0, device), None);
        let kept = weight.clone();
        for time in 1..6 {
            let gradient = tensor(time as f32 - 2.5, device);
            let (beta_1, beta_2) = (0.9, 0.999);
            let step = AdamStep { rate: 0.01, beta_1, beta_2, epsilon: 1e-8, weight_decay: 0.1, time };
            let (next, both) = adam(weight, gradient, moments, step);
            (weight, moments) = (next, Some(both));
        }
        let [m, v] = moments.expect("moments");
        let average = towards(kept.clone(), &weight, 0.25);
        let norm = sum_of_squares(&weight);
        [host(kept), host(weight), host(m), host(v), host(average), host(norm)]
    };
    for (found, expected) in run(&gpu).iter().zip(&run(&Device::flex())) {
        assert_eq!(found.len(), expected.len());
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() <= 1e-5 * b.abs().max(1.0), "found {a}, expected {b}");
        }
    }
}
