//! The gradients of the incremental inverse against those of the one that passes the whole network for each feature.

use super::*;
use burn::module::{ModuleVisitor, Param};
use burn::tensor::Gradients;

/// The gradients of all weights, one after another.
struct Collect<'a> {
    grads: &'a Gradients,
    found: Vec<f64>,
}

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val();
        let grad = value.grad(self.grads).unwrap_or_else(|| value.inner().zeros_like());
        self.found.extend(grad.into_data().iter::<f64>());
    }
}

/// The gradients of `sum a x + sum b log_det` with random `a`, `b`: of `z`, of the context, of the weights.
fn gradients<B: Bijection<2>>(layer: &B, z: Tensor<2>, context: Option<Tensor<2>>) -> [Vec<f64>; 3] {
    let z = z.autodiff().require_grad();
    let context = context.map(|context| context.autodiff().require_grad());
    let (x, log_det) = layer.inverse(z.clone(), context.as_ref().map_or(Context::NONE, Context::of));
    let [rows, features] = x.dims();
    let dtype = z.dtype();
    let random = |dims| random(dims, FloatDType::F64, 9).cast(dtype);
    let (a, b) = (random([rows, features]), random([rows, 1]).squeeze_dim::<1>(1));
    let grads = ((x * a).sum() + (log_det * b).sum()).backward();
    let of = |tensor: &Tensor<2>| tensor.grad(&grads).expect("a gradient").into_data().iter().collect();
    let mut collect = Collect { grads: &grads, found: Vec::new() };
    layer.visit(&mut collect);
    [of(&z), context.as_ref().map_or(Vec::new(), of), collect.found]
}

/// Compares the gradients of both inverses in both types.
fn check(case: &Case, rows: &[usize]) {
    for (dtype, tolerance) in [(FloatDType::F64, 1e-9), (FloatDType::F32, 1e-3)] {
        let layer = case.layer(dtype).train();
        let opaque = Autoregressive::new(Opaque { net: layer.net.clone() }, *layer.univariate());
        for &rows in rows {
            let z = random([rows, case.features], dtype, 1);
            let context = (case.context > 0).then(|| random([rows, case.context], dtype, 2));
            let found = gradients(&layer, z.clone(), context.clone());
            let expected = gradients(&opaque, z, context);
            for ((found, expected), what) in found.iter().zip(&expected).zip(["z", "context", "weights"]) {
                assert_eq!(found.len(), expected.len(), "{case:?}: {what}");
                let largest = expected.iter().fold(1.0, |largest: f64, g| largest.max(g.abs()));
                for (i, (found, expected)) in found.iter().zip(expected).enumerate() {
                    let error = (found - expected).abs() / largest;
                    let name = format!("{case:?}, {dtype:?}, {rows} rows: {what} {i}");
                    assert!(error <= tolerance, "{name}: {found}, expected {expected}"); // false for NaN
                }
            }
        }
    }
}

#[test]
fn gradients_agree_for_all_orders_and_depths() {
    let widths: [&[usize]; 5] = [&[], &[3], &[40], &[30, 47], &[12, 5, 20]];
    for hidden in widths {
        for order in [Order::Ascending, Order::Descending, Order::Given(vec![4, 0, 6, 2, 1, 3, 5])] {
            let case = Case::new(7, MadeConfig { order, activation: Activation::Silu, ..made(hidden) });
            check(&case, &[1, 5, 21]);
            check(&case.under(2), &[9]);
        }
    }
    check(&Case::new(25, made(&[30, 30])), &[4]);
    check(&Case::new(1, made(&[5])).under(2), &[4]);
}

#[test]
fn gradients_agree_for_residual_networks() {
    for blocks in [1, 2, 3] {
        let made = MadeConfig { blocks, activation: Activation::Tanh, ..made(&[23]) };
        check(&Case::new(5, made.clone()), &[3, 20]);
        let nflows = MadeConfig { context_rule: ContextRule::Nflows, ..made };
        check(&Case::new(5, nflows).under(2), &[3, 20]);
    }
}

#[test]
fn gradients_agree_for_all_activations() {
    for activation in ACTIVATIONS {
        check(&Case::new(4, MadeConfig { activation, ..made(&[16, 16]) }), &[10]);
    }
}

#[test]
fn gradients_agree_for_all_univariates() {
    for (_, univariate) in table::univariates() {
        check(&Case::new(4, made(&[20])).moved_by(univariate), &[10]);
    }
}

/// Units are dropped anew in each pass, so that the passes of one inverse need not agree: nothing to solve.
#[test]
fn a_network_that_drops_units_is_passed_for_each_feature() {
    let case = Case::new(4, MadeConfig { dropout: 0.5, ..made(&[20]) });
    let layer = case.layer(FloatDType::F32);
    assert!(layer.net.incremental(Context::NONE).is_some());
    assert!(layer.train().net.incremental(Context::NONE).is_none());
}
