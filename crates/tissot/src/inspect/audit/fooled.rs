//! The known ways to be fooled by a density that looks good.

use super::Seen;
use super::bridges::Bridges;
use super::finding::Finding;
use super::manifold::Manifold;
use super::simple::Simple;
use super::spread::sorted;
use super::subject::{Conditions, Subject, select, spaced};
use super::tails::Tail;
use super::thresholds::Thresholds;
use crate::base::Base;
use crate::bijection::Bijection;
use crate::inspect::jacobian::host;
use serde::Serialize;

/// Rows that are drawn half-way to the mean.
const HALVED: usize = 512;

/// What may fool whoever trusts a likelihood, measured on data.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Fooled {
    /// The rows lie on fewer dimensions than they have columns; `None` without Jacobians.
    pub manifold: Option<Manifold>,
    /// The model has mass where no data are; `None` for fewer than 100 rows, under a context, or where rows have copies.
    pub bridges: Option<Bridges>,
    /// Each column's tail; none for fewer than 500 rows, and under a context.
    pub tails: Vec<Tail>,
    /// Where simple inputs rank.
    pub simple: Simple,
}

impl Fooled {
    /// On the subject's rows, with samples of the model and their log-densities.
    pub(super) fn of<const D: usize, T: Bijection<D>, B: Base<D>>(
        subject: &Subject<'_, D, T, B>,
        seen: &Seen,
        samples: &[f64],
        sample_log_prob: &[f64],
    ) -> Self {
        let (rows, width) = (host(subject.x.clone()), subject.width());
        // Under a context the samples' conditions are the rows' over and over: together they are the model's marginal.
        let column = |values: &[f64], k: usize| -> Vec<f64> {
            values.iter().skip(k).step_by(width).copied().collect()
        };
        let tails = (0..width)
            .filter_map(|k| Tail::of(&format!("x{}", k + 1), &column(&rows, k), &column(samples, k)))
            .collect();
        Self {
            manifold: Manifold::of(&seen.singular),
            bridges: Bridges::of(&rows, samples, width),
            tails,
            simple: simple(subject, seen, sample_log_prob),
        }
    }

    /// What is beyond the thresholds.
    pub(super) fn findings(&self, limits: &Thresholds) -> Vec<Finding> {
        let mut found = Vec::new();
        found.extend(self.manifold.iter().flat_map(|manifold| manifold.findings(limits)));
        found.extend(self.bridges.iter().flat_map(|bridges| bridges.findings(limits)));
        found.extend(self.tails.iter().flat_map(|tail| tail.findings(limits)));
        found
    }
}

/// The log-densities of the rows' mean and of rows half-way to it.
fn simple<const D: usize, T: Bijection<D>, B: Base<D>>(
    subject: &Subject<'_, D, T, B>,
    seen: &Seen,
    sample_log_prob: &[f64],
) -> Simple {
    let chosen = spaced(subject.rows(), HALVED);
    let given = subject.given.select(&chosen);
    let (x, mean) = (select(&subject.x, &chosen), subject.x.clone().mean_dim(0));
    let log_prob = |x, given: &Conditions| {
        let (z, log_det) = subject.forward(&x, given);
        host(subject.flow.base.log_prob(z, given.context()) + log_det)
    };
    let half = log_prob((x.clone() + mean.clone()).mul_scalar(0.5), &given);
    let at_mean = sorted(log_prob(x.zeros_like() + mean, &given));
    let median = super::spread::quantile(&at_mean, 0.5);
    let (rows, samples) = (sorted(seen.log_prob.iter().copied()), sorted(sample_log_prob.iter().copied()));
    Simple::of(&rows, &samples, median, &half)
}
