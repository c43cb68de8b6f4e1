//! Layers of a user's own: what they get wrong is found and named, with the right number.

use burn::module::Module;
use burn::tensor::Tensor;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::inspect::Sign;
use tissot::inspect::audit::{Audit, Effort, Kind, Thresholds, audit, quick};
use tissot::{Bijection, Chain, Context, Flow};

/// `z = scale x` with a log-det that is off by `error`, wrong only forward; below `edge` it is not a number.
#[derive(Module, Debug)]
struct Scaled {
    scale: f64,
    error: f64,
    edge: f64,
}

impl Scaled {
    fn good(scale: f64) -> Self {
        Self { scale, error: 0.0, edge: f64::NEG_INFINITY }
    }
}

impl Bijection<2> for Scaled {
    fn forward(&self, x: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let [batch, n] = x.dims();
        let log_det = n as f64 * self.scale.ln() + self.error;
        let log_det = Tensor::<1>::full([batch], log_det, (&x.device(), x.dtype()));
        let bad = x.clone().lower_elem(self.edge);
        (x.mul_scalar(self.scale).mask_fill(bad, f64::NAN), log_det)
    }

    fn inverse(&self, z: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let [batch, n] = z.dims();
        let log_det = Tensor::<1>::full([batch], -(n as f64) * self.scale.ln(), (&z.device(), z.dtype()));
        (z.mul_scalar(1.0 / self.scale), log_det)
    }

    fn examine(&self, _: &Tensor<2>, _: Context<'_>, note: &mut dyn FnMut(Sign)) {
        note(Sign::LogScale { least: self.scale.ln(), greatest: self.scale.ln() });
    }
}

type Stack = Flow<Chain<Scaled>, tissot::base::StandardNormal>;

/// Scales 2, the odd one, and what makes their product 1; in three dimensions.
fn stack(odd: Scaled) -> Stack {
    let rest = 0.5 / odd.scale;
    Flow::new(Chain::new(vec![Scaled::good(2.0), odd, Scaled::good(rest)]), [3])
}

fn normals(n: usize) -> Tensor<2> {
    stack(Scaled::good(1.0)).sample(n, Context::NONE, &mut ChaCha8Rng::seed_from_u64(4))
}

fn look(flow: &Stack) -> Audit {
    let effort = Effort { rows: 1_000, samples: 2_000, jacobians: 32, seed: 1 };
    audit(flow, &normals(1_000), Context::NONE, &Thresholds::default(), &effort)
}

#[test]
fn an_honest_stack_is_healthy_and_its_numbers_are_right() {
    let found = look(&stack(Scaled::good(3.0)));
    assert!(found.is_healthy(), "{:?}", found.findings);
    assert_eq!(found.verdict(), "healthy: nothing found in 3 layers on 1000 rows");
    let volume = found.volume.expect("three dimensions");
    assert_eq!(volume.rows, 32);
    for value in [volume.least, volume.greatest, volume.condition.max] {
        assert!((value - 1.0).abs() < 1e-9, "{volume:?}");
    }
    let names: Vec<&str> = found.layers.iter().map(|layer| &*layer.name).collect();
    assert_eq!(names, ["0.Scaled", "1.Scaled", "2.Scaled"]);
    assert_eq!(found.round_trip.valid_up_to, Some(10_000.0));
    let calibration = found.calibration.expect("there are data");
    assert!(calibration.columns.iter().all(|distance| *distance < calibration.by_chance), "{calibration:?}");
    for coverage in calibration.coverage {
        assert!((coverage.found - coverage.region).abs() < 3.3 * coverage.error, "{coverage:?}");
    }
    assert!(quick(&stack(Scaled::good(3.0)), &normals(64), Context::NONE, &Thresholds::default()).is_empty());
}

#[test]
fn a_log_det_that_is_off_is_off_by_what_it_says() {
    let found = look(&stack(Scaled { error: 0.25, ..Scaled::good(3.0) }));
    let first = &found.findings[0];
    assert_eq!((first.kind, first.place.as_deref()), (Kind::LogDet, Some("1.Scaled")));
    // Relative to the exact log-det, 3 ln 3.
    let expected = 0.25 / (3.0 * 3.0_f64.ln());
    assert!((first.found - expected).abs() < 1e-6, "{first:?}");
    assert!(found.layers[1].log_dets_cancel.max > 0.07 && !found.layers[1].wrong_sign);
    assert_eq!(found.layers[0].log_det.map(|error| error.max), Some(0.0));
    let turned = look(&stack(Scaled { error: -6.0 * 3.0_f64.ln(), ..Scaled::good(3.0) }));
    assert!(turned.findings[0].message.ends_with("its sign is the wrong one"), "{}", turned.verdict());
}

#[test]
fn rows_that_are_lost_are_counted_where_they_are_lost() {
    let flow = stack(Scaled { edge: -3.0, ..Scaled::good(3.0) });
    let x = normals(1_000);
    let values: Vec<f64> = x.clone().into_data().iter().collect();
    let lost = values.chunks(3).filter(|row| row.iter().any(|v| 2.0 * v < -3.0)).count();
    assert!(lost > 50, "{lost}");
    let found = look(&flow);
    assert_eq!(found.findings[0].place.as_deref(), Some("1.Scaled"), "{}", found.verdict());
    assert_eq!((found.layers[1].not_finite, found.layers[2].rows), (lost, 1_000 - lost));
    assert_eq!(found.findings[0].kind, Kind::NotFinite);
    let quick = quick(&flow, &x, Context::NONE, &Thresholds::default());
    assert_eq!((quick[0].kind, quick[0].found), (Kind::NotFinite, lost as f64));
}

#[test]
fn what_a_layer_says_of_itself_is_judged() {
    let found = look(&stack(Scaled::good(30_f64.exp())));
    let scales: Vec<_> = found.findings.iter().filter(|finding| finding.kind == Kind::Scale).collect();
    assert_eq!(scales[0].place.as_deref(), Some("1.Scaled"));
    assert_eq!(scales[0].message, "layer 1.Scaled: a scale is e^30.0, expected between e^-9.2 and e^9.2");
    let loose = Thresholds { log_slope: 40.0, ..Thresholds::default() };
    let found =
        audit(&stack(Scaled::good(30_f64.exp())), &normals(200), Context::NONE, &loose, &Effort::default());
    assert!(found.findings.iter().all(|finding| finding.kind != Kind::Scale), "{:?}", found.findings);
    assert_eq!(found.thresholds, loose);
}

#[test]
fn rows_of_another_density_do_not_fit_the_base() {
    let flow = stack(Scaled::good(3.0));
    let look = |x: Tensor<2>| {
        let found = audit(&flow, &x, Context::NONE, &Thresholds::default(), &Effort::default());
        found.findings.into_iter().map(|finding| (finding.kind, finding.place)).collect::<Vec<_>>()
    };
    let base = Some("base".to_owned());
    let wide = look(normals(2_000).mul_scalar(2.0));
    assert!(
        wide.contains(&(Kind::Calibration, base.clone())) && wide.contains(&(Kind::Coverage, base)),
        "{wide:?}"
    );
    // As far off, and too few to be sure.
    assert_eq!(look(normals(6).mul_scalar(1.5)), []);
}
