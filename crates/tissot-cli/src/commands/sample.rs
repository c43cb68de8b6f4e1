//! `tissot sample`.

mod images;

use crate::args::SampleArgs;
use crate::device;
use crate::failure::{Failure, Outcome};
use crate::given;
use crate::output::{self, RowSink};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::Path;
use tissot::AnyModel;

/// Rows that are drawn at a time.
const BLOCK: usize = 8_192;

/// Draws rows, or images.
pub fn run(args: &SampleArgs, json: bool) -> Outcome {
    output::keep(&[&args.model], args.out.as_deref().map(Path::new))?;
    let model = match device::load(&args.model, &args.compute)? {
        AnyModel::Table(model) => model,
        AnyModel::Image(model) => return images::run(args, &model, json),
    };
    let of_images = [("--class", args.class.is_some()), ("--temperature", args.temperature.is_some())];
    if let Some((flag, _)) = of_images.iter().find(|(_, given)| *given) {
        return Err(Failure::Usage(format!("{flag}: is for images, and the model is of a table")));
    }
    let picture = |out: &str| [".png", ".jpg", ".jpeg"].iter().any(|end| out.to_lowercase().ends_with(end));
    if let Some(out) = args.out.as_deref().filter(|out| picture(out)) {
        let model = args.model.display();
        return Err(Failure::Usage(format!(
            "--out {out}: the model is of a table, its samples are rows; name a .csv, or draw with tissot map {model} --png {out}"
        )));
    }
    let given = given::context(&model, &args.given)?;
    let names = model.columns.names();
    let mut rng = ChaCha8Rng::seed_from_u64(args.seed);
    let mut sink = RowSink::open(args.out.as_deref(), json, &names)?;
    for start in (0..args.n).step_by(BLOCK) {
        let rows = BLOCK.min(args.n - start);
        let drawn = model.sample(rows, &given.repeat(rows), &mut rng);
        drawn.chunks(names.len()).try_for_each(|row| sink.write(row))?;
    }
    sink.finish()?;
    output::written(args.out.as_deref(), args.n as u64, json)
}
