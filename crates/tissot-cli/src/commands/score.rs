//! `tissot score`.

mod images;

use crate::args::ScoreArgs;
use crate::device;
use crate::failure::{self, Failure, Outcome};
use crate::output::{self, Mean, RowSink};
use crate::prepare::ModelRows;
use std::path::Path;
use tissot::AnyModel;

/// Scores every row, in its order, a block at a time; or every image.
pub fn run(args: &ScoreArgs, json: bool) -> Outcome {
    output::keep(&[&args.model, Path::new(&args.data)], args.out.as_deref().map(Path::new))?;
    let model = match device::load(&args.model, &args.compute)? {
        AnyModel::Table(model) if args.compute.precision.is_none() => model.exact().into_owned(),
        AnyModel::Table(model) => model,
        AnyModel::Image(model) => return images::run(args, &model, json),
    };
    if let Some((flag, _)) =
        [("--draws", args.draws.is_some()), ("--resize", args.resize)].iter().find(|f| f.1)
    {
        return Err(Failure::Usage(format!("{flag}: is for images, and the model is of a table")));
    }
    let mut rows = ModelRows::open(&args.data, &model.columns.names(), &model.context.names(), args.missing)?;
    let mut sink =
        RowSink::open(args.out.as_deref(), json, &["log_density".to_owned(), "percentile".to_owned()])?;
    let mut mean = Mean::default();
    let mut outside = 0_u64;
    while let Some(block) = rows.next()? {
        for log_prob in model.log_prob(&block.values, &block.context) {
            sink.write(&[log_prob, model.percentile(log_prob)])?;
            if log_prob.is_finite() { mean.add(log_prob) } else { outside += 1 }
        }
    }
    sink.finish()?;
    let is_bound = model.columns.any_integer();
    let value = serde_json::json!({
        "rows": mean.count() + outside, "mean": output::number(mean.mean()), "standard_error": output::number(mean.error()),
        "outside_domain": outside, "dropped": rows.dropped(), "is_bound": is_bound,
    });
    let text = || {
        let bound = if is_bound { " (a lower bound: whole numbers are dequantised)" } else { "" };
        let error = if mean.count() > 1 { format!(" +- {:.4}", mean.error()) } else { String::new() };
        let mut text =
            format!("{} rows, mean log-density {:.4}{error} nats{bound}", mean.count(), mean.mean());
        if outside > 0 {
            text += &format!(
                "; {outside} rows have density 0 (outside a column's domain) and are not in the mean"
            );
        }
        if rows.dropped() > 0 {
            text += &format!("; {} rows with missing values were left out", rows.dropped());
        }
        text
    };
    if args.out.is_none() && !json {
        failure::say(&text());
        return Ok(());
    }
    Ok(output::print(json, &value, text)?)
}
