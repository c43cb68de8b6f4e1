//! The kernels against the composed operations, values and gradients.

use super::{Direction, Lu, composed, multiply, op, solve};
use burn::tensor::{DType, Device, Int, Tensor, TensorData};

/// Numbers from -1 to 1 by a linear congruence, times `scale`.
fn tensor<const D: usize>(seed: usize, shape: [usize; D], scale: f64, dtype: DType) -> Tensor<D> {
    let n: usize = shape.iter().product();
    let values: Vec<f64> =
        (0..n).map(|i| scale * (((i * 7919 + seed * 104_729) % 1009) as f64 / 504.5 - 1.0)).collect();
    Tensor::from_data(TensorData::new(values, shape), (&Device::flex().autodiff(), dtype))
}

fn numbers<const D: usize>(t: Tensor<D>) -> Vec<f64> {
    t.into_data().convert::<f64>().try_to_vec().expect("floats")
}

/// `i -> i step + start`, a permutation where `step` has no factor in common with `n`.
fn order(n: usize, step: usize, start: usize) -> Tensor<1, Int> {
    let order: Vec<i64> = (0..n).map(|i| ((i * step + start) % n) as i64).collect();
    Tensor::from_data(TensorData::new(order, [n]), &Device::flex())
}

/// `x`, L, U, the diagonal, the bias: what is not read of the matrices is large.
type Inputs<const D: usize> = (Tensor<D>, Tensor<2>, Tensor<2>, Tensor<1>, Tensor<1>);

fn inputs<const D: usize>(shape: [usize; D], dtype: DType) -> Inputs<D> {
    let n = shape[1];
    let scale = 1.0 / (n as f64).sqrt();
    let unread = Tensor::<2>::full([n, n], 1e3, (&Device::flex().autodiff(), dtype));
    let lower = tensor(1, [n, n], scale, dtype).tril(-1) + unread.clone().triu(0);
    let upper = tensor(2, [n, n], scale, dtype).triu(1) + unread.tril(0);
    let diagonal = tensor(3, [n], 0.5, dtype) + 1.2;
    let diagonal = diagonal.clone() * diagonal.mul_scalar(7.0).sin().sign();
    (tensor(4, shape, 2.0, dtype), lower, upper, diagonal, tensor(5, [n], 1.0, dtype))
}

/// The output and the gradients of what `tracked` names; `None` for the rest.
type Outcome = Vec<Option<Vec<f64>>>;

/// Output and gradients by `map`, with orders of the rows and columns where `ordered` says so.
fn run<const D: usize>(
    shape: [usize; D],
    dtype: DType,
    ordered: [bool; 2],
    tracked: [bool; 5],
    map: impl Fn(Tensor<D>, Lu, Tensor<1>) -> Tensor<D>,
) -> Outcome {
    let n = shape[1];
    let (x, lower, upper, diagonal, bias) = inputs(shape, dtype);
    let [lower, upper] = [lower.set_require_grad(tracked[1]), upper.set_require_grad(tracked[2])];
    let [diagonal, bias] = [diagonal.set_require_grad(tracked[3]), bias.set_require_grad(tracked[4])];
    let x = x.set_require_grad(tracked[0]);
    let weight = Lu {
        lower: lower.clone(),
        upper: upper.clone(),
        diagonal: diagonal.clone(),
        rows: ordered[0].then(|| order(n, n.saturating_sub(1).max(1), 2)),
        columns: ordered[1].then(|| order(n, 1, n / 2)),
    };
    let y = map(x.clone(), weight, bias.clone());
    let grads = (y.clone() * tensor(6, shape, 1.0, dtype)).sum().backward();
    let matrices = [&lower, &upper].map(|t| t.grad(&grads).map(numbers));
    let [of_l, of_u] = matrices;
    let [of_d, of_b] = [&diagonal, &bias].map(|t| t.grad(&grads).map(numbers));
    vec![Some(numbers(y)), x.grad(&grads).map(numbers), of_l, of_u, of_d, of_b]
}

fn check<const D: usize>(shape: [usize; D], dtype: DType, ordered: [bool; 2], tracked: [bool; 5]) {
    for direction in [Direction::Multiply, Direction::Solve] {
        let found =
            run(shape, dtype, ordered, tracked, |x, weight, bias| op::lu(x, weight, Some(bias), direction));
        let expected = run(shape, dtype, ordered, tracked, |x, weight, bias| {
            composed::lu(x, weight, Some(bias), direction)
        });
        let case = format!("{direction:?} {shape:?} {dtype:?} {ordered:?} {tracked:?}");
        let names = ["output", "gx", "gL", "gU", "gd", "gb"];
        let tolerance = if dtype == DType::F64 { 1e-12 } else { 2e-5 };
        for (name, (found, expected)) in names.into_iter().zip(found.into_iter().zip(expected)) {
            let (Some(found), Some(expected)) = (found.clone(), &expected) else {
                // Of one feature nothing is read of L and U, and what is composed gives no gradient at all.
                let nothing = found.is_none_or(|found| shape[1] == 1 && found == [0.0]);
                assert!(expected.is_none() && nothing, "{name} of {case}");
                continue;
            };
            assert_eq!(found.len(), expected.len(), "{name} of {case}");
            let largest = expected.iter().fold(1.0, |m: f64, v| m.max(v.abs()));
            for (i, (f, e)) in found.iter().zip(expected).enumerate() {
                assert!((f - e).abs() <= tolerance * largest, "{name} {i} of {case}: {f}, expected {e}");
            }
        }
    }
}

