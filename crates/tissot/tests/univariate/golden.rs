//! The spline of nflows and of zuko, number by number.

use super::*;
use safetensors::SafeTensors;

struct Golden(Vec<u8>);

impl Golden {
    fn open() -> Self {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/pointwise_rqs.safetensors");
        Self(std::fs::read(path).unwrap())
    }

    /// The numbers of a key, and its last axis.
    fn get(&self, key: &str) -> (Vec<f64>, usize) {
        let file = SafeTensors::deserialize(&self.0).unwrap();
        let view = file.tensor(key).unwrap();
        let numbers = view.data().chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap()));
        (numbers.collect(), view.shape().get(1).copied().unwrap_or(1))
    }

    /// `[rows, 1]` inputs of a key and `[rows, 1, 23]` parameters.
    fn inputs(&self, key: &str, dtype: DType) -> (Tensor<2>, Tensor<3>) {
        let x = self.get(key).0;
        let parts = ["io.widths", "io.heights", "io.derivatives"].map(|key| {
            let (numbers, last) = self.get(key);
            tensor(&numbers, [x.len(), 1, last], dtype)
        });
        (tensor(&x, [x.len(), 1], dtype), Tensor::cat(parts.to_vec(), 2))
    }
}

fn libraries() -> [(&'static str, RationalQuadratic); 2] {
    [("nflows", SplineParams::nflows(1.0)), ("zuko", SplineParams::zuko())]
        .map(|(name, parameters)| (name, RationalQuadratic { bins: 8, bound: 3.0, parameters }))
}

#[test]
fn values_and_log_derivatives_are_theirs() {
    let golden = Golden::open();
    for (name, spline) in libraries() {
        let (x, params) = golden.inputs("io.x", DType::F64);
        let (y, slopes) = spline.elementwise(x, params);
        assert_near(&values(&y), &golden.get(&format!("io.{name}.y")).0, 1e-9, &format!("{name}: y"));
        assert_near(
            &values(&slopes),
            &golden.get(&format!("io.{name}.ladj")).0,
            1e-9,
            &format!("{name}: ladj"),
        );
    }
}

#[test]
fn inverses_are_theirs() {
    let golden = Golden::open();
    for (name, spline) in libraries() {
        let (y, params) = golden.inputs(&format!("io.{name}.y"), DType::F64);
        let (x, _) = spline.elementwise_inverse(y, params);
        let (expected, slopes) =
            (golden.get(&format!("io.{name}.x_inv")).0, golden.get(&format!("io.{name}.ladj")).0);
        for (row, ((x, expected), slope)) in values(&x).iter().zip(expected).zip(slopes).enumerate() {
            // Two roundings of a knot near 3 move x by this much. One row of zuko needs it: with 60 digits, x is
            // 0.82021294839 there, 8e-8 from zuko's and 3e-8 from ours.
            let roundings = 2.0 * 2.0 * f64::EPSILON / slope.exp();
            let error = (x - expected).abs();
            assert!(error <= roundings.max(1e-8), "{name}: row {row}: found {x}, expected {expected}");
        }
    }
}

/// The largest errors in f32 of `y`, the log-derivative and the round trip, among rows of parameters of one size.
fn errors_f32(golden: &Golden, name: &str, spline: RationalQuadratic, size: f64) -> [f64; 3] {
    let rows: Vec<bool> = golden.get("io.logit_scale").0.iter().map(|&s| s == size).collect();
    assert!(rows.contains(&true), "no rows of logits of size {size}");
    let (x, params) = golden.inputs("io.x", DType::F32);
    let (y, slopes) = spline.elementwise(x.clone(), params.clone());
    let (back, _) = spline.elementwise_inverse(y.clone(), params);
    let expected = [format!("io.{name}.y"), format!("io.{name}.ladj"), "io.x".to_string()];
    let mut errors = [0.0_f64; 3];
    for ((error, key), found) in errors.iter_mut().zip(expected).zip([y, slopes, back]) {
        for ((a, b), row) in values(&found).iter().zip(golden.get(&key).0).zip(&rows) {
            *error = if *row { error.max((a - b).abs() / b.abs().max(1.0)) } else { *error };
        }
    }
    errors
}

#[test]
fn single_precision_is_near() {
    let golden = Golden::open();
    for (name, spline) in libraries() {
        for (size, tolerances) in [(1.0, [1e-4; 3]), (5.0, [1e-4, 1e-3, 0.3]), (30.0, [1e-4, 1e-2, 3.0])] {
            let errors = errors_f32(&golden, name, spline, size);
            println!("{name}, logits of size {size}: {errors:?}");
            assert!(errors.iter().zip(tolerances).all(|(e, t)| *e <= t), "{name}, {size}: {errors:?}");
        }
    }
}
