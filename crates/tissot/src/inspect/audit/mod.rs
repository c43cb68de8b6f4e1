//! The audit: whether a flow's numbers can be trusted, on one's own rows and device.
//!
//! [`audit`] looks at a flow on rows of data, [`audit_samples`] on its own samples, [`audit_model`] at a model in the
//! units of its table; [`quick`] is a cheap form for training loops.

mod bridges;
mod calibration;
mod distance;
mod finding;
mod fooled;
mod layer;
mod layers;
mod manifold;
mod mass;
mod model;
mod precision;
mod quick;
mod report;
mod round_trip;
mod simple;
mod spread;
mod subject;
mod tails;
mod thresholds;
mod volume;

pub use bridges::Bridges;
pub use calibration::{Calibration, Coverage};
pub use finding::{Finding, Kind};
pub use fooled::Fooled;
pub use layer::LayerAudit;
pub use manifold::{Manifold, Noise};
pub use model::audit_model;
pub use quick::quick;
pub use report::Audit;
pub use round_trip::{RoundTrip, Validity};
pub use simple::Simple;
pub use spread::Spread;
pub use tails::Tail;
pub use thresholds::{Effort, Thresholds};
pub use volume::Volume;

use super::geometry::LocalGeometry;
use super::jacobian::{Jacobian, host};
use super::part::bad_weights;
use crate::base::Base;
use crate::bijection::{Bijection, Context};
use crate::flow::Flow;
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;
use calibration::Both;
use precision::Precise;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;
use spread::Spread as Errors;
use subject::{Conditions, Subject, select, spaced};

/// Numbers of a wide sample's rows that are held at a time: fewer rows are looked at then.
const NUMBERS: usize = 1 << 20;

/// Audits a flow on rows of data, in the flow's units; best on rows that did not train it.
///
/// What is looked at: weights that are not finite, orders that are no permutations, LU diagonals, scales, splines' bins and
/// boxes; each layer alone (its round trip, its log-dets both ways, its log-det against its exact Jacobian, f32 against
/// f64); the whole flow likewise, its singular values, the range of inputs in which it is exact; the probability on a
/// grid in 1 and 2 dimensions; the latents against the base, and the coverage of highest-density regions; the [known ways
/// to be fooled](Fooled). What is beyond a threshold is a [`Finding`] that names the layer.
///
/// Exact Jacobians and comparisons with f64 are made on a copy of the flow in f64 where its device has that (CPU devices);
/// elsewhere the Jacobians are those of f32.
///
/// # Shapes
/// `x`: `[rows, features, ..]`; context features `[rows, context]`.
///
/// # Panics
/// Without rows; where the shapes do not fit the flow; where a layer of the user's own holds float tensors that are no
/// parameters, which cannot be cast to f64.
///
/// # Cost
/// Some ten passes of up to 4,096 rows both ways, Jacobians of up to 256 rows (fewer for more than 32 features, none
/// above 512), 8,192 samples; in two dimensions 327,680 log-densities more. See [`Effort`].
///
/// # Examples
/// ```
/// use burn::tensor::{Device, Tensor};
/// use rand::SeedableRng;
/// use tissot::inspect::audit::{Effort, Thresholds, audit_samples};
/// use tissot::{Context, presets};
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let flow = presets::nsf_coupling(&presets::Size::new(3)).init(&Device::flex(), &mut rng)?;
/// let effort = Effort { rows: 100, samples: 500, ..Effort::default() };
/// let audit = audit_samples::<2, _, _>(&flow, Context::NONE, &Thresholds::default(), &effort);
/// assert!(audit.findings.is_empty(), "{}", audit.verdict());
/// # Ok::<(), tissot::Error>(())
/// ```
pub fn audit<const D: usize, T, B>(
    flow: &Flow<T, B>,
    x: &Tensor<D>,
    context: Context<'_>,
    thresholds: &Thresholds,
    effort: &Effort,
) -> Audit
where
    T: Bijection<D>,
    B: Base<D> + Module + ModuleDisplay,
{
    let flow = flow.valid();
    let features = flow.embed(context);
    let given = Conditions::of(Context { features: features.as_ref(), maps: context.maps });
    let width: usize = x.dims()[1..].iter().product();
    let rows = spaced(x.dims()[0], effort.rows.min((NUMBERS / width.max(1)).max(8)));
    assert!(!rows.is_empty(), "an audit needs rows; audit_samples draws them from the flow");
    let x = select(&x.clone().detach().without_autodiff(), &rows);
    let given = given.select(&rows);
    look(&Subject { flow: &flow, x, given, data: true, thresholds, effort })
}