#[test]
fn values_and_gradients_are_those_of_the_composed_maps() {
    for dtype in [DType::F64, DType::F32] {
        for ordered in [[false, false], [true, false], [false, true], [true, true]] {
            for n in [1, 2, 3, 7, 32, 33, 70] {
                check([9, n], dtype, ordered, [true; 5]);
                check([1, n], dtype, ordered, [true; 5]);
                check([3, n, 2, 5], dtype, ordered, [true; 5]);
            }
        }
        // Several parts of a table, and enough for several threads.
        check([700, 100], dtype, [true, true], [true; 5]);
        check([600, 40, 1, 3], dtype, [false, true], [true; 5]);
    }
}

#[test]
fn gradients_come_for_what_is_tracked_alone() {
    for bits in 1..32 {
        let tracked = [0, 1, 2, 3, 4].map(|bit| bits >> bit & 1 != 0);
        check([4, 5], DType::F64, [true, false], tracked);
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            check([900, 96], DType::F64, [false, false], [true; 5]);
            check([50, 33, 17, 11], DType::F64, [true, true], [true; 5]);
        });
    }
}

#[test]
fn what_is_not_read_gets_no_gradient() {
    for direction in [Direction::Multiply, Direction::Solve] {
        let n = 40;
        let found = run([6, n], DType::F32, [true, true], [true; 5], |x, weight, bias| {
            op::lu(x, weight, Some(bias), direction)
        });
        let [lower, upper] = [2, 3].map(|k: usize| found[k].clone().expect("a gradient"));
        for (i, j) in (0..n * n).map(|k| (k / n, k % n)) {
            assert_eq!(lower[i * n + j] != 0.0, j < i, "gL[{i}, {j}] by {direction:?}");
            assert_eq!(upper[i * n + j] != 0.0, j > i, "gU[{i}, {j}] by {direction:?}");
        }
    }
}

/// The inverse of a triangle of ones has ones of either sign, and powers of it overflow what they cancel.
#[test]
fn ones_are_solved_exactly() {
    for n in [31, 64, 100] {
        let ones = || Tensor::<2>::ones([n, n], &Device::flex());
        let weight = || Lu {
            lower: ones(),
            upper: ones(),
            diagonal: Tensor::ones([n], &Device::flex()),
            rows: None,
            columns: None,
        };
        let x = tensor::<2>(7, [20, n], 504.5, DType::F32).inner().round();
        let back = solve(multiply(x.clone(), weight(), None), weight(), None);
        assert_eq!(numbers(back), numbers(x), "n = {n}");
    }
}

#[test]
fn views_and_empty_batches_are_read_where_they_lie() {
    let (x, lower, upper, diagonal, bias) = inputs([6, 5], DType::F64);
    let weight =
        |lower: Tensor<2>, upper| Lu { lower, upper, diagonal: diagonal.clone(), rows: None, columns: None };
    let z = multiply(x.clone(), weight(lower.clone(), upper.clone()), Some(bias.clone()));
    let turned =
        weight(lower.clone().transpose().repeat_dim(0, 1).transpose(), upper.clone().flip([0]).flip([0]));
    let again = multiply(x.clone().transpose().repeat_dim(0, 1).transpose(), turned, Some(bias.clone()));
    assert_eq!(numbers(z), numbers(again));
    for shape in [[0, 5, 2], [3, 5, 0]] {
        let none = Tensor::<3>::zeros(shape, (&Device::flex().autodiff(), DType::F64));
        let lower = lower.clone().require_grad();
        let y = solve(none, weight(lower.clone(), upper.clone()), Some(bias.clone()));
        assert_eq!(y.dims(), shape);
        let grads = y.sum().backward();
        assert_eq!(lower.grad(&grads).map(numbers), Some(vec![0.0; 25]));
    }
}

#[test]
#[should_panic(expected = "U must be 3 x 3, as x has 3 features; found [4, 4]")]
fn shapes_must_fit() {
    let device = Device::flex();
    let square = |n| Tensor::<2>::zeros([n, n], &device);
    let weight = Lu {
        lower: square(3),
        upper: square(4),
        diagonal: Tensor::ones([3], &device),
        rows: None,
        columns: None,
    };
    let _ = multiply(Tensor::<2>::zeros([2, 3], &device), weight, None);
}
