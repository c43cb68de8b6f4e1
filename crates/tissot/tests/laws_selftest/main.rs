//! The laws themselves: a right bijection passes, and each planted error is caught by the law that it breaks.
#![cfg(feature = "testing")]

mod small;

use burn::module::Module;
use burn::tensor::FloatDType;
use small::Fault::{self, *};
use small::Small;
use tissot::laws::{self, Allowed, Law, Laws};

const TYPES: [FloatDType; 2] = [FloatDType::F64, FloatDType::F32];

fn table() -> Laws {
    Laws::new("small").features(3).context(2).knots(&[-1.0, 1.0])
}

fn image() -> Laws {
    Laws::new("small images").event(&[3, 2, 2]).context(2)
}

/// The law that a bijection with `fault` breaks in a run, the same in both number types.
fn broken(fault: Fault, laws: &Laws) -> Option<Law> {
    let [double, single] = TYPES.map(|dtype| {
        let found = laws.clone().dtype(dtype).check::<2, _>(&Small::new(fault));
        found.err().map(|violation| violation.law)
    });
    assert_eq!(double, single, "{fault:?} in f64 and f32");
    double
}

#[test]
fn a_right_bijection_keeps_all_laws() {
    for dtype in TYPES {
        let small = laws::randomize(Small::new(Nothing), 3, 0.2);
        let structure =
            |n: usize, p: usize| Allowed::from_fn(n, n, move |i, j| i == j || (i >= p && j == i % p));
        let table = table().dtype(dtype).allowed(structure(3, 1)).allowed_context(Allowed::all(3, 2));
        table.check::<2, _>(&small).unwrap();
        let image = image().dtype(dtype).allowed(structure(12, 4)).allowed_context(Allowed::all(12, 2));
        image.check::<4, _>(&small).unwrap();
        Laws::new("alone").features(3).dtype(dtype).check::<2, _>(&small).unwrap();
        // Whether its weights are trained already makes no difference.
        Laws::new("trained").features(3).dtype(dtype).check::<2, _>(&small.clone().train()).unwrap();
    }
}

#[test]
fn a_wrong_log_det_is_caught() {
    assert_eq!(broken(SignFlipped, &table()), Some(Law::LogDet));
    assert_eq!(broken(DroppedTerm, &table()), Some(Law::LogDet));
    assert_eq!(broken(InverseSign, &table()), Some(Law::LogDetsCancel));
    let images = |dtype| image().dtype(dtype).check::<4, _>(&Small::new(OnePosition));
    assert_eq!(TYPES.map(|dtype| images(dtype).unwrap_err().law), [Law::LogDet; 2]);
    assert_eq!(broken(OnePosition, &table()), None, "a table has one position");
}

#[test]
fn a_slightly_wrong_inverse_is_caught() {
    for (dtype, factor) in TYPES.into_iter().zip([1.0 + 1e-8, 1.0 + 1e-3]) {
        let found = table().dtype(dtype).check::<2, _>(&Small::new(InverseOff(factor)));
        assert_eq!(found.unwrap_err().law, Law::Inverse);
    }
}

#[test]
fn rows_that_touch_are_caught() {
    assert_eq!(broken(MixesBatch, &table()), Some(Law::Rows));
    assert_eq!(broken(SpreadsNan, &table()), Some(Law::Rows));
}

#[test]
fn a_walk_that_forgets_is_caught() {
    assert_eq!(broken(HalfWalk, &table()), Some(Law::Walk));
    assert_eq!(broken(OtherStep, &table()), Some(Law::Walk));
}

#[test]
fn wrong_tangents_are_caught() {
    assert_eq!(broken(TangentsForget, &table()), Some(Law::Tangents));
    let found = table().check::<2, _>(&Small::new(TangentsHandOnX)).unwrap_err();
    assert!(found.law == Law::Tangents && found.found.contains(" as z of sample "), "{found}");
}

