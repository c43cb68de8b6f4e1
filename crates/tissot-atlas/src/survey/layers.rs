//! The layers of a flow of two columns, one by one.

use super::plane::Plane;
use super::subject::Subject;
use super::{LayerMap, curves, round};
use burn::module::ModuleDisplay;
use tissot::Bijection;

/// Cells along the longer side.
const CELLS: usize = 64;
/// Rows of data that are followed.
const FOLLOWED: usize = 600;

/// What each layer does: over the data's plane, and to the data and its grid.
pub(crate) fn layers<T: Bijection<2> + ModuleDisplay>(
    plane: &Plane<'_, T>,
    subject: &Subject<'_, T>,
    data: &[f64],
    context: &[f64],
) -> Vec<LayerMap> {
    let cells = plane.cells(CELLS, false);
    let rows = data.len() / 2;
    let every = rows.div_ceil(FOLLOWED).max(1);
    let (mut followed, mut contexts) = (Vec::new(), Vec::new());
    let c = if rows > 0 && context.len().is_multiple_of(rows) { context.len() / rows } else { 0 };
    for row in (0..rows).step_by(every) {
        followed.extend_from_slice(&data[2 * row..2 * row + 2]);
        contexts.extend_from_slice(&context[c * row..c * (row + 1)]);
    }
    let contexts = if context.len() == plane.context.len() { context.to_vec() } else { contexts };
    let passed = subject.walk(&subject.enter(&followed).y, &contexts, true);
    (0..cells.walked.names.len())
        .map(|k| {
            let after: Vec<[f64; 2]> = passed.outputs[k].chunks(2).map(|p| [p[0], p[1]]).collect();
            let window = [0, 1].map(|i| {
                let ends = round::quantiles(after.iter().map(|p| p[i]), &[0.01, 0.99]);
                let (low, high) = (ends[0].min(-2.0), ends[1].max(2.0));
                let (low, high) = if low.is_finite() && high.is_finite() { (low, high) } else { (-3.0, 3.0) };
                let margin = 0.15 * (high - low);
                [low - margin, high + margin].map(|v| round::digits(v, 4))
            });
            let grid = curves::grid(&plane.data_mesh(window), &|places| {
                let rows = plane.rows(places.chunks(2).map(|p| [p[0], p[1]]));
                let walked = subject.walk(&subject.enter(&rows).y, plane.context, true);
                walked.outputs[k].clone()
            });
            LayerMap {
                name: cells.walked.names[k].clone(),
                log_det: cells.values(|n| cells.walked.log_dets[k][n]),
                grid,
                points: after.into_iter().map(|p| p.map(|v| round::digits(v, 4))).collect(),
                x: window[0],
                y: window[1],
            }
        })
        .collect()
}
