//! Hostile numbers in every layer: huge ones, tiny ones, equal ones, none, NaN and infinities, no rows and one row.
//!
//! The cases are drawn by proptest from a fixed seed, so that a run is what it was; `PROPTEST_CASES` asks for more of them.

mod cases;
#[path = "../common/mod.rs"]
mod common;
mod files;
mod layers;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{FloatDType, Tensor};
use cases::{Case, Values, run};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::{AnyFlow, Context};

/// Beyond it a number in f32 may be infinite.
const LARGEST: f64 = 1e37;

fn host<const D: usize>(x: Tensor<D>) -> Vec<f64> {
    x.into_data().iter().collect()
}

fn bits(values: &[f64]) -> Vec<u64> {
    values.iter().map(|v| v.to_bits()).collect()
}

/// Everything that a flow makes of numbers, with the log-density in the first place, rows first.
fn all<const D: usize>(flow: &AnyFlow, x: &Tensor<D>, context: Context<'_>) -> [Vec<f64>; 5] {
    let (z, log_det) = flow.forward(x.clone(), context);
    let (back, log_det_back) = flow.inverse(x.clone(), context);
    assert_eq!((z.dims(), back.dims()), (x.dims(), x.dims()));
    let log_prob = flow.log_prob(x.clone(), context);
    assert_eq!([log_prob.dims(), log_det.dims(), log_det_back.dims()], [[x.dims()[0]]; 3]);
    [host(log_prob), host(log_det), host(log_det_back), host(z), host(back)]
}

/// What [`all`] gives, in words.
const NAMES: [&str; 5] = ["log_prob", "log_det", "log_det of the inverse", "forward", "inverse"];

fn flat<const D: usize>(case: &Case<D>) {
    let (flow, x) = (case.flow(), case.x(FloatDType::F32));
    let context = case.context(FloatDType::F32);
    let context = context.as_ref().map_or(Context::NONE, Context::of);
    all(&flow, &x, context);
    let rows = case.rows.min(1);
    for n in [0, rows] {
        let few = context.features.map(|c| {
            let few = [n, c.dims()[1]];
            if n > 0 { c.clone().narrow(0, 0, n) } else { Tensor::zeros(few, &c.device()) }
        });
        let few = few.as_ref().map_or(Context::NONE, Context::of);
        let drawn: Tensor<D> = flow.sample(n, few, &mut ChaCha8Rng::seed_from_u64(0));
        let (again, log_prob) = flow.sample_and_log_prob::<D>(n, few, &mut ChaCha8Rng::seed_from_u64(0));
        assert_eq!((drawn.dims(), log_prob.dims()), (again.dims(), [n]));
    }
}

/// Where all that the same flow in f64 gives of a row can be held in f32, the flow in f32 gives numbers for it.
fn finite<const D: usize>(case: &Case<D>) {
    if case.rows == 0 {
        return;
    }
    let at = |flow: &AnyFlow, dtype| {
        let features = case.context(dtype);
        let [log_prob, log_det, log_det_back, z, back] =
            all(flow, &case.x(dtype), features.as_ref().map_or(Context::NONE, Context::of));
        [vec![log_prob, log_det, z], vec![log_det_back, back]]
    };
    let flow = case.flow();
    let found = at(&flow, FloatDType::F32);
    let expected = at(&flow.to_dtype(FloatDType::F64).unwrap(), FloatDType::F64);
    for ((direction, found), expected) in ["forward", "inverse"].iter().zip(found).zip(expected) {
        for row in 0..case.rows {
            let of = |all: &[Vec<f64>]| -> Vec<f64> {
                let row =
                    |v: &Vec<f64>| v[row * v.len() / case.rows..(row + 1) * v.len() / case.rows].to_vec();
                all.iter().flat_map(row).collect()
            };
            let (found, expected) = (of(&found), of(&expected));
            // A log-density is a square, and may be too large alone.
            let fits = |v: &f64| v.abs() <= LARGEST;
            if expected.iter().skip(usize::from(*direction == "forward")).all(fits) {
                for (found, expected) in found.iter().zip(&expected) {
                    assert!(
                        found.is_finite() || !fits(expected),
                        "{direction}, row {row}: {found} for {expected}"
                    );
                }
            }
        }
    }
}

