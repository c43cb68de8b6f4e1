//! The known ways to be fooled by a likelihood, each on flows that were trained on data made for it.

use burn::tensor::{Device, Tensor, TensorData};
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal, StudentT};
use tissot::base::{BaseConfig, StudentTConfig};
use tissot::inspect::audit::{Audit, Effort, Kind, Thresholds, audit};
use tissot::presets::{Size, maf, nsf_coupling, real_nvp};
use tissot::{AnyFlow, Context};
use tissot_benches::planted::fit;

fn normal(rng: &mut dyn Rng) -> f64 {
    StandardNormal.sample(rng)
}

/// `n` rows that `draw` makes.
fn table(n: usize, rng: &mut dyn Rng, draw: impl Fn(&mut dyn Rng) -> Vec<f64>) -> Tensor<2> {
    let rows: Vec<Vec<f64>> = (0..n).map(|_| draw(rng)).collect();
    let width = rows[0].len();
    Tensor::from_data(TensorData::new(rows.concat(), [n, width]), &Device::flex())
}

fn look(flow: &AnyFlow, draw: impl Fn(&mut dyn Rng) -> Vec<f64>) -> Audit {
    let x = table(4_000, &mut ChaCha8Rng::seed_from_u64(99), draw);
    audit(flow, &x, Context::NONE, &Thresholds::default(), &Effort { jacobians: 64, ..Effort::default() })
}

fn kinds(audit: &Audit) -> Vec<Kind> {
    audit.findings.iter().map(|finding| finding.kind).collect()
}

/// A curve in the plane, `thickness` thick.
fn curve(thickness: f64) -> impl Fn(&mut dyn Rng) -> Vec<f64> {
    move |rng| {
        let x = normal(rng);
        vec![x, (1.5 * x).sin() + thickness * normal(rng)]
    }
}

#[test]
fn a_curve_in_the_plane_is_one_collapsed_direction() {
    let config = nsf_coupling(&Size::new(2).with_transforms(4).with_hidden([32, 32]));
    for (thickness, directions) in [(0.0, 1.0), (0.2, 0.0)] {
        let flow = fit(&config, 800, 3, |n, rng| table(n, rng, curve(thickness)));
        let found = look(&flow, curve(thickness));
        let manifold = found.fooled.as_ref().and_then(|fooled| fooled.manifold.clone()).unwrap();
        assert!((manifold.collapsed - directions).abs() < 0.3, "{thickness}: {manifold:?}");
        assert_eq!(kinds(&found).contains(&Kind::Manifold), thickness == 0.0, "{:?}", found.findings);
    }
}

#[test]
fn affine_couplings_bridge_modes_that_are_apart_and_a_single_mode_has_no_bridge() {
    let config = real_nvp(&Size::new(2).with_transforms(4).with_hidden([16, 16]));
    // Modes in a ring of three, far apart; and one.
    let modes = |count: u32| {
        move |rng: &mut dyn Rng| {
            let angle = std::f64::consts::TAU * f64::from(rng.random_range(0..count)) / f64::from(count);
            let radius = if count == 1 { 0.0 } else { 1.2 };
            vec![radius * angle.cos() + 0.1 * normal(rng), radius * angle.sin() + 0.1 * normal(rng)]
        }
    };
    let [many, one] = [3, 1].map(|count| {
        let flow = fit(&config, 500, 5, |n, rng| table(n, rng, modes(count)));
        look(&flow, modes(count))
    });
    let share = |audit: &Audit| audit.bridges().map(|bridges| bridges.share).unwrap();
    assert!(share(&many) > 0.1 && share(&one) < 0.02, "{} {}", share(&many), share(&one));
    assert!(kinds(&many).contains(&Kind::Bridge), "{:?}", many.findings);
    assert!(!kinds(&one).contains(&Kind::Bridge), "{:?}", one.findings);
}

#[test]
fn heavy_tails_under_a_normal_base_are_found_and_students_t_mends_them() {
    let draw = |rng: &mut dyn Rng| {
        let heavy: f64 = StudentT::new(1.5).unwrap().sample(rng);
        vec![0.5 * heavy, normal(rng)]
    };
    let size = Size::new(2).with_transforms(2).with_hidden([16, 16]);
    let with = |base| {
        let config = tissot::FlowConfig { base, ..maf(&size) };
        let flow = fit(&config, 500, 7, |n, rng| table(n, rng, draw));
        look(&flow, draw)
    };
    let normal = with(BaseConfig::StandardNormal);
    let finding = normal.findings.iter().find(|finding| finding.kind == Kind::Tail);
    assert_eq!(finding.and_then(|f| f.place.as_deref()), Some("x1"), "{:?}", normal.findings);
    let student = with(BaseConfig::StudentT(StudentTConfig { degrees_of_freedom: 2.0 }));
    assert!(!kinds(&student).contains(&Kind::Tail), "{:?}", student.findings);
}

#[test]
fn in_many_dimensions_the_mean_is_denser_than_the_data_and_the_audit_says_so() {
    let draw = |width: usize| move |rng: &mut dyn Rng| (0..width).map(|_| normal(rng)).collect::<Vec<_>>();
    for (width, noted) in [(24, true), (1, false)] {
        let config = maf(&Size::new(width).with_transforms(1).with_hidden([8]));
        let flow = fit(&config, 60, 9, |n, rng| table(n, rng, draw(width)));
        let found = look(&flow, draw(width));
        let note = found.notes.iter().find(|note| note.starts_with("likelihood is no anomaly score here"));
        assert_eq!(note.is_some(), noted, "{width}: {:?}", found.fooled.map(|fooled| fooled.simple));
        if let Some(note) = note {
            assert!(note.contains("judge a row by typicality"), "{note}");
        }
    }
}
