//! Maps without a mask.

use super::*;
use tissot_kernels::dense::dense;

const SHAPES: [[usize; 3]; 13] = [
    [40, 1, 64], // thin
    [41, 2, 37],
    [42, 3, 9],
    [43, 4, 1],
    [1, 1, 1],
    [1, 17, 33],
    [17, 33, 1],
    [17, 1, 33],
    [17, 33, 5],
    [256, 100, 43],
    [300, 257, 129], // large enough for several threads
    [1100, 7, 65],   // several blocks of rows
    [4, 300, 300],
];

type Map = dyn Fn(Tensor<2>, Tensor<2>, Option<Tensor<1>>, Option<Activation>) -> Tensor<2>;

/// Which of x, w, b are tracked, and whether there is a bias.
#[derive(Clone, Copy, Debug)]
struct Case {
    shape: [usize; 3],
    dtype: DType,
    act: Option<Activation>,
    bias: bool,
    tracked: [bool; 3],
}

fn run(case: Case, map: &Map) -> Outcome {
    let Case { shape: [n, i, o], dtype, act, bias, tracked } = case;
    let device = Device::flex().autodiff();
    let x = track(matrix(1, [n, i], dtype, &device), tracked[0]);
    let w = track(matrix(2, [i, o], dtype, &device), tracked[1]);
    let b = bias.then(|| track(vector(3, o, dtype, &device), tracked[2]));
    let y = map(x.clone(), w.clone(), b.clone(), act);
    let value = Some(numbers(y.clone()));
    if !tracked.contains(&true) {
        return [value, None, None, None];
    }
    let grads = (y * matrix(4, [n, o], dtype, &device)).sum().backward();
    let gb = b.and_then(|b| b.grad(&grads)).map(numbers);
    [value, x.grad(&grads).map(numbers), w.grad(&grads).map(numbers), gb]
}

fn check(case: Case) {
    let found = run(case, &|x, w, b, act| dense(x, w, b, act));
    let expected = run(case, &|x, w, b, act| composed(x, w, b, act, None));
    assert_eq!(expected[1].is_some(), case.tracked[0], "{case:?}");
    assert_eq!(expected[2].is_some(), case.tracked[1], "{case:?}");
    assert_close(&found, &expected, case.dtype, &format!("{case:?}"));
}

#[test]
fn values_and_gradients_are_those_of_the_composed_map() {
    for shape in SHAPES {
        for dtype in [DType::F64, DType::F32] {
            for act in activations() {
                check(Case { shape, dtype, act, bias: true, tracked: [true; 3] });
            }
        }
    }
}

#[test]
fn a_map_without_bias_is_right() {
    for act in activations() {
        for shape in [[1, 1, 1], [17, 33, 20]] {
            check(Case { shape, dtype: DType::F64, act, bias: false, tracked: [true, true, false] });
        }
    }
}

#[test]
fn gradients_come_for_what_is_tracked_alone() {
    for act in activations() {
        for bits in 0..8 {
            let tracked = [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0];
            if tracked == [false; 3] {
                continue;
            }
            check(Case { shape: [9, 6, 11], dtype: DType::F64, act, bias: true, tracked });
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            for act in activations() {
                for shape in [[300, 257, 129], [1100, 70, 65], [3, 900, 900]] {
                    check(Case { shape, dtype: DType::F64, act, bias: true, tracked: [true; 3] });
                }
            }
        });
    }
}

/// Views: each makes a `[19, 23]` matrix out of one that it is a part of.
fn views(seed: u64, dtype: DType, device: &Device) -> [Tensor<2>; 4] {
    [
        matrix(seed, [23, 19], dtype, device).transpose(),
        matrix(seed, [19, 30], dtype, device).narrow(1, 4, 23),
        matrix(seed, [30, 23], dtype, device).narrow(0, 5, 19),
        matrix(seed, [19, 23], dtype, device).flip([0, 1]),
    ]
}

#[test]
fn views_are_read_where_they_lie() {
    let device = Device::flex().autodiff();
    let dtype = DType::F64;
    for act in activations() {
        for x in views(1, dtype, &device) {
            for w in views(2, dtype, &device) {
                let run = |map: &Map| {
                    let (x, w) = (x.clone().require_grad(), w.clone().transpose().require_grad());
                    let b = vector(3, 40, dtype, &device).narrow(0, 7, 19).require_grad();
                    let y = map(x.clone(), w.clone(), Some(b.clone()), act);
                    // The gradient that comes back is a transposed view.
                    let c = matrix(4, [19, 19], dtype, &device);
                    let grads = (y.clone().transpose() * c).sum().backward();
                    let gb = b.grad(&grads).map(numbers);
                    [Some(numbers(y)), x.grad(&grads).map(numbers), w.grad(&grads).map(numbers), gb]
                };
                let found = run(&|x, w, b, act| dense(x, w, b, act));
                let expected = run(&|x, w, b, act| composed(x, w, b, act, None));
                assert_close(&found, &expected, dtype, "a view");
            }
        }
    }
}

