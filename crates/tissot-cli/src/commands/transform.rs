//! `tissot transform`.

use crate::args::{MissingArg, TransformArgs};
use crate::device;
use crate::failure::Outcome;
use crate::output::{self, RowSink};
use crate::prepare::ModelRows;
use std::path::Path;
use tissot::Model;

/// Rows to latents, or back, a block at a time.
pub fn run(args: &TransformArgs, json: bool) -> Outcome {
    output::keep(&[&args.model, Path::new(&args.data)], args.out.as_deref().map(Path::new))?;
    let model = device::load_table(&args.model, &args.compute)?;
    let latents: Vec<String> = (1..=model.columns.len()).map(|i| format!("z{i}")).collect();
    let (from, to) =
        if args.inverse { (latents, model.columns.names()) } else { (model.columns.names(), latents) };
    let map = if args.inverse { Model::inverse_transform } else { Model::transform };
    let mut rows = ModelRows::open(&args.data, &from, &model.context.names(), MissingArg::Error)?;
    let mut sink = RowSink::open(args.out.as_deref(), json, &to)?;
    let mut count = 0;
    while let Some(block) = rows.next()? {
        map(&model, &block.values, &block.context).chunks(to.len()).try_for_each(|row| sink.write(row))?;
        count += block.n as u64;
    }
    sink.finish()?;
    output::written(args.out.as_deref(), count, json)
}
