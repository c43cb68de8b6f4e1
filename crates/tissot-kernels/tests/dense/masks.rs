//! Maps with a mask: staircases of every direction, with and without context, and none.

use super::*;
use burn::tensor::Int;
use std::sync::Arc;
use tissot_kernels::dense::{Mask, masked_dense};

/// Degrees of inputs and outputs, as a masked autoencoder has them.
fn cases() -> Vec<(&'static str, Vec<usize>, Vec<usize>)> {
    let features = 43;
    let hidden = |units: usize, lowest: usize| {
        let mut d: Vec<usize> = (0..units).map(|u| lowest + u % (features - lowest)).collect();
        d.sort_unstable();
        d
    };
    let ascending: Vec<usize> = (1..=features).collect();
    let descending: Vec<usize> = (1..=features).rev().collect();
    let given: Vec<usize> = (0..features).map(|f| f * 18 % features + 1).collect();
    let with_context = |d: &[usize]| d.iter().copied().chain([0; 5]).collect::<Vec<_>>();
    let outputs = |d: &[usize]| d.iter().flat_map(|d| [d - 1; 3]).collect::<Vec<_>>();
    let mut all = vec![("between hidden layers", hidden(150, 1), hidden(130, 1))];
    for (name, order) in [("ascending", &ascending), ("descending", &descending), ("given", &given)] {
        all.push((name, order.clone(), hidden(140, 1)));
        all.push((name, with_context(order), hidden(140, 0)));
        all.push((name, hidden(140, 1), outputs(order)));
    }
    all.push(("all forbidden", vec![2; 60], vec![1; 60]));
    all.push(("all allowed", vec![0; 60], vec![1; 60]));
    all.push(("small", vec![1, 2], vec![1]));
    all
}

fn forbidden(from: &[usize], to: &[usize], device: &Device) -> Tensor<2, Bool> {
    let values: Vec<i64> = from.iter().flat_map(|i| to.iter().map(move |j| i64::from(i > j))).collect();
    Tensor::<2, Int>::from_data(TensorData::new(values, [from.len(), to.len()]), device).bool()
}

/// With masked weights that are 0 already, and with some that are not.
fn check(
    from: &[usize],
    to: &[usize],
    rows: usize,
    dtype: DType,
    act: Option<Activation>,
    stale: bool,
    name: &str,
) {
    let device = Device::flex().autodiff();
    let mask = Arc::new(Mask::from_degrees(from, to));
    let never = forbidden(from, to, &device);
    let run = |fused: bool| {
        let x = matrix(1, [rows, from.len()], dtype, &device).require_grad();
        let w = matrix(2, [from.len(), to.len()], dtype, &device);
        let w = if stale { w } else { w.mask_fill(never.clone(), 0.0) }.require_grad();
        let b = vector(3, to.len(), dtype, &device).require_grad();
        let (x2, w2, b2) = (x.clone(), w.clone(), Some(b.clone()));
        let y = if fused {
            masked_dense(x2, w2, b2, act, &mask, || panic!("the kernel needs no tensor"))
        } else {
            composed(x2, w2, b2, act, Some(never.clone()))
        };
        let grads = (y.clone() * matrix(4, [rows, to.len()], dtype, &device)).sum().backward();
        let gb = b.grad(&grads).map(numbers);
        let unchanged = numbers(w.clone());
        ([Some(numbers(y)), x.grad(&grads).map(numbers), w.grad(&grads).map(numbers), gb], unchanged)
    };
    let ((found, weight), (expected, untouched)) = (run(true), run(false));
    assert_eq!(weight, untouched, "the stored weight is nobody else's to change");
    let case = format!("{name}, {rows} rows, {act:?}, {dtype:?}, stale: {stale}");
    assert_close(&found, &expected, dtype, &case);
    let gw = found[2].as_ref().expect("a gradient");
    for (i, j) in (0..from.len()).flat_map(|i| (0..to.len()).map(move |j| (i, j))) {
        let g = gw[i * to.len() + j];
        assert!(
            from[i] <= to[j] || (g == 0.0 && g.is_sign_positive()),
            "{case}: the gradient at {i}, {j} is {g}"
        );
    }
}

#[test]
fn values_and_gradients_are_those_of_the_composed_map() {
    for (name, from, to) in cases() {
        for act in [None, Some(Activation::Relu), Some(Activation::Silu)] {
            for stale in [false, true] {
                check(&from, &to, 50, DType::F64, act, stale, name);
                check(&from, &to, 1, DType::F64, act, stale, name);
                check(&from, &to, 50, DType::F32, act, stale, name);
            }
        }
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let degrees: Vec<usize> = (0..300).collect();
    for threads in [1, 3] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| check(&degrees, &degrees, 600, DType::F64, Some(Activation::Relu), true, "many"));
    }
}

#[test]
fn other_number_types_are_composed() {
    let device = Device::flex();
    let (from, to) = (vec![1, 2, 3], vec![1, 2]);
    let mask = Arc::new(Mask::from_degrees(&from, &to));
    let (x, w) = (matrix(1, [5, 3], DType::F16, &device), matrix(2, [3, 2], DType::F16, &device));
    let never = forbidden(&from, &to, &device);
    let y = masked_dense(x.clone(), w.clone(), None, Some(Activation::Relu), &mask, || never.clone());
    assert_eq!(numbers(y), numbers(composed(x, w, None, Some(Activation::Relu), Some(never))));
}

#[test]
#[should_panic(expected = "the mask must have the shape of the weight")]
fn the_mask_must_fit() {
    let device = Device::flex();
    let mask = Arc::new(Mask::from_degrees(&[1], &[1]));
    let _ = masked_dense(
        Tensor::zeros([2, 3], &device),
        Tensor::zeros([3, 5], &device),
        None,
        None,
        &mask,
        || unreachable!(),
    );
}
