//! There and back again: both ways, and at inputs that are too large.

use super::finding::{Finding, Kind};
use super::layer::LayerAudit;
use super::spread::{Spread, by_row, relative};
use super::subject::{Conditions, Subject, select, spaced};
use crate::base::Base;
use crate::bijection::Bijection;
use crate::inspect::jacobian::host;
use burn::tensor::Tensor;
use serde::Serialize;

/// Rows that are scaled.
const SCALED: usize = 512;
/// What they are scaled by.
const SCALES: [f64; 3] = [10.0, 100.0, 10_000.0];

/// How well the whole flow comes back.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct RoundTrip {
    /// Errors of `inverse(forward(x))`, relative to `max(1, |x|)`.
    pub from_data: Spread,
    /// Errors of `forward(inverse(z))` at latents drawn from the base, relative to `max(1, |z|)`.
    pub from_latent: Spread,
    /// Sums of the log-dets of forward at `x` and of inverse at `z = forward(x)`, relative to `max(1, |log-det|)`.
    pub log_dets: Spread,
    /// The flow at inputs that are scaled: what it is good for outside its data. No finding comes of it.
    pub validity: Vec<Validity>,
    /// The largest of the scales, 1 included, up to which all is still exact; `None` where it is not at 1.
    pub valid_up_to: Option<f64>,
}

/// The flow at inputs that were scaled.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Validity {
    /// What the inputs were multiplied by.
    pub scale: f64,
    /// The largest error of a round trip, relative to `max(1, |x|)`.
    pub round_trip: f64,
    /// The largest difference of a log-density in f32 from f64, relative; `None` where there is no f64.
    pub precision: Option<f64>,
    /// Whether both are within the thresholds.
    pub exact: bool,
}

/// `there(x)` and `back` of it: errors a row, and the sums of the log-dets.
fn both_ways<const D: usize>(
    x: &Tensor<D>,
    there: impl Fn(&Tensor<D>) -> (Tensor<D>, Tensor<1>),
    back: impl Fn(&Tensor<D>) -> (Tensor<D>, Tensor<1>),
    width: usize,
) -> (Vec<f64>, Vec<f64>) {
    let (z, log_det) = there(x);
    let (again, inverse) = back(&z);
    let (inverse, log_det) = (host(inverse), host(log_det));
    let sums = inverse.iter().zip(log_det).map(|(inverse, log_det)| relative(-inverse, log_det));
    (by_row(&host(again), &host(x.clone()), width), sums.collect())
}

/// Round trips of the rows and of as many latents; the rows with the worst errors come with it.
pub(super) fn measure<const D: usize, T: Bijection<D>, B: Base<D>>(
    subject: &Subject<'_, D, T, B>,
    latents: &Tensor<D>,
    given: &Conditions,
) -> (RoundTrip, Vec<usize>) {
    let width = subject.width();
    let (errors, sums) = both_ways(
        &subject.x,
        |x| subject.forward(x, &subject.given),
        |z| subject.inverse(z, &subject.given),
        width,
    );
    let (back, _) = both_ways(latents, |z| subject.inverse(z, given), |x| subject.forward(x, given), width);
    let mut order: Vec<usize> = (0..errors.len()).collect();
    order.sort_by(|&a, &b| errors[b].total_cmp(&errors[a]));
    order.truncate(32);
    let trip = RoundTrip {
        from_data: Spread::of(&errors),
        from_latent: Spread::of(&back),
        log_dets: Spread::of(&sums),
        ..RoundTrip::default()
    };
    (trip, order)
}

/// The range of validity: `precise(x, given)` is the largest difference of f32 from f64.
pub(super) fn validity<const D: usize, T: Bijection<D>, B: Base<D>>(
    subject: &Subject<'_, D, T, B>,
    precise: impl Fn(&Tensor<D>, &Conditions) -> Option<f64>,
) -> (Vec<Validity>, Option<f64>) {
    let rows = spaced(subject.rows(), SCALED);
    let (x, given) = (select(&subject.x, &rows), subject.given.select(&rows));
    let at = |scale: f64| {
        let x = x.clone().mul_scalar(scale);
        let (errors, _) =
            both_ways(&x, |x| subject.forward(x, &given), |z| subject.inverse(z, &given), subject.width());
        let (round_trip, precision) = (Spread::of(&errors).max, precise(&x, &given));
        let exact = round_trip <= subject.thresholds.round_trip
            && precision.is_none_or(|off| off <= subject.thresholds.precision);
        Validity { scale, round_trip, precision, exact }
    };
    let at_one = at(1.0).exact;
    let all: Vec<Validity> = SCALES.into_iter().map(at).collect();
    let up_to = at_one.then(|| {
        all.iter().take_while(|validity| validity.exact).last().map_or(1.0, |validity| validity.scale)
    });
    (all, up_to)
}

impl RoundTrip {
    /// What is beyond the thresholds, and the layer that does most of it.
    pub(super) fn findings(&self, subject_limits: &super::Thresholds, layers: &[LayerAudit]) -> Vec<Finding> {
        let limit = subject_limits.round_trip;
        let mut found = Vec::new();
        let of_row: fn(&LayerAudit) -> f64 = |layer| layer.round_trip.max;
        let of_latent: fn(&LayerAudit) -> f64 = |layer| layer.from_latent.max;
        let ways = [
            ("a row", "forward and inverse", self.from_data, of_row),
            ("a latent", "inverse and forward", self.from_latent, of_latent),
        ];
        for (what, way, error, of) in ways {
            if error.max <= limit {
                continue;
            }
            let worst = layers.iter().max_by(|a, b| of(a).total_cmp(&of(b)));
            let at = worst.map_or(String::new(), |layer| format!("; most of it in layer {}", layer.name));
            let message = format!(
                "{what} comes back {:.3e} off after {way} (99 % within {:.1e}), expected at most {limit:.0e}{at}",
                error.max, error.q99
            );
            found.push(Finding {
                place: worst.map(|layer| layer.name.clone()),
                ..Finding::whole(Kind::RoundTrip, error.max, limit, message)
            });
        }
        let (error, limit) = (self.log_dets.max, subject_limits.log_det.max(subject_limits.precision));
        if error > limit {
            let worst = layers.iter().max_by(|a, b| a.log_dets_cancel.max.total_cmp(&b.log_dets_cancel.max));
            let message = format!(
                "the log-dets of forward and inverse sum to {error:.3e} (relative), expected at most {limit:.0e}"
            );
            found.push(Finding {
                place: worst.map(|layer| layer.name.clone()),
                ..Finding::whole(Kind::LogDetsCancel, error, limit, message)
            });
        }
        found
    }
}
