//! What a fit does about heavy tails.

use crate::args::{FitArgs, TailsArg};
use crate::failure;
use tissot::FlowConfig;
use tissot::base::{BaseConfig, StudentTConfig};
use tissot::columns::Columns;
use tissot_train::heavy_tails;

/// The flow with the tails that were asked for; without them, says which columns should have some.
pub(super) fn with_tails(args: &FitArgs, flow: FlowConfig, columns: &Columns, rows: &[f64]) -> FlowConfig {
    let mut tails = heavy_tails(columns, rows);
    if let BaseConfig::Torus(circles) = &flow.base {
        // A circle has no tail.
        circles.features.iter().for_each(|&i| tails[i] = None);
    }
    let heavy: Vec<String> = columns
        .0
        .iter()
        .zip(&tails)
        .filter_map(|(column, tails)| {
            let index = tails.map(|tails| tails.lower.max(tails.upper))?;
            Some(format!("{} ({index:.2})", column.name))
        })
        .collect();
    match args.tails {
        TailsArg::None if !heavy.is_empty() => {
            failure::say(&format!(
                "note: heavy tails, with the tail index: {}. Far values will be drawn too rarely, and score too low; --tails \
                 transform gives the flow such tails",
                heavy.join(", ")
            ));
            flow
        }
        TailsArg::None => flow,
        TailsArg::Transform if heavy.is_empty() => {
            failure::say("note: --tails transform: no column has heavy tails, so none is transformed");
            flow
        }
        TailsArg::Transform => flow.with_tails(tails),
        TailsArg::StudentT => FlowConfig { base: BaseConfig::StudentT(StudentTConfig::default()), ..flow },
    }
}
