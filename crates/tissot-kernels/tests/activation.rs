//! Activations as one operation against the same composed of burn's, values and gradients.

mod common;

use burn::tensor::{DType, Device, Tensor, TensorData};
use common::{ACTIVATIONS, compose, draw, matrix, numbers};
use tissot_kernels::activation::{Activation, apply};

type Map<'a, const D: usize> = &'a dyn Fn(Tensor<D>) -> Tensor<D>;

/// `act(u)` and the gradient of `sum(act(u) c)`.
fn run<const D: usize>(u: Tensor<D>, map: Map<'_, D>) -> [Vec<f64>; 2] {
    let u = u.require_grad();
    let y = map(u.clone());
    let weights: Vec<f64> = draw(9, y.dims().iter().product());
    let weights = Tensor::<D>::from_data(TensorData::new(weights, y.dims()), (&u.device(), u.dtype()));
    let grads = (y.clone() * weights).sum().backward();
    [numbers(y), numbers(u.grad(&grads).expect("a gradient"))]
}

#[track_caller]
fn assert_close(found: &[Vec<f64>; 2], expected: &[Vec<f64>; 2], tolerance: f64, case: &str) {
    for (what, (found, expected)) in ["value", "gradient"].iter().zip(found.iter().zip(expected)) {
        assert_eq!(found.len(), expected.len(), "{case}");
        for (i, (f, e)) in found.iter().zip(expected).enumerate() {
            let both_nan = f.is_nan() && e.is_nan();
            let close = f == e || (f - e).abs() <= tolerance * e.abs().max(1.0);
            assert!(both_nan || close, "{what} {i} of {case}: {f:e}, expected {e:e}");
        }
    }
}

fn against_composed<const D: usize>(u: Tensor<D>, act: Activation, case: &str) {
    let tolerance = if u.dtype() == DType::F64 { 1e-14 } else { 1e-6 };
    let found = run(u.clone(), &|u| apply(u, act));
    let expected = run(u, &|u| compose(u, act));
    assert_close(&found, &expected, tolerance, &format!("{act:?}, {case}"));
}

#[test]
fn values_and_gradients_are_those_of_the_composed_function() {
    let device = Device::flex().autodiff();
    for act in ACTIVATIONS {
        for dtype in [DType::F64, DType::F32] {
            for shape in [[1, 1], [3, 5], [300, 257]] {
                let u = matrix(1, shape, dtype, &device) * 5.0;
                against_composed(u, act, &format!("{shape:?} {dtype:?}"));
            }
        }
    }
}

#[test]
fn views_and_other_ranks_are_read_where_they_lie() {
    let device = Device::flex().autodiff();
    let all = matrix(2, [6, 12], DType::F64, &device) * 3.0;
    for act in ACTIVATIONS {
        against_composed(all.clone().transpose(), act, "transposed");
        against_composed(all.clone().narrow(1, 3, 5), act, "columns");
        against_composed(all.clone().narrow(0, 2, 3), act, "rows");
        against_composed(all.clone().reshape([2, 3, 3, 4]), act, "rank 4");
        against_composed(all.clone().narrow(0, 0, 1).expand([4, 12]), act, "expanded");
    }
}

#[test]
fn what_others_hold_is_left_alone() {
    for device in [Device::flex(), Device::flex().autodiff()] {
        let u = matrix(3, [4, 5], DType::F32, &device);
        let before = numbers(u.clone());
        for act in ACTIVATIONS {
            let y = apply(u.clone(), act);
            assert_eq!(numbers(u.clone()), before, "{act:?}");
            let alone = apply(u.clone() + 0.0, act);
            assert_eq!(numbers(y), numbers(alone), "{act:?}");
        }
    }
}

/// The gradient that comes in may be another operation's as well.
#[test]
fn gradients_of_others_are_left_alone() {
    let device = Device::flex().autodiff();
    for act in ACTIVATIONS {
        let [u, other] = [4, 5].map(|seed| matrix(seed, [3, 4], DType::F64, &device).require_grad());
        let grads = (apply(u, act) + other.clone()).sum().backward();
        assert_eq!(other.grad(&grads).map(numbers), Some(vec![1.0; 12]), "{act:?}");
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let device = Device::flex().autodiff();
    let u = matrix(6, [301, 257], DType::F32, &device) * 4.0;
    for act in ACTIVATIONS {
        let all = [1, 3].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            pool.install(|| run(u.clone(), &|u| apply(u, act)))
        });
        assert_eq!(all[0], all[1], "{act:?}");
    }
}

