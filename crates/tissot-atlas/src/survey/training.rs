//! The model while it was trained: what its log-density gained, and by which part.

use super::error::SurveyError;
use super::gather::{SurveyOptions, some};
use super::plane::{Plane, Span};
use super::subject::Subject;
use super::{Map, Snapshot, round};
use tissot::Model;

/// Cells along the longer side.
const CELLS: usize = 72;
/// Rows whose mean log-density is taken.
const ROWS: usize = 2_000;

/// `log p_t - log p_0` over the map for each snapshot, with the model as it is for the last.
pub(crate) fn training(
    options: &SurveyOptions<'_>,
    model: &Model,
    held: &[f64],
    context: &[f64],
    map: &Map,
) -> Result<Vec<Snapshot>, SurveyError> {
    let (rows, contexts) = some(options.rows, options.context, model.columns.len(), ROWS);
    let mut first: Option<(Vec<f64>, Vec<f64>)> = None;
    let last = (model.provenance.steps, model);
    let steps =
        options.snapshots.iter().map(|(step, model)| (*step, model)).filter(|(step, _)| *step < last.0);
    let mut found = Vec::new();
    for (step, at) in steps.chain([last]) {
        if at.columns.names() != model.columns.names() || at.context.names() != model.context.names() {
            return Err(SurveyError::Snapshot { step });
        }
        let subject = Subject::of_model(at);
        let metric = options.metric;
        let span = match (&map.principal, map.x.column, map.y.column) {
            (Some(principal), ..) => Span::Principal(principal),
            (None, i, j) => Span::Columns([i.unwrap_or(0), j.unwrap_or(1)]),
        };
        let (x, y) = (map.x.clone(), map.y.clone());
        let plane = Plane { subject: &subject, metric, span, x, y, held, context };
        let cells = plane.cells(CELLS, false);
        let base = subject.log_base(&cells.walked.z, context).unwrap_or_default();
        let log_det: Vec<f64> = (0..base.len()).map(|n| cells.log_det_in_units(n)).collect();
        let (base_0, log_det_0) = first.get_or_insert_with(|| (base.clone(), log_det.clone()));
        let scores: Vec<f64> = at.log_prob(&rows, &contexts).into_iter().filter(|v| v.is_finite()).collect();
        found.push(Snapshot {
            step,
            mean_log_prob: round::decimals(scores.iter().sum::<f64>() / scores.len() as f64, 4),
            total: cells.values(|n| base[n] + log_det[n] - base_0[n] - log_det_0[n]),
            base: cells.values(|n| base[n] - base_0[n]),
            log_det: cells.values(|n| log_det[n] - log_det_0[n]),
        });
    }
    Ok(found)
}
