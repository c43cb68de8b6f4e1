//! Inverses, log-derivatives and gradients of every univariate.

use super::*;

const SHAPE: [usize; 2] = [60, 3];

/// Inputs in and out of the intervals, and parameters far from the identity.
fn draw(univariate: &AnyUnivariate, seed: u64, dtype: DType) -> (Tensor<2>, Tensor<3>) {
    let mut numbers = Numbers(seed);
    let p = univariate.num_params();
    let x = numbers.between(-7.0, 7.0, SHAPE[0] * SHAPE[1]);
    let params = numbers.between(-2.5, 2.5, SHAPE[0] * SHAPE[1] * p);
    (tensor(&x, SHAPE, dtype), tensor(&params, [SHAPE[0], SHAPE[1], p], dtype))
}

#[test]
fn inverses_undo_and_log_derivatives_cancel() {
    for univariate in all() {
        for (dtype, tolerance) in [(DType::F64, 1e-9), (DType::F32, 1e-3)] {
            let (x, params) = draw(&univariate, 1, dtype);
            let (y, up) = univariate.elementwise(x.clone(), params.clone());
            let (back, down) = univariate.elementwise_inverse(y.clone(), params.clone());
            assert_near(&values(&back), &values(&x), tolerance, &format!("{univariate:?}: x"));
            assert_near(&values(&down.neg()), &values(&up), tolerance, &format!("{univariate:?}: slopes"));
            let (same, log_det) = univariate.forward(x, params);
            // fused operations round otherwise than composed ones
            let rounding = if dtype == DType::F64 { 1e-12 } else { 1e-4 };
            assert_near(&values(&same), &values(&y), rounding, "values");
            assert_near(&values(&log_det), &values(&up.sum_dim(1)), rounding, "log_det");
        }
    }
}

#[test]
fn log_derivatives_are_those_of_autodiff() {
    for univariate in all() {
        for direction in DIRECTIONS {
            let (x, params) = draw(&univariate, 2, DType::F64);
            let x = x.require_grad();
            let (y, slopes) = direction(&univariate, x.clone(), params);
            let grads = y.sum().backward();
            let found = Tensor::log(x.grad(&grads).unwrap());
            assert_near(&values(&slopes), &values(&found), 1e-9, &format!("{univariate:?}"));
            let largest = values(&slopes).iter().fold(0.0_f64, |m, s| m.max(s.abs()));
            assert!(
                largest > 0.3 || matches!(univariate, AnyUnivariate::Shift(_)),
                "{univariate:?}: {largest}"
            );
        }
    }
}

/// Compares the gradient of a weighted sum of values and slopes with central differences.
fn check_gradients(univariate: &AnyUnivariate, direction: Direction, x: &Tensor<2>, params: &Tensor<3>) {
    let loss = |x: Tensor<2>, params: Tensor<3>| {
        let (y, slopes) = direction(univariate, x, params);
        (y + slopes.mul_scalar(0.7)).sum_dim(1)
    };
    let step = 1e-6;
    let difference = |up: Tensor<2>, down: Tensor<2>| values(&((up - down) / (2.0 * step)));
    let (x, params) = (x.clone().detach().require_grad(), params.clone().detach().require_grad());
    let grads = loss(x.clone(), params.clone()).sum().backward();
    let [rows, elements, p] = params.dims();
    let found = values(&params.grad(&grads).unwrap());
    for j in 0..elements * p {
        // one parameter of all rows at a time: rows do not mix
        let mut moved = vec![0.0; elements * p];
        moved[j] = step;
        let moved = tensor(&moved, [1, elements, p], DType::F64);
        let up = loss(x.clone(), params.clone() + moved.clone());
        let down = loss(x.clone(), params.clone() - moved);
        let column: Vec<f64> = (0..rows).map(|row| found[row * elements * p + j]).collect();
        assert_near(&column, &difference(up, down), 5e-6, &format!("{univariate:?}: parameter {j}"));
    }
    let up = loss(x.clone() + step, params.clone());
    let down = loss(x.clone() - step, params);
    let found = values(&x.grad(&grads).unwrap().sum_dim(1));
    assert_near(&found, &difference(up, down), 5e-6, &format!("{univariate:?}: input"));
}