#[test]
fn functions_in_a_row_are_differentiated_through() {
    for device in [Device::flex().autodiff(), Device::flex().autodiff().gradient_checkpointing()] {
        let u = matrix(7, [5, 6], DType::F64, &device);
        let chain = |one: &dyn Fn(Tensor<2>, Activation) -> Tensor<2>| {
            run(u.clone(), &|u| ACTIVATIONS.iter().fold(u, |u, &act| one(u * 1.5, act) - 0.25))
        };
        assert_close(&chain(&|u, act| apply(u, act)), &chain(&compose), 1e-13, "a chain");
    }
}

/// Far out, in f32, against f64, where nothing is cut off.
#[test]
fn values_and_gradients_are_right_far_out() {
    let far = [0.0, 1e-30, 1e-6, 0.3, 5.0, 19.9, 20.1, 40.0, 86.9, 87.1, 88.5, 100.0, 1e4, 1e20, 3e38];
    let both: Vec<f64> = far.iter().flat_map(|&u| [u, -u]).map(|u| f64::from(u as f32)).collect();
    let device = Device::flex().autodiff();
    for act in ACTIVATIONS {
        let [single, double] = [DType::F32, DType::F64].map(|dtype| {
            let u = Tensor::<1>::from_data(TensorData::new(both.clone(), [both.len()]), (&device, dtype));
            run(u, &|u| apply(u, act))
        });
        assert!(single.iter().flatten().all(|v| v.is_finite()), "{act:?}: {single:?}");
        assert_close(&single, &double, 2e-7, &format!("{act:?} in f32"));
        let u = Tensor::<1>::from_data(TensorData::new(both.clone(), [both.len()]), (&device, DType::F64));
        assert_close(&double, &run(u, &|u| compose(u, act)), 1e-14, &format!("{act:?} in f64"));
    }
}

#[test]
fn nothing_hides_a_nan_and_infinities_have_limits() {
    let device = Device::flex().autodiff();
    for act in ACTIVATIONS {
        for dtype in [DType::F32, DType::F64] {
            let u = Tensor::<1>::from_data([f64::NAN, f64::INFINITY, f64::NEG_INFINITY], (&device, dtype));
            let [found, gradient] = run(u.clone(), &|u| apply(u, act));
            let expected = numbers(compose(u, act));
            assert!(found[0].is_nan(), "{act:?}");
            // The gradient of a ReLU's kind knows nothing of the size of what it comes from.
            let jumps = matches!(act, Activation::Relu | Activation::LeakyRelu { .. });
            assert!(jumps || gradient[0].is_nan(), "{act:?}");
            for (f, e) in found[1..].iter().zip(&expected[1..]) {
                assert!(
                    e.is_nan() || f == e || (f - e).abs() <= 2e-7 * e.abs().max(1.0),
                    "{act:?}: {f}, expected {e}"
                );
            }
        }
    }
}

/// To the bit, signs of 0 apart.
#[test]
fn the_edge_of_a_relu_is_burn_s() {
    let device = Device::flex().autodiff();
    let u = [-0.0, 0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY, -1e-30, 1e-30, -2.0];
    for act in [Activation::Relu, Activation::LeakyRelu { slope: 0.25 }] {
        let run = |map: Map<'_, 1>| {
            let u = Tensor::<1>::from_data(u, &device).require_grad();
            let y = map(u.clone());
            let grads = y.clone().sum().backward();
            let both = (numbers(y), numbers(u.grad(&grads).expect("a gradient")));
            format!("{both:?}").replace("-0.0", "0.0")
        };
        assert_eq!(run(&|u| apply(u, act)), run(&|u| compose(u, act)), "{act:?}");
    }
}

#[test]
fn other_number_types_are_composed() {
    let u = matrix(8, [5, 3], DType::F16, &Device::flex());
    for act in ACTIVATIONS {
        let y = apply(u.clone(), act);
        assert_eq!(y.dtype(), DType::F16);
        let expected = numbers(compose(u.clone(), act));
        assert!(numbers(y).iter().zip(&expected).all(|(f, e)| (f - e).abs() < 4e-3), "{act:?}");
    }
}

#[test]
fn nothing_in_is_nothing_out() {
    let u = Tensor::<2>::zeros([0, 3], &Device::flex().autodiff()).require_grad();
    for act in ACTIVATIONS {
        assert_eq!(apply(u.clone(), act).dims(), [0, 3]);
    }
}

#[test]
#[should_panic(expected = "alpha and scale of an ELU must be positive; found -1 and 1")]
fn an_elu_must_be_increasing() {
    let u = Tensor::<1>::zeros([1], &Device::flex());
    let _ = apply(u, Activation::Elu { alpha: -1.0, scale: 1.0 });
}
