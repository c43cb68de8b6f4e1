//! Angles from mixtures of von Mises distributions that lie all around their circle: a flow of the circle against one of the
//! line between the two sides of a cut, and both against the truth.

use burn::tensor::Device;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::f64::consts::{PI, TAU};
use std::ops::ControlFlow;
use tissot::columns::{Columns, Domain};
use tissot::presets::{self, Size};
use tissot::{FlowConfig, Model, Provenance};
use tissot_train::{Fit, Rows, Settings, Splits, fit_columns};

/// Weight, mean in radians, concentration.
const MIXTURE: [(f64, f64, f64); 3] = [(0.45, -0.2, 6.0), (0.35, 1.8, 1.5), (0.2, 0.0, 0.0)];
/// Of the second angle around twice the first.
const CONCENTRATION: f64 = 8.0;
/// Degrees a radian.
const DEGREES: f64 = 180.0 / PI;

/// `exp(k cos(x - mean)) / (2 pi I_0(k))`.
fn von_mises(x: f64, mean: f64, k: f64) -> f64 {
    let mut term = 1.0;
    let mut bessel = 1.0;
    for n in 1..60 {
        term *= (0.5 * k / f64::from(n)).powi(2);
        bessel += term;
    }
    (k * (x - mean).cos()).exp() / (TAU * bessel)
}

fn drawn(mean: f64, k: f64, rng: &mut dyn Rng) -> f64 {
    loop {
        let x = TAU * rng.random::<f64>();
        if rng.random::<f64>() < (k * ((x - mean).cos() - 1.0)).exp() {
            return x;
        }
    }
}

/// Rows of one or two angles in degrees.
fn rows(n: usize, angles: usize, seed: u64) -> Rows {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut values = Vec::new();
    for _ in 0..n {
        let which = rng.random::<f64>();
        let (_, mean, k) =
            MIXTURE[usize::from(which > MIXTURE[0].0) + usize::from(which > MIXTURE[0].0 + MIXTURE[1].0)];
        let first = drawn(mean, k, &mut rng);
        values.push(first * DEGREES);
        if angles == 2 {
            values.push(drawn(2.0 * first, CONCENTRATION, &mut rng) * DEGREES);
        }
    }
    Rows { values, context: Vec::new(), n }
}

/// The mean log-density of rows, in nats in degrees.
fn truth(rows: &Rows, angles: usize) -> f64 {
    let log_density = |row: &[f64]| {
        let first = row[0] / DEGREES;
        let one: f64 = MIXTURE.iter().map(|(weight, mean, k)| weight * von_mises(first, *mean, *k)).sum();
        let more = row.get(1).map_or(0.0, |x| von_mises(x / DEGREES, 2.0 * first, CONCENTRATION).ln());
        one.ln() + more - angles as f64 * DEGREES.ln()
    };
    rows.values.chunks(angles).map(log_density).sum::<f64>() / rows.n as f64
}

fn fitted(config: FlowConfig, columns: Columns, splits: &Splits, steps: u64) -> Model {
    let fit = Fit {
        config,
        columns,
        context: Columns::default(),
        splits,
        settings: Settings { steps, batch: 256, patience: 0, validate_every: 250, ..Settings::default() },
        device: Device::flex(),
        run: None,
        resume: false,
        provenance: Provenance::default(),
    };
    fit.run(&mut |_| ControlFlow::Continue(())).unwrap_or_else(|error| panic!("{error}")).model
}

/// The held-out log-densities of the circle's flow and of the cut one, and the true one.
fn compared(angles: usize, steps: u64, circle: FlowConfig, cut: FlowConfig) -> [f64; 3] {
    let n = [20_000, 4_000, 20_000];
    let [train, validation, test] = [0, 1, 2].map(|part| rows(n[part], angles, 10 + part as u64));
    let splits = Splits { train, validation, test };
    let names: Vec<String> = (0..angles).map(|i| format!("angle{i}")).collect();
    let domains = vec![Domain::Periodic(0.0, 360.0); angles];
    let columns = fit_columns(&names, &domains, &splits.train.values).unwrap();
    let mean = |model: &Model| {
        let found = model.log_prob(&splits.test.values, &[]);
        found.iter().sum::<f64>() / found.len() as f64
    };
    let on_circle = fitted(circle, columns.clone().on_circles(PI), &splits, steps);
    let ends = on_circle.log_prob(&[vec![0.0; angles], vec![360.0 - 1e-6; angles]].concat(), &[]);
    assert!((ends[0] - ends[1]).abs() < 1e-3, "{ends:?}");
    let found = [mean(&on_circle), mean(&fitted(cut, columns, &splits, steps)), truth(&splits.test, angles)];
    println!(
        "{angles} angles: on the circle {:.4}, cut {:.4}, the truth {:.4}",
        found[0], found[1], found[2]
    );
    found
}

#[test]
fn one_angle_is_learned_better_on_its_circle() {
    let size = Size::new(1).with_transforms(3);
    let (circle, cut) =
        (presets::nsf_circular_autoregressive(&size, &[0]), presets::nsf_autoregressive(&size));
    let [circle, cut, truth] = compared(1, 1_500, circle, cut);
    assert!(circle > cut + 0.002, "{circle} on the circle, {cut} cut");
    assert!((truth - circle).abs() < 0.003, "{circle} on the circle, the truth is {truth}");
}

#[test]
fn two_angles_are_learned_better_on_their_torus() {
    let size = Size::new(2).with_transforms(4).with_hidden([32, 32]);
    let (circle, cut) = (presets::nsf_circular_coupling(&size, &[0, 1]), presets::nsf_coupling(&size));
    let [circle, cut, truth] = compared(2, 1_500, circle, cut);
    assert!(circle > cut + 0.005, "{circle} on the torus, {cut} cut");
    assert!((truth - circle).abs() < 0.015, "{circle} on the torus, the truth is {truth}");
}