/// A row of numbers that are none, or huge, has no density, and changes no bit of the other rows.
fn alone<const D: usize>(case: &Case<D>) {
    if case.rows == 0 {
        return;
    }
    let (flow, ill) = (case.flow(), case.rows / 2);
    let at = |values: &[f64], context: &[f64]| {
        let context = case.context_of(context, FloatDType::F32);
        let context = context.as_ref().map_or(Context::NONE, Context::of);
        all(&flow, &case.tensor(values, FloatDType::F32), context)
    };
    let well = at(&case.values, &case.context);
    let n = case.values.len() / case.rows;
    let c = case.context.len() / case.rows;
    for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::from(f32::MAX), -1e30] {
        let (mut values, mut context) = (case.values.clone(), case.context.clone());
        // One feature of the row, or all of them; once its context.
        let which = case.seed as usize % (n + 2);
        match which {
            0 => values[ill * n..(ill + 1) * n].fill(bad),
            _ if which > n && c > 0 => context[ill * c] = bad,
            _ => values[ill * n + (which - 1).min(n - 1)] = bad,
        }
        for ((name, found), well) in NAMES.iter().zip(at(&values, &context)).zip(&well) {
            let width = well.len() / case.rows;
            let others = |all: &[f64]| bits(&[&all[..ill * width], &all[(ill + 1) * width..]].concat());
            assert_eq!(others(&found), others(well), "{name}: other rows beside {bad} in row {ill}");
        }
        let [log_prob, _, _, z, _] = at(&values, &context);
        if !bad.is_finite() && which <= n {
            assert!(
                log_prob[ill].is_nan() || log_prob[ill] == f64::NEG_INFINITY,
                "log p = {} of {bad}",
                log_prob[ill]
            );
            assert!(z[ill * n..(ill + 1) * n].iter().any(|z| !z.is_finite()), "{z:?} of {bad}");
        }
    }
}

/// Whatever the first batch is, the parameters that are set from it are numbers.
fn initialised<const D: usize>(case: &Case<D>) {
    struct Finite;
    impl ModuleVisitor for Finite {
        fn visit_float<const E: usize>(&mut self, param: &Param<Tensor<E>>) {
            let values = host(param.val());
            assert!(values.iter().all(|v| v.is_finite()), "{values:?} of shape {:?}", param.val().dims());
        }
    }
    let mut values = case.values.clone();
    if case.seed.is_multiple_of(2) {
        let bad = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::from(f32::MAX), f64::from(f32::MIN)];
        let n = values.len().max(1);
        for (k, bad) in bad.into_iter().enumerate().take(1 + case.seed as usize % 5) {
            if let Some(value) = values.get_mut((case.seed as usize).wrapping_mul(k + 7) % n) {
                *value = bad;
            }
        }
    }
    let context = case.context(FloatDType::F32);
    let context = context.as_ref().map_or(Context::NONE, Context::of);
    let x = case.tensor(&values, FloatDType::F32);
    let flow = case.flow().initialize(x.clone(), context);
    flow.visit(&mut Finite);
    all(&flow, &x, context);
}

#[test]
fn nothing_panics() {
    run(Values::Wild, layers::tables, flat::<2>);
    run(Values::Wild, layers::images, flat::<4>);
}

#[test]
fn what_is_finite_in_f64_and_not_too_large_is_finite_in_f32() {
    run(Values::Large, layers::tables, finite::<2>);
    run(Values::Large, layers::images, finite::<4>);
}

#[test]
fn a_bad_row_has_no_density_and_leaves_the_others_alone() {
    run(Values::Usual, layers::tables, alone::<2>);
    run(Values::Usual, layers::images, alone::<4>);
}

#[test]
fn any_first_batch_gives_finite_parameters() {
    run(Values::Large, layers::tables, initialised::<2>);
    run(Values::Large, layers::images, initialised::<4>);
}
