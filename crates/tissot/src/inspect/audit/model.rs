//! The audit of a model, in the units of its table.

use super::finding::{Finding, Kind};
use super::subject::spaced;
use super::thresholds::{Effort, Thresholds};
use super::{Audit, audit, audit_samples};
use crate::bijection::Context;
use crate::columns::Domain;
use crate::model::Model;
use burn::tensor::{Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// Audits a model on `rows` of its table and their `context` in the user's units, as [`Model::log_prob`] takes them; on
/// its own samples where there are none (under contexts drawn from a standard normal in the model's units).
///
/// Rows outside a column's domain are counted and left out. Numbers are in the flow's units: standardised columns.
///
/// # Panics
/// Where the lengths do not fit the model; as [`audit`].
pub fn audit_model(
    model: &Model,
    rows: &[f64],
    context: &[f64],
    thresholds: &Thresholds,
    effort: &Effort,
) -> Audit {
    let (d, c) = (model.columns.len(), model.context.len());
    assert_eq!(rows.len() % d, 0, "whole rows of {d} columns");
    let n = rows.len() / d;
    assert_eq!(context.len(), n * c, "one context row of {c} columns a row");
    if n == 0 {
        let given = (c > 0).then(|| {
            let mut rng = ChaCha8Rng::seed_from_u64(effort.seed);
            let values: Vec<f64> = (0..effort.rows * c).map(|_| StandardNormal.sample(&mut rng)).collect();
            let site = (&model.flow.device(), model.flow.dtype());
            Tensor::<2>::from_data(TensorData::new(values, [effort.rows, c]), site)
        });
        let mut audit = audit_samples::<2, _, _>(
            &model.flow,
            Context { features: given.as_ref(), maps: None },
            thresholds,
            effort,
        );
        if c > 0 {
            audit.notes.push("the contexts are drawn from a standard normal in the model's units".into());
        }
        return audit;
    }
    let chosen = spaced(n, effort.rows);
    let pick = |values: &[f64], width: usize| -> Vec<f64> {
        chosen.iter().flat_map(|&row| &values[row * width..(row + 1) * width]).copied().collect()
    };
    let (rows, context) = (pick(rows, d), pick(context, c));
    let (x, log_dets) = model.inputs(&rows);
    let features = model.context_tensor(&context);
    let inside: Vec<usize> = (0..chosen.len()).filter(|&row| log_dets[row].is_finite()).collect();
    let outside = chosen.len() - inside.len();
    if inside.is_empty() {
        let mut audit = Audit::new(0, d, true, model.flow.dtype());
        audit.add_all(vec![all_outside(chosen.len())]);
        return audit.finished(thresholds);
    }
    let x = super::select(&x, &inside);
    let features = features.map(|features| super::select(&features, &inside));
    let mut audit =
        audit(&model.flow, &x, Context { features: features.as_ref(), maps: None }, thresholds, effort);
    audit.name_columns(&model.columns.names());
    // A circle has no tails, wherever it is cut.
    let circles = model.columns.0.iter().filter(|column| matches!(column.domain, Domain::Periodic(..)));
    audit.forget_tails(&circles.map(|column| column.name.clone()).collect::<Vec<_>>());
    if chosen.len() < n {
        audit.notes.push(format!("{} of {n} rows were looked at, evenly spaced", chosen.len()));
    }
    if outside > 0 {
        audit.notes.push(format!("{outside} rows are outside a column's domain: density 0, left out"));
    }
    if model.columns.any_integer() {
        audit.notes.push("whole numbers were dequantised, one draw a row".into());
    }
    audit
}

fn all_outside(rows: usize) -> Finding {
    let message =
        format!("all {rows} rows are outside a column's domain, expected rows of the model's table");
    Finding { kind: Kind::NotFinite, place: None, found: rows as f64, limit: 0.0, message }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::columns::{Column, Columns};
    use crate::{Provenance, presets};
    use burn::tensor::Device;
    use rand::RngExt;

    #[test]
    fn a_circle_has_no_tails() {
        let config = presets::real_nvp(&presets::Size::new(2));
        let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap();
        let rng = &mut ChaCha8Rng::seed_from_u64(1);
        let rows: Vec<f64> = (0..4_000)
            .map(|_| {
                // Tails like those of a power, as far as the circle goes.
                let [u, side] = [0.0; 2].map(|_: f64| rng.random::<f64>());
                (0.05 * (u.powf(-0.9) - 1.0)).min(179.0) * (side - 0.5).signum()
            })
            .collect();
        let found = |domain| {
            let column =
                |name: &str| Column { name: name.into(), domain, cut: -180.0, mean: 180.0, std: 2.0 };
            let columns = Columns(["a", "b"].map(column).to_vec());
            let model = Model {
                flow: flow.clone(),
                config: config.clone(),
                columns,
                context: Columns::default(),
                provenance: Provenance::default(),
            };
            let effort = Effort { rows: 2_000, jacobians: 8, samples: 2_000, seed: 0 };
            let audit = audit_model(&model, &rows, &[], &Thresholds::default(), &effort);
            let tails = audit.fooled.as_ref().map_or(0, |fooled| fooled.tails.len());
            (tails, audit.findings.iter().filter(|finding| finding.kind == Kind::Tail).count())
        };
        let (tails, findings) = found(Domain::Real);
        assert!(tails == 2 && findings > 0, "{findings} findings: the test shows nothing");
        assert_eq!(found(Domain::Periodic(-180.0, 180.0)), (0, 0));
    }
}