/// Audits a flow on its own samples, where there are no data: all of [`audit`] but what needs data (calibration, coverage,
/// the ways to be fooled).
///
/// With a context there is one row of it a sample.
///
/// # Panics
/// As [`audit`].
pub fn audit_samples<const D: usize, T, B>(
    flow: &Flow<T, B>,
    context: Context<'_>,
    thresholds: &Thresholds,
    effort: &Effort,
) -> Audit
where
    T: Bijection<D>,
    B: Base<D> + Module + ModuleDisplay,
{
    let flow = flow.valid();
    let features = flow.embed(context);
    let given = Conditions::of(Context { features: features.as_ref(), maps: context.maps });
    let rows = context
        .features
        .map(|v| v.dims()[0])
        .or(context.maps.map(|v| v.dims()[0]))
        .unwrap_or(effort.rows)
        .min(effort.rows);
    let given = given.select(&(0..rows).collect::<Vec<_>>());
    let mut rng = ChaCha8Rng::seed_from_u64(effort.seed);
    let device = flow.device();
    let site = crate::base::Site { device: &device, dtype: flow.dtype() };
    // Latents stand for rows until it is known that the layers can be evaluated.
    let z: Tensor<D> = flow.base.sample(rows, given.context(), 1.0, site, &mut rng);
    let subject = Subject { flow: &flow, x: z, given, data: false, thresholds, effort };
    let (_, possible) = layers::probe(&subject);
    let x = if possible { subject.inverse(&subject.x, &subject.given).0 } else { subject.x.clone() };
    let x = subject.one_turn(x);
    let width: usize = x.dims()[1..].iter().product();
    let finite = finite_rows(&host(x.clone()), width);
    // Rows that are not finite would hide their cause: the latents are looked at instead.
    let subject = match finite.len() {
        0 => subject,
        _ => Subject { x: select(&x, &finite), given: subject.given.select(&finite), ..subject },
    };
    let mut audit = look(&subject);
    if finite.len() < rows {
        audit.add_lost_samples(rows - finite.len(), rows);
    }
    audit
}

/// The rows of `width` numbers that are all finite.
fn finite_rows(values: &[f64], width: usize) -> Vec<usize> {
    let finite = |(row, values): (usize, &[f64])| values.iter().all(|v| v.is_finite()).then_some(row);
    values.chunks(width.max(1)).enumerate().filter_map(finite).collect()
}

