//! `tissot sample`.

use crate::args::SampleArgs;
use crate::device;
use crate::failure::Outcome;
use crate::given;
use crate::output::{self, RowSink};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::Path;
use tissot::Model;

/// Rows that are drawn at a time.
const BLOCK: usize = 8_192;

/// Draws rows.
pub fn run(args: &SampleArgs, json: bool) -> Outcome {
    output::keep(&[&args.model], args.out.as_deref().map(Path::new))?;
    let model = Model::load(&args.model, &device::select(&args.compute)?)?;
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