/// A gradient that is one number seen many times, and one that another operation gets too.
#[test]
fn gradients_of_others_are_left_alone() {
    let device = Device::flex().autodiff();
    let (x, w) = (matrix(1, [6, 4], DType::F64, &device), matrix(2, [4, 5], DType::F64, &device));
    for act in activations() {
        let run = |map: &Map| {
            let (x, w) = (x.clone().require_grad(), w.clone().require_grad());
            let other = matrix(3, [6, 5], DType::F64, &device).require_grad();
            let y = map(x.clone(), w.clone(), None, act);
            let grads = (y.clone() + other.clone()).sum().backward();
            let go = other.grad(&grads).map(numbers);
            assert_eq!(go, Some(vec![1.0; 30]), "{act:?}");
            [Some(numbers(y)), x.grad(&grads).map(numbers), w.grad(&grads).map(numbers), go]
        };
        let found = run(&|x, w, b, act| dense(x, w, b, act));
        let expected = run(&|x, w, b, act| composed(x, w, b, act, None));
        assert_close(&found, &expected, DType::F64, "a shared gradient");
    }
}

#[test]
fn maps_in_a_row_are_differentiated_through() {
    in_a_row(&Device::flex().autodiff());
}

#[test]
fn recomputed_activations_change_nothing() {
    in_a_row(&Device::flex().autodiff().gradient_checkpointing());
}

fn in_a_row(device: &Device) {
    let run = |map: &Map| {
        let x = matrix(1, [30, 8], DType::F64, device).require_grad();
        let w: Vec<_> = (0..3).map(|k| matrix(2 + k, [8, 8], DType::F64, device).require_grad()).collect();
        let b = vector(9, 8, DType::F64, device).require_grad();
        let mut h = x.clone() * 0.5;
        for (w, act) in w.iter().zip([Some(Activation::Relu), Some(Activation::Silu), None]) {
            h = map(h, w.clone(), Some(b.clone()), act) + 0.25;
        }
        let grads = h.clone().square().sum().backward();
        let gw = w.iter().flat_map(|w| numbers(w.grad(&grads).expect("a gradient"))).collect();
        [Some(numbers(h)), x.grad(&grads).map(numbers), Some(gw), b.grad(&grads).map(numbers)]
    };
    let found = run(&|x, w, b, act| dense(x, w, b, act));
    let expected = run(&|x, w, b, act| composed(x, w, b, act, None));
    assert_close(&found, &expected, DType::F64, "three maps");
}

#[test]
fn plain_devices_and_empty_batches_work() {
    let device = Device::flex();
    for (n, i, o) in [(5, 3, 4), (0, 3, 4), (5, 0, 4)] {
        let (x, w) = (matrix(1, [n, i], DType::F32, &device), matrix(2, [i, o], DType::F32, &device));
        let b = vector(3, o, DType::F32, &device);
        let y = dense(x.clone(), w.clone(), Some(b.clone()), Some(Activation::Relu));
        assert_eq!(y.dims(), [n, o]);
        if n > 0 && i > 0 {
            let expected = numbers(composed(x, w, Some(b), Some(Activation::Relu), None));
            assert!(numbers(y).iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-6));
        }
    }
    let device = device.autodiff();
    let w = matrix(2, [3, 4], DType::F32, &device).require_grad();
    let y = dense(Tensor::zeros([0, 3], &device), w.clone(), None, Some(Activation::Relu));
    let grads = y.sum().backward();
    assert_eq!(numbers(w.grad(&grads).expect("a gradient")), [0.0; 12]);
}

#[test]
fn weights_may_be_tracked_where_x_is_plain() {
    let (plain, device) = (Device::flex(), Device::flex().autodiff());
    let w = matrix(2, [3, 4], DType::F32, &device).require_grad();
    let y = dense(matrix(1, [5, 3], DType::F32, &plain), w.clone(), None, Some(Activation::Relu));
    assert!(w.grad(&y.sum().backward()).is_some());
}

#[test]
fn other_number_types_are_composed() {
    let device = Device::flex();
    let (x, w) = (matrix(1, [5, 3], DType::F16, &device), matrix(2, [3, 4], DType::F16, &device));
    let y = dense(x.clone(), w.clone(), None, Some(Activation::Relu));
    assert_eq!(y.dtype(), DType::F16);
    assert_eq!(numbers(y), numbers(composed(x, w, None, Some(Activation::Relu), None)));
}

#[test]
#[should_panic(expected = "x has 3 columns, but the weight has 4 rows")]
fn shapes_must_fit() {
    let device = Device::flex();
    let _ = dense(Tensor::zeros([2, 3], &device), Tensor::zeros([4, 5], &device), None, None);
}
