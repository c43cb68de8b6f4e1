//! Configurations: JSON, defaults and errors.

use super::*;

#[test]
fn configurations_survive_json() {
    for univariate in all() {
        let text = serde_json::to_string(&univariate).unwrap();
        assert_eq!(serde_json::from_str::<AnyUnivariate>(&text).unwrap(), univariate, "{text}");
        univariate.validate().unwrap();
    }
    assert_eq!(AnyUnivariate::default(), RationalQuadratic::default().into());
    let partial: AnyUnivariate = serde_json::from_str(r#"{"RationalQuadratic":{"bins":4}}"#).unwrap();
    assert_eq!(partial, RationalQuadratic { bins: 4, ..Default::default() }.into());
    let partial: AnyUnivariate = serde_json::from_str(r#"{"Affine":{"order":"ShiftThenScale"}}"#).unwrap();
    assert_eq!(partial, Affine { order: AffineOrder::ShiftThenScale, ..Default::default() }.into());
    for text in [r#"{"Affine":{"odrer":"ShiftThenScale"}}"#, r#"{"Affine":{"scale":{"Tanh":{"bounds":2}}}}"#]
    {
        assert!(
            serde_json::from_str::<AnyUnivariate>(text).unwrap_err().to_string().contains("unknown field")
        );
    }
}

#[test]
fn wrong_constants_are_named() {
    let spline = RationalQuadratic::default();
    let nflows =
        SplineParams::Nflows { min_width: 1e-3, min_height: 0.2, min_derivative: 1e-3, logit_scale: 1.0 };
    let cases: Vec<(AnyUnivariate, &str)> = vec![
        (RationalQuadratic { bins: 1, ..spline }.into(), "bins: found 1, expected 2 or more"),
        (RationalQuadratic { bound: 0.0, ..spline }.into(), "bound: found 0,"),
        (RationalQuadratic { bound: f64::NAN, ..spline }.into(), "bound: found NaN,"),
        (RationalQuadratic { parameters: nflows, ..spline }.into(), "parameters.min_height: found 0.2,"),
        (RationalQuadratic { bins: 1000, ..spline }.into(), "parameters.min_width: found 0.001,"),
        (
            RationalQuadratic { parameters: SplineParams::Zuko { slope: 1.0 }, ..spline }.into(),
            "parameters.slope: found 1,",
        ),
        (
            Affine { scale: LogScale::Tanh { bound: -1.0 }, ..Default::default() }.into(),
            "scale.bound: found -1,",
        ),
        (
            Affine { scale: LogScale::Softplus { epsilon: 1.0 }, ..Default::default() }.into(),
            "scale.epsilon:",
        ),
        (Affine { scale: LogScale::SoftClip { floor: 0.0 }, ..Default::default() }.into(), "scale.floor:"),
    ];
    for (univariate, message) in cases {
        let error = univariate.validate().unwrap_err().to_string();
        assert!(error.starts_with(message), "{error}");
    }
}
