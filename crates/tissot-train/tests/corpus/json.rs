//! Mutations of JSON that leave it JSON: blind ones seldom get past the parser.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// Numbers at which things break.
const NUMBERS: [&str; 16] = [
    "0",
    "1",
    "2",
    "3",
    "7",
    "-1",
    "65536",
    "2147483648",
    "1152921504606846976",
    "18446744073709551615",
    "0.5",
    "1e-300",
    "1e300",
    "-1e300",
    "1e-7",
    "1e39",
];

/// Parts of configurations, to be put anywhere.
const PARTS: [&str; 40] = [
    r#"{"ActNorm": {"epsilon": 1e-6}}"#,
    r#"{"Permutation": "Reverse"}"#,
    r#"{"Permutation": {"Random": {"seed": 1}}}"#,
    r#"{"Permutation": {"Given": [1, 0]}}"#,
    r#"{"LuLinear": {"place": "Before", "bias": false}}"#,
    r#"{"LuLinear": {"start": "RandomRotation", "diagonal": {"Softplus": {"epsilon": 0.1}}}}"#,
    r#"{"Coupling": {"mask": "SecondHalf", "univariate": {"Affine": {}}}}"#,
    r#"{"Coupling": {"mask": {"Kept": [0]}, "conditioner": {"Conv": {"hidden": 2}}}}"#,
    r#"{"Checkerboard": {"odd": true, "univariate": {"Shift": null}, "conditioner": {"Conv": {"hidden": 2}}}}"#,
    r#"{"Autoregressive": {"made": {"hidden": [3, 2], "order": {"Given": [1, 0]}}}}"#,
    r#"{"Autoregressive": {"made": {"hidden": [3], "blocks": 2, "context_rule": "Nflows"}}}"#,
    r#"{"Split": {"on": "First", "layers": []}}"#,
    r#"{"Squeezed": {"order": "PositionMajor", "layers": []}}"#,
    r#"{"Chain": []}"#,
    r#"{"Inverse": [{"LuLinear": {}}]}"#,
    r#"{"Mlp": {"hidden": [], "dropout": 0.1}}"#,
    r#"{"Residual": {"hidden": 2, "blocks": 1, "context": "Concat"}}"#,
    r#"{"ResidualConv": {"hidden": 2, "blocks": 1}}"#,
    r#"{"RationalQuadratic": {"bins": 2, "bound": 1.5}}"#,
    r#"{"RationalQuadratic": {"bins": 3, "parameters": {"Zuko": {"slope": 0.5}}}}"#,
    r#"{"Nflows": {"min_width": 0.1, "min_height": 0.2, "min_derivative": 0.3, "logit_scale": 4}}"#,
    r#"{"Bounded": {"min_width": 0.1, "bin_log_slope": 1, "knot_log_slope": 2}}"#,
    r#"{"Affine": {"scale": "Exp", "order": "ShiftThenScale"}}"#,
    r#"{"Affine": {"scale": {"Sigmoid": {"offset": 2, "epsilon": 0}}}}"#,
    r#"{"Affine": {"scale": {"Softplus": {"epsilon": 0}}}}"#,
    r#"{"Affine": {"scale": {"SoftClip": {"floor": 0.001}}}}"#,
    r#"{"Affine": {"scale": {"Atan": {"clamp": 2}}}}"#,
    r#"{"DiagNormal": {"conditioner": {"Mlp": {}}}}"#,
    r#"{"StudentT": {"degrees_of_freedom": 1.5}}"#,
    r#""StandardNormal""#,
    r#"{"features": 2, "net": {"Residual": {}}}"#,
    r#""Tanh""#,
    r#""Gelu""#,
    r#"{"LeakyRelu": {"slope": 0.1}}"#,
    r#"{"Periodic": [0, 1]}"#,
    r#""Integer""#,
    r#"{"Logit": {"alpha": 0.05}}"#,
    "[2, 2]",
    "[]",
    "null",
];

/// The text with one part of it changed; `None` where it is no JSON.
pub fn mutant(text: &[u8], seed: u64) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(text).ok()?;
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let count = nodes(&value);
    let lent = at(&mut value, &mut rng.random_range(0..count)).cloned().unwrap_or_default();
    if let Some(node) = at(&mut value, &mut rng.random_range(0..count)) {
        change(node, lent, rng);
    }
    serde_json::to_vec(&value).ok()
}

/// How many values there are in a value.
fn nodes(value: &Value) -> usize {
    1 + match value {
        Value::Array(all) => all.iter().map(nodes).sum::<usize>(),
        Value::Object(all) => all.values().map(nodes).sum(),
        _ => 0,
    }
}

/// The value of this number among those in a value.
fn at<'a>(value: &'a mut Value, number: &mut usize) -> Option<&'a mut Value> {
    if *number == 0 {
        return Some(value);
    }
    *number -= 1;
    match value {
        Value::Array(all) => all.iter_mut().find_map(|value| at(value, number)),
        Value::Object(all) => all.values_mut().find_map(|value| at(value, number)),
        _ => None,
    }
}

fn change(node: &mut Value, lent: Value, rng: &mut impl Rng) {
    let parsed = |text: &str| serde_json::from_str(text).unwrap_or_default();
    match (rng.random_range(0..8), &mut *node) {
        (0..3, Value::Number(number)) => {
            let step = rng.random_range(-2..=2);
            *node = match number.as_i64() {
                Some(number) if rng.random() => json!(number.saturating_add(step)),
                _ => parsed(NUMBERS[rng.random_range(0..NUMBERS.len())]),
            };
        }
        (0..3, Value::Bool(bool)) => *bool = !*bool,
        (0 | 1, Value::Array(all)) if !all.is_empty() => {
            let place = rng.random_range(0..all.len());
            if rng.random() { drop(all.remove(place)) } else { all.insert(place, all[place].clone()) }
        }
        (2 | 3, Value::Array(all)) => all.push(parsed(PARTS[rng.random_range(0..PARTS.len())])),
        (0 | 1, Value::Object(all)) if !all.is_empty() => {
            let key = all.keys().nth(rng.random_range(0..all.len())).cloned().unwrap_or_default();
            all.remove(&key);
        }
        (2, Value::Object(all)) => {
            if let Value::Object(lent) = lent {
                all.extend(lent);
            }
        }
        (5, _) => *node = lent,
        _ => *node = parsed(PARTS[rng.random_range(0..PARTS.len())]),
    }
}
