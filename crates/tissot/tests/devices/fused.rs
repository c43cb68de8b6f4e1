//! The kernels for GPUs against the composed operations, on the GPU itself in f32 and on the host in f64.

use super::{gpu, host};
use burn::tensor::{DType, Device, Tensor, TensorData};
use std::sync::Arc;
use tissot::univariate::{
    Affine, AffineOrder, AnyUnivariate, LogScale, RationalQuadratic, SplineParams, Univariate,
};
use tissot_kernels::univariate::{Direction, apply, apply_to_columns};

/// Even pseudo-random numbers (splitmix64), the same on every machine.
struct Numbers(u64);

impl Numbers {
    fn between(&mut self, low: f64, high: f64, n: usize) -> Vec<f64> {
        let unit = || {
            self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
            ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
        };
        std::iter::repeat_with(unit).take(n).map(|u| low + (high - low) * u).collect()
    }
}

fn splines() -> Vec<AnyUnivariate> {
    let uneven =
        SplineParams::Nflows { min_width: 2e-3, min_height: 5e-3, min_derivative: 1e-2, logit_scale: 1.5 };
    let splines = [
        RationalQuadratic::default(),
        RationalQuadratic { bins: 2, bound: 3.0, ..Default::default() },
        RationalQuadratic { bins: 20, ..Default::default() }, // more than are unrolled
        RationalQuadratic { parameters: uneven, bins: 5, ..Default::default() },
        RationalQuadratic { parameters: SplineParams::nflows(1.0), bound: 3.0, ..Default::default() },
        RationalQuadratic { bins: 3, parameters: SplineParams::nflows(2.0), ..Default::default() },
        RationalQuadratic { parameters: SplineParams::zuko(), ..Default::default() },
    ];
    splines.into_iter().map(AnyUnivariate::from).collect()
}

fn affines() -> Vec<AnyUnivariate> {
    let scales = [
        LogScale::Exp,
        LogScale::ZUKO,
        LogScale::NFLOWS_COUPLING,
        LogScale::GLOW,
        LogScale::NFLOWS_AUTOREGRESSIVE,
        LogScale::Softplus { epsilon: 0.0 },
        LogScale::Tanh { bound: 2.0 },
    ];
    let orders = [AffineOrder::ScaleThenShift, AffineOrder::ShiftThenScale];
    scales
        .into_iter()
        .flat_map(|scale| orders.map(|order| AnyUnivariate::from(Affine { scale, order })))
        .collect()
}

/// What is compared: `x` and parameters on the host.
struct Case {
    univariate: AnyUnivariate,
    direction: Direction,
    shape: [usize; 2],
    x: Vec<f64>,
    params: Vec<f64>,
}

type Tensors = (Tensor<2>, Tensor<1>);

impl Case {
    fn fused(&self, x: Tensor<2>, params: Tensor<3>) -> Tensors {
        let univariate = self.univariate.fused().expect("a fused operation");
        apply(&x, &params, univariate, self.direction).expect("a kernel for the device")
    }

    fn composed(&self, x: Tensor<2>, params: Tensor<3>) -> Tensors {
        let (y, slopes) = match self.direction {
            Direction::Forward => self.univariate.elementwise(x, params),
            Direction::Inverse => self.univariate.elementwise_inverse(x, params),
        };
        (y, slopes.sum_dim(1).squeeze_dim(1))
    }

    /// Values, sums, and the gradients of a weighted sum of both.
    fn run(&self, device: &Device, dtype: DType, fused: bool) -> [Vec<f64>; 4] {
        let ([rows, elements], p) = (self.shape, self.univariate.num_params());
        let options = (&device.clone().autodiff(), dtype);
        let x = Tensor::<2>::from_data(TensorData::new(self.x.clone(), self.shape), options).require_grad();
        let params = TensorData::new(self.params.clone(), [rows, elements, p]);
        let params = Tensor::<3>::from_data(params, options).require_grad();
        let (y, sums) = if fused {
            self.fused(x.clone(), params.clone())
        } else {
            self.composed(x.clone(), params.clone())
        };
        let mut numbers = Numbers(9);
        let weights = TensorData::new(numbers.between(-1.0, 1.0, rows * elements), self.shape);
        let of_sums = TensorData::new(numbers.between(-1.0, 1.0, rows), [rows]);
        let loss = (y.clone() * Tensor::from_data(weights, options)).sum()
            + (sums.clone() * Tensor::from_data(of_sums, options)).sum();
        let grads = loss.backward();
        let (of_x, of_params) = (x.grad(&grads).expect("x"), params.grad(&grads).expect("params"));
        [host(y), host(sums), host(of_x), host(of_params)]
    }

