//! The fused operations against the composed ones: values, log-dets, gradients.

use super::{Numbers, all, assert_near, splines, tensor, values};
use burn::tensor::{DType, Tensor};
use tissot::univariate::{AnyUnivariate, Univariate};
use tissot_kernels::univariate::{self as kernels, Direction};

type Summed = fn(&AnyUnivariate, Tensor<2>, Tensor<3>) -> (Tensor<2>, Tensor<1>);

fn composed(u: &AnyUnivariate, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<1>) {
    let (y, slopes) = u.elementwise(x, params);
    (y, slopes.sum_dim(1).squeeze_dim(1))
}

fn composed_inverse(u: &AnyUnivariate, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<1>) {
    let (x, slopes) = u.elementwise_inverse(y, params);
    (x, slopes.sum_dim(1).squeeze_dim(1))
}

const PAIRS: [(&str, Summed, Summed); 2] =
    [("forward", AnyUnivariate::forward, composed), ("inverse", AnyUnivariate::inverse, composed_inverse)];

/// Values, log-dets, and the gradients of a weighted sum of both.
fn all_of(
    of: Summed,
    u: &AnyUnivariate,
    (x, shape): (&[f64], [usize; 2]),
    (params, batch): (&[f64], usize),
    dtype: DType,
) -> [Vec<f64>; 4] {
    let p = u.num_params();
    let x = tensor(x, shape, dtype).require_grad();
    let params = tensor(params, [batch, shape[1], p], dtype).require_grad();
    let (y, log_det) = of(u, x.clone(), params.clone());
    let mut numbers = Numbers(9);
    let weights = tensor(&numbers.between(-1.0, 1.0, shape[0] * shape[1]), shape, dtype);
    let log_weights = tensor(&numbers.between(-1.0, 1.0, shape[0]), [shape[0]], dtype);
    let loss = (y.clone() * weights).sum() + (log_det.clone() * log_weights).sum();
    let grads = loss.backward();
    let found = [x.grad(&grads).expect("x"), params.grad(&grads).expect("params").reshape([0, -1])];
    let [x, params] = found.map(|g| g.into_data().iter::<f64>().collect());
    [values(&y), values(&log_det), x, params]
}

/// Inputs inside and outside of splines, at their ends and at their middle.
fn inputs(n: usize, numbers: &mut Numbers) -> Vec<f64> {
    let mut x = numbers.between(-6.0, 6.0, n);
    let special = [5.0, -5.0, 3.0, -3.0, 0.0, 1e6, -1e6];
    x.iter_mut().step_by(7).zip(special).for_each(|(x, s)| *x = s);
    x
}

#[test]
fn agree_with_the_composed_ones() {
    let mut numbers = Numbers(3);
    for u in all() {
        for (shape, shared) in [([1, 1], false), ([3, 2], true), ([70, 3], false), ([700, 5], false)] {
            for spread in [1.0, 4.0] {
                let n = shape[0] * shape[1];
                let x = inputs(n, &mut numbers);
                let batch = if shared { 1 } else { shape[0] };
                let params = numbers.between(-spread, spread, batch * shape[1] * u.num_params());
                for (name, fused, composed) in PAIRS {
                    for (dtype, tolerance) in [(DType::F64, 1e-10), (DType::F32, 2e-4 * spread)] {
                        let found = all_of(fused, &u, (&x, shape), (&params, batch), dtype);
                        let expected = all_of(composed, &u, (&x, shape), (&params, batch), dtype);
                        let largest = expected[3].iter().fold(1.0f64, |m, g| m.max(g.abs()));
                        for (part, what) in ["value", "log_det", "x", "params"].iter().enumerate() {
                            let scale = if part >= 2 { largest } else { 1.0 };
                            let what = format!("{u:?} {name} {shape:?} {dtype:?} spread {spread}: {what}");
                            assert_near(&found[part], &expected[part], tolerance * scale, &what);
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn a_nan_stays_one() {
    for spline in splines() {
        let p = spline.num_params();
        let good = vec![0.1; p];
        for (x, spoilt) in [(f64::NAN, None), (0.3, Some(0)), (0.3, Some(spline.bins)), (0.3, Some(p / 2))] {
            let mut params = good.clone();
            if let Some(k) = spoilt {
                params[k] = f64::NAN;
            }
            for (_, of, _) in PAIRS {
                let y = of(
                    &spline.into(),
                    tensor(&[x], [1, 1], DType::F32),
                    tensor(&params, [1, 1, p], DType::F32),
                )
                .0;
                assert!(values(&y)[0].is_nan(), "{spline:?} at {x}, parameter {spoilt:?}");
            }
        }
    }
}

/// Some columns, in an order of their own, against taking them out and putting them back.
#[test]
fn columns_are_those_of_the_whole() {
    let (rows, features, columns) = (70, 5, [3, 0, 4]);
    let mut numbers = Numbers(5);
    let x = inputs(rows * features, &mut numbers);
    for u in all() {
        let Some(fused) = u.fused() else { continue };
        let p = u.num_params();
        let params = numbers.between(-2.0, 2.0, rows * columns.len() * p);
        let upstream = numbers.between(-1.0, 1.0, rows * features);
        for direction in [Direction::Forward, Direction::Inverse] {
            let run = |by_columns: bool| {
                let x = tensor(&x, [rows, features], DType::F64).require_grad();
                let params = tensor(&params, [rows, columns.len(), p], DType::F64).require_grad();
                let (y, log_det) = if by_columns {
                    let columns = columns.to_vec().into();
                    kernels::apply_to_columns(&x, &params, fused, direction, columns).expect("a kernel")
                } else {
                    let pick = |c: usize| x.clone().narrow(1, c, 1);
                    let moved = Tensor::cat(columns.map(pick).to_vec(), 1);
                    let (y, log_det) = kernels::apply(&moved, &params, fused, direction).expect("a kernel");
                    let put = |x: Tensor<2>, k: usize| {
                        let c = columns[k];
                        x.slice_assign([0..rows, c..c + 1], y.clone().narrow(1, k, 1))
                    };
                    ((0..columns.len()).fold(x.clone(), put), log_det)
                };
                let upstream = tensor(&upstream, [rows, features], DType::F64);
                let grads = ((y.clone() * upstream).sum() + log_det.clone().sum()).backward();
                let x = x.grad(&grads).expect("x").into_data().iter::<f64>().collect();
                let params = params.grad(&grads).expect("params").into_data().iter::<f64>().collect();
                [values(&y), values(&log_det), x, params]
            };
            for (found, expected) in run(true).into_iter().zip(run(false)) {
                assert_near(&found, &expected, 1e-12, &format!("{u:?} {direction:?}"));
            }
        }
    }
}
