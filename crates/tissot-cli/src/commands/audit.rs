//! `tissot audit`.

mod text;

use crate::args::AuditArgs;
use crate::device;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::prepare::ModelRows;
use tissot::Model;
use tissot::inspect::audit::{Effort, audit_model};

/// Says whether a model can be trusted. Exit code 1 means findings, so that whatever keeps it from looking is 2.
pub fn run(args: &AuditArgs, json: bool) -> Outcome {
    audit(args, json).map_err(Failure::no_answer)
}

fn audit(args: &AuditArgs, json: bool) -> Outcome {
    let effort = effort(args)?;
    let model = device::load_vectors(&args.model, &args.compute)?;
    let rows = args.data.as_deref().map(|data| read(data, &model, args)).transpose()?;
    let (values, context) =
        rows.as_ref().map_or((&[][..], &[][..]), |rows| (&rows.values[..], &rows.context[..]));
    let audit = audit_model(&model, values, context, &args.limit.0, &effort);
    let mut value = serde_json::to_value(&audit)?;
    if let Some(object) = value.as_object_mut() {
        object.insert("model".into(), serde_json::json!(args.model));
        object.insert("data".into(), serde_json::json!(args.data));
        object.insert("healthy".into(), audit.is_healthy().into());
        object.insert("verdict".into(), audit.verdict().into());
        if let Some(rows) = &rows {
            object.insert("rows_in_data".into(), rows.seen.into());
            object.insert("dropped".into(), rows.dropped.into());
        }
    }
    output::print(json, &value, || {
        text::of(&audit, &args.model, rows.as_ref().map(|rows| (rows.seen, rows.dropped)))
    })?;
    if audit.is_healthy() { Ok(()) } else { Err(Failure::Answered) }
}

/// How much to look at.
fn effort(args: &AuditArgs) -> Result<Effort, Failure> {
    let least = [("--rows", args.rows, 2), ("--samples", args.samples, 2)];
    match least.iter().find(|(_, found, least)| found < least) {
        Some((flag, found, least)) => {
            Err(Failure::Usage(format!("{flag}: found {found}, expected at least {least}")))
        }
        None => {
            Ok(Effort { rows: args.rows, jacobians: args.jacobians, samples: args.samples, seed: args.seed })
        }
    }
}

/// Some of a table's rows.
struct Thinned {
    values: Vec<f64>,
    context: Vec<f64>,
    /// Rows in the table.
    seen: u64,
    /// Rows that missed a value.
    dropped: u64,
}

/// Reads the rows of a table that are looked at, evenly spaced; at most twice as many are held, so that a table of any
/// length needs bounded memory.
fn read(data: &str, model: &Model, args: &AuditArgs) -> Result<Thinned, Failure> {
    let (columns, context) = (model.columns.names(), model.context.names());
    let (d, c) = (columns.len(), context.len());
    let mut reader = ModelRows::open(data, &columns, &context, args.missing)?;
    let mut kept = Thinned { values: Vec::new(), context: Vec::new(), seen: 0, dropped: 0 };
    let mut stride = 1;
    while let Some(block) = reader.next()? {
        for row in 0..block.n {
            if kept.seen.is_multiple_of(stride) {
                kept.values.extend(&block.values[row * d..(row + 1) * d]);
                kept.context.extend(&block.context[row * c..(row + 1) * c]);
                if kept.values.len() > 2 * args.rows * d {
                    kept.values = every_second(&kept.values, d);
                    kept.context = every_second(&kept.context, c);
                    stride *= 2;
                }
            }
            kept.seen += 1;
        }
    }
    kept.dropped = reader.dropped();
    let held = kept.values.len() / d;
    let looked_at: Vec<usize> = (0..args.rows.min(held)).map(|k| k * held / args.rows.min(held)).collect();
    kept.values = rows_at(&kept.values, &looked_at, d);
    kept.context = rows_at(&kept.context, &looked_at, c);
    if kept.values.is_empty() {
        return Err(Failure::Failed(anyhow::anyhow!("{data}: has no rows, expected at least 1")));
    }
    Ok(kept)
}

/// Rows 0, 2, 4, ..
fn every_second(values: &[f64], width: usize) -> Vec<f64> {
    let rows = values.len() / width.max(1);
    rows_at(values, &(0..rows).step_by(2).collect::<Vec<_>>(), width)
}

/// These rows of `width` numbers.
fn rows_at(values: &[f64], rows: &[usize], width: usize) -> Vec<f64> {
    rows.iter().flat_map(|&row| &values[row * width..(row + 1) * width]).copied().collect()
}
