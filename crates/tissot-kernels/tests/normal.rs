//! The log-density of the standard normal distribution against the same thing composed, values and gradients.

use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use tissot_kernels::normal::log_prob;

fn check(dtype: FloatDType, tolerance: f64) {
    for (rows, n) in [(1, 1), (3, 5), (70, 2), (2, 0), (0, 3)] {
        let values: Vec<f64> = (0..rows * n).map(|i| ((i * 7 + 3) % 11) as f64 / 3.0 - 1.7).collect();
        let device = Device::flex().autodiff();
        let z = Tensor::<2>::from_data(TensorData::new(values, [rows, n]), (&device, dtype.into()));
        let weights = Tensor::<1>::from_data(
            TensorData::new((0..rows).map(|i| i as f64 - 0.5).collect::<Vec<_>>(), [rows]),
            (&device, dtype.into()),
        );
        let run = |f: &dyn Fn(&Tensor<2>) -> Tensor<1>| {
            let z = z.clone().require_grad();
            let out = f(&z);
            let grads = (out.clone() * weights.clone()).sum().backward();
            let grad = z.grad(&grads).expect("a gradient");
            [out.into_data(), grad.into_data()].map(|data| data.iter::<f64>().collect::<Vec<_>>())
        };
        let constant = n as f64 * (2.0 * std::f64::consts::PI).ln() / 2.0;
        let composed = run(&|z| z.clone().square().sum_dim(1).squeeze_dim::<1>(1) * -0.5 - constant);
        let fused = run(&|z| log_prob(z).expect("a kernel"));
        for (fused, composed) in fused.iter().zip(&composed) {
            assert_eq!(fused.len(), composed.len());
            for (f, c) in fused.iter().zip(composed) {
                assert!((f - c).abs() / c.abs().max(1.0) < tolerance, "{rows} x {n}: {f}, not {c}");
            }
        }
    }
}

#[test]
fn values_and_gradients_are_those_of_the_formula() {
    check(FloatDType::F64, 1e-14);
    check(FloatDType::F32, 1e-6);
}
