//! The cheap form of the audit, for training loops.

use super::finding::Finding;
use super::layer::{LayerAudit, weights};
use super::spread::{Spread, by_row, relative};
use super::thresholds::Thresholds;
use crate::base::Base;
use crate::bijection::{Bijection, Context};
use crate::flow::Flow;
use crate::inspect::{Sign, bad_weights, jacobian::host};
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;

/// Whether a layer has gone bad, for a flow that is being trained: weights, orders, LU diagonals, scales, bins and boxes,
/// values that are not finite, round trips and log-dets of both ways of each layer alone. No Jacobians, no f64.
///
/// Pass weights without gradients (`flow.valid()`) and few rows, 64 say: it costs about three forward passes of them.
///
/// # Panics
/// Where the shapes do not fit the flow.
pub fn quick<const D: usize, T, B>(
    flow: &Flow<T, B>,
    x: &Tensor<D>,
    context: Context<'_>,
    thresholds: &Thresholds,
) -> Vec<Finding>
where
    T: Bijection<D>,
    B: Base<D> + Module + ModuleDisplay,
{
    let mut found = weights("base", &bad_weights(&flow.base));
    found.extend(weights("embedding", &bad_weights(&flow.embedding)));
    let features = flow.embed(context);
    let context = Context { features: features.as_ref(), ..context };
    let width: usize = x.dims()[1..].iter().product();
    let mut x = Some(x.clone());
    flow.bijection.parts(&mut |name, part| {
        let mut layer =
            LayerAudit { name: name.into(), bad_weights: part.bad_weights(), ..LayerAudit::default() };
        if let Some(before) = x.take() {
            part.examine(&before, context, &mut |sign| layer.signs.push(sign));
            let possible = !layer.signs.iter().any(|sign| matches!(sign, Sign::Order { .. }));
            if possible {
                let (z, log_det) = part.forward(before.clone(), context);
                let (values, log_dets) = (host(z.clone()), host(log_det));
                layer.rows = log_dets.len();
                let finite = |row: usize| {
                    log_dets[row].is_finite()
                        && values[row * width..(row + 1) * width].iter().all(|v| v.is_finite())
                };
                layer.not_finite = (0..layer.rows).filter(|&row| !finite(row)).count();
                // Behind the first layer that breaks nothing can be said.
                if layer.not_finite == 0 {
                    let (back, inverse) = part.inverse(z.clone(), context);
                    layer.round_trip = Spread::of(&by_row(&host(back), &host(before), width));
                    let sums = host(inverse);
                    let sums = sums.iter().zip(&log_dets).map(|(a, b)| relative(-a, *b)).collect::<Vec<_>>();
                    layer.log_dets_cancel = Spread::of(&sums);
                    x = Some(z);
                }
            }
        }
        found.extend(layer.findings(thresholds));
    });
    found.sort_by_key(|finding| finding.kind);
    found
}