#[test]
fn gradients_are_central_differences() {
    for univariate in all() {
        for direction in DIRECTIONS {
            let (x, params) = draw(&univariate, 3, DType::F64);
            check_gradients(&univariate, direction, &x, &params);
        }
    }
}

/// Not so for the laws that do not learn where their scale is 1.
fn has_identity(univariate: &AnyUnivariate) -> bool {
    !matches!(univariate, AnyUnivariate::Affine(Affine { scale: LogScale::Sigmoid { .. }, .. }))
}

#[test]
fn a_start_at_the_identity_is_exact_and_its_gradients_are_right() {
    for univariate in all().into_iter().filter(has_identity) {
        let (x, _) = draw(&univariate, 4, DType::F64);
        let params = univariate.start().repeat(SHAPE[1]);
        let params = tensor(&params, [1, SHAPE[1], univariate.num_params()], DType::F64);
        for direction in DIRECTIONS {
            let (y, slopes) = direction(&univariate, x.clone(), params.clone());
            assert_near(&values(&y), &values(&x), 1e-13, &format!("{univariate:?}: y"));
            assert_near(
                &values(&slopes),
                &[0.0; SHAPE[0] * SHAPE[1]],
                1e-12,
                &format!("{univariate:?}: slopes"),
            );
            check_gradients(&univariate, direction, &x, &params.clone().repeat_dim(0, SHAPE[0]));
        }
    }
}

#[test]
fn shared_parameters_are_repeated_ones() {
    for univariate in all() {
        for direction in DIRECTIONS {
            let (x, params) = draw(&univariate, 5, DType::F64);
            let p = univariate.num_params();
            let first = values(&params.narrow(0, 0, 1));
            let shared = tensor(&first, [1, SHAPE[1], p], DType::F64).require_grad();
            let (y, slopes) = direction(&univariate, x.clone(), shared.clone());
            let repeated =
                tensor(&first.repeat(SHAPE[0]), [SHAPE[0], SHAPE[1], p], DType::F64).require_grad();
            let (y_2, slopes_2) = direction(&univariate, x, repeated.clone());
            assert_eq!((y.dims(), slopes.dims()), (SHAPE, SHAPE), "{univariate:?}");
            assert_eq!(values(&y), values(&y_2));
            assert_eq!(values(&slopes), values(&slopes_2));
            let found = shared.grad(&(y + slopes).sum().backward()).unwrap();
            let expected = repeated.grad(&(y_2 + slopes_2).sum().backward()).unwrap().sum_dim(0);
            assert_near(&values(&found), &values(&expected), 1e-11, "gradient");
        }
    }
}

#[test]
fn every_law_is_its_formula() {
    let u = [-200.0, -41.0, -39.0, -3.0, -0.5, 0.0, 0.7, 4.0, 200.0];
    let soft = |u: f64| u.max(0.0) + (-u.abs()).exp().ln_1p();
    let formula = |law: LogScale, u: f64| match law {
        LogScale::Exp => u.clamp(-60.0, 60.0),
        LogScale::SoftClip { floor } => u / (1.0 + (u / floor.ln()).abs()),
        LogScale::Sigmoid { epsilon: 0.0, .. } => -soft(-u - 2.0).min(60.0),
        LogScale::Sigmoid { epsilon, .. } => ((-soft(-u - 2.0)).exp() + epsilon).ln(),
        LogScale::Softplus { epsilon } => (soft(u) + epsilon).ln().max(-60.0),
        LogScale::Tanh { bound } => bound * (u / bound).tanh(),
        LogScale::Atan { clamp } => 0.636 * clamp * u.atan(),
    };
    for law in scale_laws() {
        for (dtype, tolerance) in [(DType::F64, 1e-9), (DType::F32, 1e-5)] {
            let found = law.of(tensor(&u, [u.len()], dtype));
            assert_near(&values(&found), &u.map(|u| formula(law, u)), tolerance, &format!("{law:?}"));
        }
    }
}

#[test]
fn every_law_learns_at_its_start() {
    for law in scale_laws() {
        let u = tensor(&[law.start()], [1], DType::F64).require_grad();
        let slope = values(&u.grad(&law.of(u.clone()).sum().backward()).unwrap())[0];
        assert!(slope >= 0.1, "{law:?} learns nothing at its start: {slope}");
    }
}
