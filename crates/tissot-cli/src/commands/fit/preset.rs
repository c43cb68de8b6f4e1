//! The flow that the flags describe.

use crate::args::{FitArgs, FlowArg, TailsArg};
use crate::failure::{self, Failure};
use tissot::base::BaseConfig;
use tissot::columns::Columns;
use tissot::nets::EmbeddingConfig;
use tissot::{FlowConfig, presets};

/// The preset, for these columns under `context` columns.
pub(super) fn preset(args: &FitArgs, columns: &Columns, context: usize) -> Result<FlowConfig, Failure> {
    let (flow, features) = (args.flow.unwrap_or(FlowArg::Nsf), columns.len());
    let coupling = matches!(flow, FlowArg::NsfCoupling | FlowArg::Realnvp | FlowArg::Nice);
    if coupling && features == 1 {
        let message =
            "--flow: couplings move one part of the columns by another, found 1 column; use nsf or maf";
        return Err(Failure::Usage(message.into()));
    }
    if args.transforms == Some(0) {
        return Err(Failure::Usage("--transforms: found 0, expected at least 1".into()));
    }
    let mut size = presets::Size::new(features).with_context(context);
    size.transforms = args.transforms.unwrap_or(size.transforms);
    size.hidden = args.hidden.clone().unwrap_or(size.hidden);
    size.bins = args.bins.unwrap_or(size.bins);
    let circular = circular(args, flow, columns);
    let config = match flow {
        FlowArg::Nsf if circular.is_empty() => presets::nsf_autoregressive(&size),
        FlowArg::Nsf => presets::nsf_circular_autoregressive(&size, &circular),
        FlowArg::NsfCoupling if circular.is_empty() => presets::nsf_coupling(&size),
        FlowArg::NsfCoupling => presets::nsf_circular_coupling(&size, &circular),
        FlowArg::Maf => presets::maf(&size),
        FlowArg::Iaf => presets::iaf(&size),
        FlowArg::Realnvp => presets::real_nvp(&size),
        FlowArg::Nice => presets::nice(&size),
        FlowArg::Glow | FlowArg::RealnvpImage | FlowArg::NsfImage => {
            return Err(Failure::Usage(format!(
                "--flow: is one for images, and {} is read as a table",
                args.data
            )));
        }
    };
    match args.embed_context {
        None => Ok(config),
        Some(_) if context == 0 => Err(Failure::Usage(
            "--embed-context: there is no context to embed; name its columns with --context".into(),
        )),
        Some(0) => Err(Failure::Usage("--embed-context: found 0, expected at least 1".into())),
        Some(features) => Ok(config.with_embedding(EmbeddingConfig::new(features))),
    }
}

/// The periodic columns, where the flow knows circles.
fn circular(args: &FitArgs, flow: FlowArg, columns: &Columns) -> Vec<usize> {
    let periodic = columns.periodic();
    if periodic.is_empty() || !matches!(flow, FlowArg::Nsf | FlowArg::NsfCoupling) {
        return Vec::new();
    }
    if args.tails == TailsArg::StudentT {
        failure::say(
            "note: --tails student-t: its base knows no circles, so periodic columns are cut at their largest gap",
        );
        return Vec::new();
    }
    periodic
}

/// The columns in the units of the flow: angles, where it has circles.
pub(super) fn in_units_of(flow: &FlowConfig, columns: Columns) -> Result<Columns, Failure> {
    let BaseConfig::Torus(circles) = &flow.base else { return Ok(columns) };
    let mut features = circles.features.clone();
    features.sort_unstable();
    if features != columns.periodic() {
        return Err(Failure::Usage(format!(
            "--config: its flow has the circular features {features:?}, the periodic columns are {:?} (counted from 0)",
            columns.periodic()
        )));
    }
    Ok(columns.on_circles(circles.bound))
}