fn look<const D: usize, T, B>(subject: &Subject<'_, D, T, B>) -> Audit
where
    T: Bijection<D>,
    B: Base<D> + Module + ModuleDisplay,
{
    let limits = subject.thresholds;
    let mut report = Audit::new(subject.rows(), subject.width(), subject.data, subject.flow.dtype());
    report.add_all(layer::weights("base", &bad_weights(&subject.flow.base)));
    report.add_all(layer::weights("embedding", &bad_weights(&subject.flow.embedding)));
    let (probed, possible) = layers::probe(subject);
    let broken = probed.iter().any(|layer| !layer.bad_weights.is_empty());
    if !possible || broken {
        // What follows would stop the program, or be made of NaN.
        report.add_all(probed.iter().flat_map(|layer| layer.static_findings(limits)).collect());
        report.layers = probed;
        report.stopped = true;
        return report.finished(limits);
    }
    let precise = Precise::of(subject);
    let mut rng = ChaCha8Rng::seed_from_u64(subject.effort.seed.wrapping_add(1));
    let repeated = subject.repeated(if subject.given.any() { subject.rows() } else { subject.rows().max(1) });
    let given = subject.given.select(&repeated);
    let latents = subject.latents(repeated.len(), &given, &mut rng);
    let (mut trip, mut suspects) = round_trip::measure(subject, &latents, &given);
    let (z, log_det) = subject.forward(&subject.x, &subject.given);
    let log_base = subject.flow.base.log_prob(z.clone(), subject.given.context());
    let log_prob = host(log_base.clone() + log_det.clone());
    suspects.extend((0..log_prob.len()).filter(|&row| !log_prob[row].is_finite()).take(64));
    suspects.sort_unstable();
    suspects.dedup();
    let precision = precise.as_ref().map(|precise| precise.compare(&subject.x, &subject.given, &log_prob));
    if let Some(errors) = &precision {
        report.precision = Some(Errors::of(errors));
    }
    let layers = layers::look(subject, precise.as_ref().map(|precise| &precise.flow), &suspects);
    report.add_all(layers.layers.iter().flat_map(|layer| layer.findings(limits)).collect());
    (trip.validity, trip.valid_up_to) = round_trip::validity(subject, |x, given| {
        let own = subject.forward(x, given);
        let own = host(subject.flow.base.log_prob(own.0, given.context()) + own.1);
        precise.as_ref().map(|precise| Errors::of(&precise.compare(x, given, &own)).max)
    });
    report.add_all(trip.findings(limits, &layers.layers));
    report.add_precision(limits, &layers.layers);

    let log_dets = host(log_det);
    let (rows, jacobians): (Vec<usize>, Vec<Jacobian>) = layers.jacobians.into_iter().unzip();
    let singular: Vec<Vec<f64>> = jacobians.par_iter().map(singular_values).collect();
    let own: Vec<f64> = rows.iter().map(|&row| log_dets[row]).collect();
    report.volume = Volume::of(&jacobians, &singular, &own);
    report.add_all(report.volume.iter().flat_map(|volume| volume.findings(limits)).collect());
    report.layers = layers.layers;
    report.round_trip = trip;

    let seen = Seen { z: host(subject.one_turn(z)), log_base: host(log_base), log_prob, singular };
    distribution(subject, &seen, &mut report, &mut rng);
    report.finished(limits)
}

/// The singular values of a Jacobian, largest first.
fn singular_values(jacobian: &Jacobian) -> Vec<f64> {
    LocalGeometry::of(jacobian).singular_values
}

/// What the rows became.
struct Seen {
    z: Vec<f64>,
    log_base: Vec<f64>,
    log_prob: Vec<f64>,
    singular: Vec<Vec<f64>>,
}

/// What needs the model's own samples: the probability on a grid, calibration, coverage, the ways to be fooled.
fn distribution<const D: usize, T, B>(
    subject: &Subject<'_, D, T, B>,
    seen: &Seen,
    report: &mut Audit,
    rng: &mut ChaCha8Rng,
) where
    T: Bijection<D>,
    B: Base<D> + Module + ModuleDisplay,
{
    let (limits, width) = (subject.thresholds, subject.width());
    let count = subject.effort.samples.min((NUMBERS / width.max(1)).max(8));
    let taken = subject.repeated(count);
    let given = subject.given.select(&taken);
    let latents = subject.latents(count, &given, rng);
    let log_base = subject.flow.base.log_prob(latents.clone(), given.context());
    let (samples, log_det) = subject.inverse(&latents, &given);
    let sample_log_prob = host(log_base.clone() - log_det);
    let samples = host(subject.one_turn(samples));
    if !subject.given.any() {
        report.mass = super::mass(subject.flow, &subject.x, Context::NONE, mass::LINES);
        report.add_all(report.mass.iter().flat_map(|found| mass::findings(found, limits)).collect());
    }
    if !subject.data {
        return;
    }
    let coverage = if subject.given.any() {
        calibration::conditional(subject, &seen.log_prob, rng)
    } else {
        calibration::coverage(&seen.log_prob, &sample_log_prob)
    };
    let latents = Both { data: &seen.z, model: &host(latents) };
    let radii = Both { data: &seen.log_base, model: &host(log_base) };
    let calibration = Calibration::of(&latents, &radii, width, coverage);
    report.add_all(calibration.findings(limits));
    report.calibration = Some(calibration);
    let fooled = Fooled::of(subject, seen, &samples, &sample_log_prob);
    report.add_all(fooled.findings(limits));
    report.fooled = Some(fooled);
}