    fn check(&self, found: &[Vec<f64>; 4], expected: &[Vec<f64>; 4], tolerance: f64, against: &str) {
        let largest = expected[3].iter().fold(1.0f64, |m, g| m.max(g.abs()));
        for (part, what) in ["value", "log_det", "x", "params"].iter().enumerate() {
            let scale = if part >= 2 { largest } else { 1.0 };
            assert_eq!(found[part].len(), expected[part].len());
            for (i, (a, b)) in found[part].iter().zip(&expected[part]).enumerate() {
                let difference = (a - b).abs() / b.abs().max(1.0) / scale;
                let Self { univariate, direction, shape, .. } = self;
                assert!(
                    difference <= tolerance, // false for NaN
                    "{univariate:?} {direction:?} {shape:?}, {what} {i}: found {a}, expected {b} {against}"
                );
            }
        }
    }
}

/// Inputs inside and outside of splines, at their ends and at their middle.
fn inputs(n: usize, numbers: &mut Numbers) -> Vec<f64> {
    let mut x = numbers.between(-6.0, 6.0, n);
    let special = [5.0, -5.0, 3.0, -3.0, 0.0, 1e6, -1e6];
    x.iter_mut().step_by(3).zip(special).for_each(|(x, s)| *x = s);
    x
}

/// A software device takes long to compile kernels, so the composed ones are asked for only of each third univariate, and
/// all widths of rows only of the first.
fn compare(all: Vec<AnyUnivariate>) {
    let Some(device) = gpu() else { return };
    let mut numbers = Numbers(3);
    let shapes = [([9, 5], 1.0), ([9, 5], 4.0), ([1, 1], 1.0), ([70, 3], 1.0), ([5, 70], 4.0)];
    for (i, univariate) in all.into_iter().enumerate() {
        // each width of rows is another kernel
        for &(shape, spread) in if i == 0 { &shapes[..] } else { &shapes[..2] } {
            for direction in [Direction::Forward, Direction::Inverse] {
                let n = shape[0] * shape[1];
                let x = inputs(n, &mut numbers);
                let params = numbers.between(-spread, spread, n * univariate.num_params());
                let case = Case { univariate, direction, shape, x, params };
                let found = case.run(&device, DType::F32, true);
                let exact = case.run(&Device::flex(), DType::F64, false);
                case.check(&found, &exact, 2e-4 * spread, "(f64)");
                if shape == [9, 5] && i % 3 == 0 {
                    let composed = case.run(&device, DType::F32, false);
                    case.check(&found, &composed, 2e-4 * spread, "(the same device)");
                }
            }
        }
    }
}

#[test]
fn splines_agree_with_the_composed_ones() {
    compare(splines());
}

#[test]
fn affine_functions_agree_with_the_composed_ones() {
    compare(affines());
}

/// Parameters so large that exponentials overflow: all is finite.
#[test]
fn extreme_parameters_stay_finite() {
    let Some(device) = gpu() else { return };
    let mut numbers = Numbers(4);
    for univariate in splines().into_iter().chain(affines()) {
        for direction in [Direction::Forward, Direction::Inverse] {
            let shape = [16, 4];
            let x = numbers.between(-4.0, 4.0, 64);
            let mut params = numbers.between(-1.0, 1.0, 64 * univariate.num_params());
            let extreme = [1e3, -1e3, 50.0, -50.0, 1e6, -1e6];
            params.iter_mut().step_by(5).zip(extreme.iter().cycle()).for_each(|(p, e)| *p = *e);
            let case = Case { univariate, direction, shape, x, params };
            let found = case.run(&device, DType::F32, true);
            // what an affine function makes of e^60 is finite, and its gradients are not
            let parts = if univariate.num_params() == 2 { 2 } else { 4 };
            assert!(found[..parts].iter().flatten().all(|v| v.is_finite()), "{univariate:?} {direction:?}");
        }
    }
}

