//! Knots, bounds, huge inputs and extreme parameters.

use super::*;

/// `v` and its neighbours in the type.
fn neighbours(v: f64, dtype: DType) -> [f64; 3] {
    match dtype {
        DType::F32 => {
            let v = v as f32;
            [v.next_down(), v, v.next_up()].map(f64::from)
        }
        _ => [v.next_down(), v, v.next_up()],
    }
}

/// Inputs where something could go wrong for these shared parameters, in rising order.
fn hostile(univariate: &AnyUnivariate, params: &Tensor<3>, inverse: bool, dtype: DType) -> Vec<f64> {
    let mut points = vec![0.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6];
    if let AnyUnivariate::RationalQuadratic(spline) = univariate {
        let knots = spline.knots(params.clone());
        points.extend(values(&knots[usize::from(inverse)]));
        points.extend([spline.bound, -spline.bound]);
    }
    let negative: Vec<f64> = points.iter().map(|v| -v).collect();
    points.extend(negative);
    let mut points: Vec<f64> = points.into_iter().flat_map(|v| neighbours(v, dtype)).collect();
    points.extend((-200..=200).map(|i| f64::from(i) * 0.03));
    points.sort_by(f64::total_cmp);
    points
}

/// Parameters of one element: ends of the range, or anywhere in it.
fn extreme(numbers: &mut Numbers, n: usize, range: f64) -> Vec<f64> {
    (0..n)
        .map(|_| match (numbers.unit() * 4.0) as usize {
            0 => -range,
            1 => range,
            2 => 0.0,
            _ => range * (2.0 * numbers.unit() - 1.0),
        })
        .collect()
}