#[test]
fn a_parameter_that_does_not_learn_is_caught_and_named() {
    assert_eq!(broken(Detached, &table()), Some(Law::Gradients));
    let pair = (Small::new(Nothing), Small::new(Detached));
    let found = table().dtype(FloatDType::F64).check::<2, _>(&pair).unwrap_err();
    assert!(found.to_string().contains("no gradient for parameter 1.s"), "{found}");
}

#[test]
fn trouble_at_extremes_is_caught_and_placed() {
    assert_eq!(broken(NanAtOne, &table()), Some(Law::Extremes));
    assert_eq!(broken(NanAtOne, &table().stack()), None, "extremes are for single layers");
    let found = table().check::<2, _>(&Small::new(NanAtOne)).unwrap_err();
    assert!(found.found.ends_with("gradient by the input from forward with all features at 1e0"), "{found}");
    let case = table().case::<2, _>(&Small::new(Overflows), FloatDType::F64);
    let found = laws::withstands_extremes(&case, &[1e1, 1e4]).unwrap_err();
    assert!(found.to_string().contains("inf as value from forward with all features at 1e4"), "{found}");
}

#[test]
fn a_careless_initialize_is_caught() {
    assert_eq!(broken(HandsOnX, &table()), Some(Law::Initialize));
    assert_eq!(broken(SetsSilently, &table()), Some(Law::Initialize));
    assert_eq!(broken(OtherId, &table()), Some(Law::Initialize));
    assert_eq!(broken(NoLeaf, &table()), Some(Law::Gradients));
    let case = table().case::<2, _>(&Small::new(Nothing), FloatDType::F64);
    assert_eq!(laws::starts_as_permutation(&case).unwrap_err().law, Law::Start);
}

#[test]
fn strange_values_and_types_are_caught() {
    assert_eq!(broken(Infinite, &table()), Some(Law::Shapes));
    let found = table().dtype(FloatDType::F64).check::<2, _>(&Small::new(WrongType)).unwrap_err();
    assert_eq!((found.law, found.expected.as_str()), (Law::Shapes, "F64"));
}

#[test]
fn a_wrong_structure_is_caught() {
    let law = |laws: Laws| broken(Nothing, &laws);
    assert_eq!(law(table().allowed(Allowed::diagonal(3))), Some(Law::Structure), "an entry too many");
    assert_eq!(law(table().allowed(Allowed::triangular(3))), Some(Law::Structure), "z_2 without x_1");
    let one = Allowed::from_fn(3, 2, |_, j| j == 0);
    assert_eq!(law(table().allowed_context(one)), Some(Law::Structure), "a column of the context too many");
}

#[test]
fn a_run_near_the_identity_proves_nothing() {
    let found = table().spread(0.2).check::<2, _>(&Small::new(Nothing)).unwrap_err();
    assert!(found.found.contains("points beyond a knot"), "{found}");
    // A shear: log-det 0, and far from the identity by t alone.
    let mut shear = Small::new(Nothing);
    shear.s = shear.s.map(|s| s * 0.0);
    shear.t = shear.t.map(|t| t + 1.0);
    let laws = Laws::new("shear").features(3);
    assert_eq!(laws.check::<2, _>(&shear).unwrap_err().law, Law::Strength);
    laws.clone().volume_preserving().check::<2, _>(&shear).unwrap();
    assert_eq!(laws.volume_preserving().check::<2, _>(&Small::new(Nothing)).unwrap_err().law, Law::LogDet);
}

#[test]
fn a_violation_is_one_line_that_says_all() {
    let found = table().dtype(FloatDType::F64).check::<2, _>(&Small::new(SignFlipped));
    let text = found.unwrap_err().to_string();
    assert!(text.starts_with("small (F64): law 4 (log_det = log|det J|): found "), "{text}");
    assert!(text.contains(" as log_det of sample ") && text.ends_with(" within 1.0e-9"), "{text}");
    assert!(!text.contains('\n'), "{text}");
}