/// Columns at even distances, the others passing through, against the host's kernel.
#[test]
fn columns_agree_with_the_host() {
    let Some(device) = gpu() else { return };
    let (rows, features) = (70, 7);
    let mut numbers = Numbers(5);
    let x = numbers.between(-4.0, 4.0, rows * features);
    let upstream = numbers.between(-1.0, 1.0, rows * features);
    for univariate in [splines()[0], affines()[1]] {
        let p = univariate.num_params();
        for columns in [vec![0, 2, 4, 6], vec![1, 3, 5], vec![4, 5, 6], vec![2], (0..7).collect()] {
            let params = numbers.between(-2.0, 2.0, rows * columns.len() * p);
            let columns: Arc<[usize]> = columns.into();
            let run = |device: &Device| {
                let device = device.clone().autodiff();
                let tensor = |values: &[f64]| TensorData::new(values.to_vec(), [rows, features]);
                let x = Tensor::<2>::from_data(tensor(&x), &device).require_grad();
                let of_params = TensorData::new(params.clone(), [rows, columns.len(), p]);
                let params = Tensor::<3>::from_data(of_params, &device).require_grad();
                let fused = univariate.fused().expect("a fused operation");
                let (y, sums) = apply_to_columns(&x, &params, fused, Direction::Forward, columns.clone())
                    .expect("a kernel for the device");
                let grads = (y.clone() * Tensor::from_data(tensor(&upstream), &device)).sum().backward();
                let (of_x, of_params) = (x.grad(&grads).expect("x"), params.grad(&grads).expect("params"));
                [host(y), host(sums), host(of_x), host(of_params)]
            };
            for (found, expected) in run(&device).into_iter().zip(run(&Device::flex())) {
                for (a, b) in found.iter().zip(&expected) {
                    let near = (a - b).abs() <= 5e-4 * b.abs().max(1.0);
                    assert!(near, "{univariate:?} {columns:?}: found {a}, expected {b}");
                }
            }
        }
    }
}

/// One set of parameters for all rows, whose gradients are sums over the rows.
#[test]
fn shared_parameters_agree_with_the_host() {
    let Some(device) = gpu() else { return };
    let mut numbers = Numbers(6);
    let x = numbers.between(-4.0, 4.0, 18);
    let univariate = splines()[0];
    let params = numbers.between(-2.0, 2.0, 3 * univariate.num_params());
    let run = |device: &Device| {
        let device = device.clone().autodiff();
        let x = Tensor::<2>::from_data(TensorData::new(x.clone(), [6, 3]), &device);
        let params = TensorData::new(params.clone(), [1, 3, univariate.num_params()]);
        let params = Tensor::<3>::from_data(params, &device).require_grad();
        let (y, sums) = univariate.inverse(x, params.clone());
        // the values alone, so that the sums have no gradient
        let grads = y.clone().square().sum().backward();
        [host(y), host(sums), host(params.grad(&grads).expect("params"))]
    };
    for (found, expected) in run(&device).iter().zip(&run(&Device::flex())) {
        for (a, b) in found.iter().zip(expected) {
            assert!((a - b).abs() <= 5e-4 * b.abs().max(1.0), "found {a}, expected {b}");
        }
    }
}

/// Columns without order are left to the caller.
#[test]
fn uneven_columns_are_refused() {
    let Some(device) = gpu() else { return };
    let fused = affines()[0].fused().expect("a fused operation");
    for columns in [vec![0, 1, 3], vec![2, 1, 0], vec![1, 1], vec![]] {
        let x = Tensor::<2>::zeros([2, 4], &device);
        let params = Tensor::<3>::zeros([2, columns.len(), 2], &device);
        assert!(apply_to_columns(&x, &params, fused, Direction::Forward, columns.into()).is_none());
    }
}