#[test]
fn hostile_inputs_and_parameters_give_finite_values_and_gradients() {
    let mut numbers = Numbers(6);
    // the least constants that are allowed: slopes from 1e-5 to 1e5
    let nflows =
        SplineParams::Nflows { min_width: 1e-5, min_height: 1e-5, min_derivative: 1e-5, logit_scale: 1.0 };
    let least = [nflows, SplineParams::Zuko { slope: 1e-5 }]
        .map(|parameters| RationalQuadratic { parameters, ..Default::default() }.into());
    for univariate in all().into_iter().chain(least) {
        univariate.validate().unwrap();
        for (round, range) in [0.0, 1.0, 10.0, 200.0, 200.0, 200.0].into_iter().enumerate() {
            let p = univariate.num_params();
            let raw = extreme(&mut numbers, p, range);
            for dtype in [DType::F32, DType::F64] {
                for (inverse, direction) in DIRECTIONS.into_iter().enumerate() {
                    let what = format!("{univariate:?}, {dtype:?}, inverse {inverse}, round {round}");
                    let params = tensor(&raw, [1, 1, p], dtype);
                    let points = hostile(&univariate, &params, inverse == 1, dtype);
                    let n = points.len();
                    let x = tensor(&points, [n, 1], dtype).require_grad();
                    let rows = params.repeat_dim(0, n).require_grad();
                    let (y, slopes) = direction(&univariate, x.clone(), rows.clone());
                    let (found, slope) = (values(&y), values(&slopes));
                    let grads = (y + slopes).sum().backward();
                    let (dx, dp) = (x.grad(&grads).unwrap(), rows.grad(&grads).unwrap());
                    for (name, numbers) in
                        [("y", &found), ("slope", &slope), ("dx", &values(&dx)), ("dp", &values(&dp))]
                    {
                        let bad = numbers.iter().position(|v| !v.is_finite());
                        assert!(
                            bad.is_none(),
                            "{what}: {name} at {}",
                            points[bad.unwrap() * n / numbers.len()]
                        );
                    }
                    let rounding = if dtype == DType::F32 { 2e-6 } else { 4e-15 };
                    for (pair, at) in found.windows(2).zip(&points) {
                        let fall = (pair[0] - pair[1]) / pair[0].abs().max(5.0);
                        assert!(fall <= rounding, "{what}: falls after {at}: {pair:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn ends_of_splines_are_exact() {
    let mut numbers = Numbers(7);
    for spline in splines() {
        for dtype in [DType::F32, DType::F64] {
            let params = extreme(&mut numbers, spline.num_params(), 5.0);
            let params = tensor(&params, [1, 1, spline.num_params()], dtype);
            let x = tensor(&[-1e6, -spline.bound, spline.bound, 1e6], [4, 1], dtype);
            for (y, slopes) in [
                spline.elementwise(x.clone(), params.clone()),
                spline.elementwise_inverse(x.clone(), params.clone()),
            ] {
                assert_eq!(values(&y), values(&x));
                assert_eq!(values(&slopes), [0.0; 4]);
            }
            let [places, heights, slopes] = spline.knots(params).map(|knots| values(&knots));
            for ends in [&places, &heights] {
                assert_eq!((ends[0], ends[spline.bins]), (-spline.bound, spline.bound));
                assert!(ends.windows(2).all(|pair| pair[0] < pair[1]), "{ends:?}");
            }
            assert_eq!((slopes[0], slopes[spline.bins]), (1.0, 1.0));
        }
    }
}

#[test]
fn a_circle_has_no_end() {
    let mut numbers = Numbers(12);
    for spline in circles() {
        let p = spline.num_params();
        let params = tensor(&extreme(&mut numbers, p, 3.0), [1, 1, p], DType::F64);
        let [places, heights, slopes] = spline.knots(params.clone()).map(|knots| values(&knots));
        assert_eq!(slopes[0], slopes[spline.bins]);
        assert!((slopes[0] - 1.0).abs() > 0.1, "{slopes:?}: a slope of its own");
        for ends in [&places, &heights] {
            assert_eq!((ends[0], ends[spline.bins]), (-spline.bound, spline.bound));
        }
        let x = numbers.between(-spline.bound, spline.bound, 50);
        for direction in DIRECTIONS {
            let turned = |turns: f64| {
                let by = 2.0 * spline.bound * turns;
                let x: Vec<f64> = x.iter().map(|x| x + by).collect();
                let (y, slopes) = direction(&spline.into(), tensor(&x, [50, 1], DType::F64), params.clone());
                (values(&y.sub_scalar(by)), values(&slopes))
            };
            let (y, slopes) = turned(0.0);
            for turns in [-3.0, 1.0, 2.0] {
                let (found, found_slopes) = turned(turns);
                assert_near(&found, &y, 1e-12, "values, turned");
                assert_near(&found_slopes, &slopes, 1e-9, "slopes, turned");
            }
        }
    }
}

/// The least and the largest log-derivative of splines with random extreme parameters.
fn slope_range(spline: RationalQuadratic, seed: u64, sets: usize) -> (f64, f64) {
    let mut numbers = Numbers(seed);
    let (mut low, mut high) = (0.0_f64, 0.0_f64);
    for _ in 0..sets {
        let range = [3.0, 8.0, 30.0][(numbers.unit() * 3.0) as usize];
        let params = extreme(&mut numbers, 40 * spline.num_params(), range);
        let params = tensor(&params, [1, 40, spline.num_params()], DType::F64).inner();
        let x: Vec<f64> = (0..400).map(|i| spline.bound * (f64::from(i) * 0.005 - 0.9995)).collect();
        let x = tensor(&x, [400, 1], DType::F64).inner().expand([400, 40]);
        let (_, slopes) = spline.elementwise(x, params.clone());
        // and at the knots, where the grid seldom is
        let [places, _, _] = spline.knots(params.clone());
        let (_, at_knots) = spline.elementwise(places.squeeze_dim::<2>(0).transpose(), params);
        for slope in values(&slopes).into_iter().chain(values(&at_knots)) {
            (low, high) = (low.min(slope), high.max(slope));
        }
    }
    (low, high)
}

#[test]
fn bounded_splines_keep_their_slope_limits() {
    let tight = SplineParams::Bounded { min_width: 1e-3, bin_log_slope: 0.3, knot_log_slope: 2.0 };
    for (seed, parameters) in [(8, SplineParams::default()), (9, tight), (10, SplineParams::circular())] {
        let spline = RationalQuadratic { parameters, ..Default::default() };
        let (least, largest) = spline.slope_limits().unwrap();
        let (low, high) = slope_range(spline, seed, 60);
        assert!(low >= least.ln() - 1e-9 && high <= largest.ln() + 1e-9, "{low} {high}");
        // the limits are not idle: extremes come near them
        assert!(low <= 0.7 * least.ln() && high >= 0.7 * largest.ln(), "{low} {high}");
    }
    let other = RationalQuadratic { parameters: SplineParams::nflows(1.0), ..Default::default() };
    assert!(slope_range(other, 8, 20).0 < -11.0, "nflows' law has no such limits");
}

#[test]
fn bounded_splines_invert_in_single_precision() {
    let spline = RationalQuadratic::default();
    let mut numbers = Numbers(10);
    for (range, tolerance) in [(1.0, 1e-4), (5.0, 1e-2), (30.0, 1e-2)] {
        let params = extreme(&mut numbers, 2000 * spline.num_params(), range);
        let params = tensor(&params, [2000, 1, spline.num_params()], DType::F32);
        let x = tensor(&numbers.between(-6.0, 6.0, 2000), [2000, 1], DType::F32);
        let (y, _) = spline.elementwise(x.clone(), params.clone());
        let (back, _) = spline.elementwise_inverse(y, params);
        let error = values(&(back - x).abs()).into_iter().fold(0.0, f64::max);
        println!("parameters of size {range}: {error}");
        assert!(error <= tolerance, "parameters of size {range}: {error}");
    }
}
