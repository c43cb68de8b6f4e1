//! Gradients of the log-density against central differences, by weights and by places.

use super::*;
use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Gradients;

const STEP: f64 = 1e-6;

/// The gradients of all float weights, in their order.
fn of_weights(flow: &AnyFlow, gradients: &Gradients) -> Vec<f64> {
    struct Visit<'a>(&'a Gradients, Vec<f64>);
    impl ModuleVisitor for Visit<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let gradient = param.val().grad(self.0).map(host);
            self.1.extend(gradient.unwrap_or_else(|| panic!("no gradient for {:?}", param.val().dims())));
        }
    }
    let mut visit = Visit(gradients, Vec::new());
    flow.visit(&mut visit);
    visit.1
}

/// The flow with one number of its weights moved.
fn moved(flow: &AnyFlow, which: usize, by: f64) -> AnyFlow {
    struct Move(usize, f64, usize);
    impl ModuleMapper for Move {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Self(which, by, seen) = self;
            param.map(|value| {
                let dims = value.dims();
                let mut values = host(value.clone());
                if (*seen..*seen + values.len()).contains(which) {
                    values[*which - *seen] += *by;
                }
                *seen += values.len();
                Tensor::from_data(TensorData::new(values, dims), (&value.device(), value.dtype()))
            })
        }
    }
    flow.clone().map(&mut Move(which, by, 0))
}

#[test]
fn gradients_are_slopes() {
    for (name, _, config) in cases() {
        let (n, flow) = (config.features, random(&config, 0.8));
        // Some rows beyond one turn.
        let x: Vec<f64> = places(n).iter().take(8 * n).map(|x| 2.0 * x).collect();
        let loss = |flow: &AnyFlow, x: Vec<f64>| log_prob(flow, x, n).iter().sum::<f64>();
        let trained = flow.clone().train();
        let at = rows(x.clone(), n).autodiff().require_grad();
        let gradients = trained.log_prob(at.clone(), Context::NONE).sum().backward();
        let by_x = host(at.grad(&gradients).unwrap());
        for (i, found) in by_x.iter().enumerate() {
            let shifted = |step: f64| {
                let mut x = x.clone();
                x[i] += step;
                loss(&flow, x)
            };
            let slope = (shifted(STEP) - shifted(-STEP)) / (2.0 * STEP);
            assert!(
                (found - slope).abs() < 1e-5 * slope.abs().max(1.0),
                "{name}, place {i}: {found}, {slope}"
            );
        }
        let by_weights = of_weights(&trained, &gradients);
        assert!(by_weights.iter().filter(|g| **g != 0.0).count() > by_weights.len() / 5, "{name}");
        for (which, found) in by_weights.iter().enumerate().step_by(1 + by_weights.len() / 150) {
            let at = |step: f64| loss(&moved(&flow, which, step), x.clone());
            let slope = (at(STEP) - at(-STEP)) / (2.0 * STEP);
            assert!((found - slope).abs() < 1e-5 * slope.abs().max(1.0), "{name}, {which}: {found}, {slope}");
        }
    }
}
