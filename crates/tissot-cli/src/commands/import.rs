//! `tissot import`.

use crate::args::ImportArgs;
use crate::failure::{Failure, Outcome};
use crate::output;
use burn::tensor::Device;
use tissot::columns::{Column, Columns, Domain};
use tissot::dtype::Precision;
use tissot::interop::{Architecture, Checkpoint, import};

/// Makes a model of another library's checkpoint.
pub fn run(args: &ImportArgs, json: bool) -> Outcome {
    let inputs: Vec<_> =
        [Some(args.checkpoint.as_path()), args.architecture.as_deref()].into_iter().flatten().collect();
    output::keep(&inputs, Some(&args.out))?;
    let architecture = architecture(args)?;
    let mut checkpoint = Checkpoint::open(&args.checkpoint)?;
    if let Some(prefix) = &args.prefix {
        checkpoint = checkpoint.under(prefix)?;
    }
    let model = import(&checkpoint, &architecture, &Device::flex()).map_err(|error| match error {
        tissot::Error::Config { .. } => Failure::Usage(format!("--architecture: {error}")),
        other => other.into(),
    })?;
    model.save(&args.out)?;
    let (out, known) = (args.out.display(), &model.provenance);
    let value = serde_json::json!({
        "out": args.out, "preset": known.preset, "features": model.columns.len(), "context": model.context.len(),
        "parameters": model.num_params(), "flow": model.config,
    });
    Ok(output::print(json, &value, || {
        let context = match model.context.len() {
            0 => String::new(),
            columns => format!(", {columns} of context"),
        };
        format!(
            "{}: {} columns{context}, {} parameters\nwrote {out}\ntry: tissot info {out}, tissot score {out} ROWS.csv",
            known.preset,
            model.columns.len(),
            model.num_params()
        )
    })?)
}

/// The file of --architecture, with the columns that flags name.
fn architecture(args: &ImportArgs) -> Result<Architecture, Failure> {
    let mut architecture = match &args.architecture {
        None => Architecture::default(),
        Some(path) => {
            let name = path.display();
            let text = std::fs::read_to_string(path)
                .map_err(|error| Failure::Usage(format!("--architecture {name}: {error}")))?;
            Architecture::from_json(&text)
                .map_err(|error| Failure::Usage(format!("--architecture {name}: {error}")))?
        }
    };
    architecture.precision = args.precision.map(Precision::from).or(architecture.precision);
    for (flag, names, to) in [
        ("--columns", &args.columns, &mut architecture.columns),
        ("--context", &args.context, &mut architecture.context_columns),
    ] {
        if !names.is_empty() && !to.is_empty() {
            return Err(Failure::Usage(format!("{flag}: the file of --architecture names them already")));
        }
        if !names.is_empty() {
            *to = Columns(names.iter().map(|name| as_it_is(name)).collect());
        }
    }
    Ok(architecture)
}

/// A column that is not standardised.
fn as_it_is(name: &str) -> Column {
    Column { name: name.to_owned(), domain: Domain::Real, cut: 0.0, mean: 0.0, std: 1.0 }
}
