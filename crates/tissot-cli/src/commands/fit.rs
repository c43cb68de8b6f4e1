//! `tissot fit`.

mod images;
mod preset;
mod shared;
mod tails;

use crate::args::{FitArgs, FlowArg, TailsArg};
use crate::device;
use crate::failure::{self, Failure, Outcome};
use crate::output::{self, RowSink};
use crate::prepare::{self, Prepared};
use crate::progress::Progress;
use crate::snapshots;
use shared::{config_file, failed, fits_memory, misused, output_is_possible, over, settings, take, why};
use std::path::Path;
use tissot::{FlowConfig, Model, Provenance};
use tissot_train::images::{ImageError, ImageOptions, Images, recognises};
use tissot_train::{BesideGaussian, Fit, FitError, Fitted, Settings, Stop, fit_columns, snapshot_steps};

/// Fits a flow to a table or to images.
pub fn run(args: &FitArgs, json: bool) -> Outcome {
    // What cannot be read is told by the reader of tables.
    if recognises(&args.data).unwrap_or(false) { images::run(args, json) } else { table(args, json) }
}

/// Fits a flow to a table.
fn table(args: &FitArgs, json: bool) -> Outcome {
    let device = device::select(&args.compute)?;
    output_is_possible(args)?;
    if let Some(flag) = args.images.given() {
        // Why it holds no images, where that is more than that it is a table.
        if let Err(error) = Images::open(&args.data, &ImageOptions::default())
            && !matches!(error, ImageError::UnknownFormat { .. })
        {
            return Err(error.into());
        }
        return Err(Failure::Usage(format!("{flag}: is for images, and {} is read as a table", args.data)));
    }
    let file = config_file(args.config.as_deref())?;
    check_flags(args, file.flow.is_some())?;
    let base = over(&Settings::default(), file.settings)?;
    let seed = args.seed.unwrap_or(base.seed);
    let data = prepare::table(args, seed)?;
    for warning in &data.warnings {
        failure::say(&format!("warning: {warning}"));
    }
    let columns = fit_columns(&data.columns, &data.domains, &data.splits.train.values)?;
    let context = fit_columns(&data.context, &data.context_domains, &data.splits.train.context)?;
    let custom = file.flow.is_some();
    let config = match file.flow {
        Some(flow) => check_width(flow, columns.len(), context.len())?,
        None => {
            let flow = preset::preset(args, &columns, context.len())?;
            tails::with_tails(args, flow, &columns, &data.splits.train.values)
        }
    };
    let columns = preset::in_units_of(&config, columns)?;
    let settings = Settings { seed, ..settings(args, base, data.splits.train.n) };
    let preset = if custom {
        "custom".into()
    } else {
        format!("{:?}", args.flow.unwrap_or(FlowArg::Nsf)).to_lowercase()
    };
    let source = Path::new(&args.data).file_name().map(|name| name.to_string_lossy().into_owned());
    let mut fit = Fit {
        config,
        columns,
        context,
        splits: &data.splits,
        settings,
        device,
        run: None,
        resume: args.resume,
        provenance: Provenance { source: source.unwrap_or_default(), preset, ..Provenance::default() },
    };
    let bytes = fit.check().map_err(|error| misused(args, error))?;
    fits_memory(args, bytes, &fit.settings, data.splits.train.n)?;
    if let Some(path) = &args.test_out {
        // Whether it can be written; it is, once no other run is in the way.
        drop(RowSink::open(Some(&path.display().to_string()), false, &data.columns)?);
    }
    let folder = take(args)?;
    fit.run = Some(folder.clone());
    if let Some(path) = &args.test_out {
        write_rows(path, &data)?;
    }
    let kept = snapshot_steps(fit.settings.steps, args.snapshots);
    let snapshots = snapshots::prepare(&args.out, &kept, args.resume)?;
    let mut keep = |model: Model| {
        let file = snapshots.join(format!("{}.tissot", model.provenance.steps));
        model.save(file).map_err(FitError::from)
    };
    let mut progress = Progress::new(json)?;
    let fitted = fit.run_keeping(&kept, &mut keep, &mut |event| progress.observe(event));
    progress.finish();
    let fitted = fitted.map_err(|error| misused(args, error))?;
    let saved = fitted.model.save(&args.out);
    if let Stop::Failed { error, checkpoint } = &fitted.stop {
        return Err(failed(error, *checkpoint, &args.out, &saved));
    }
    saved?;
    report(&fitted, &args.out, json)?;
    if let Some(warning) = fitted.beside.filter(BesideGaussian::is_worse).map(|beside| worse(&beside)) {
        failure::say(&format!("warning: {warning}"));
    }
    match fitted.stop {
        Stop::NotFinite(error) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes the test rows: columns, then context columns that are none of these.
fn write_rows(path: &Path, data: &Prepared) -> Outcome {
    let rows = &data.splits.test;
    let extra: Vec<usize> =
        (0..data.context.len()).filter(|&i| !data.columns.contains(&data.context[i])).collect();
    let names: Vec<String> =
        data.columns.iter().chain(extra.iter().map(|&i| &data.context[i])).cloned().collect();
    let (d, c) = (data.columns.len(), data.context.len());
    let mut sink = RowSink::open(Some(&path.display().to_string()), false, &names)?;
    for row in 0..rows.n {
        let context = extra.iter().map(|&i| rows.context[row * c + i]);
        sink.write(&rows.values[row * d..(row + 1) * d].iter().copied().chain(context).collect::<Vec<_>>())?;
    }
    sink.finish()?;
    Ok(())
}

/// What a user should know about a flow that is not worth its name.
fn worse(beside: &BesideGaussian) -> String {
    let rows = if beside.held_out { "held-out" } else { "validation" };
    let (gaussian, flow, error) = (beside.gaussian, beside.flow, beside.error);
    let difference = gaussian - flow;
    format!(
        "a single Gaussian of the training rows is better on the {rows} rows: {gaussian:.4} nats a row, the flow {flow:.4} \
         (by {difference:.4} +- {error:.4}); train longer, or with more rows or a smaller flow"
    )
}

/// Prints what was fitted.
fn report(fitted: &Fitted, out: &Path, json: bool) -> Outcome {
    let model = &fitted.model;
    let known = &model.provenance;
    let why = why(&fitted.stop);
    let value = serde_json::json!({
        "out": out, "steps": known.steps, "stop": why, "validation_log_prob": known.validation_log_prob,
        "held_out": known.held_out.map(|(mean, _)| mean), "held_out_error": known.held_out.map(|(_, error)| error),
        "parameters": model.num_params(), "is_bound": model.columns.any_integer(),
        "gaussian": fitted.beside.map(|beside| output::number(beside.gaussian)),
        "worse_than_gaussian": fitted.beside.map(|beside| beside.is_worse()),
    });
    Ok(output::print(json, &value, || {
        let bound =
            if model.columns.any_integer() { " (a lower bound: whole numbers were dequantised)" } else { "" };
        let held_out = known.held_out.map_or("no test rows".into(), |(mean, error)| {
            format!(
                "held-out log-density {mean:.4} +- {error:.4} nats a row{bound}, {} rows",
                known.test_rows
            )
        });
        let out = out.display();
        format!(
            "{} steps: {why}\n{held_out}\nwrote {out}\ntry: tissot info {out}, tissot sample {out} -n 10",
            known.steps
        )
    })?)
}

/// Refuses flags that would do nothing.
fn check_flags(args: &FitArgs, flow_is_given: bool) -> Result<(), Failure> {
    if args.epochs == Some(0) {
        return Err(Failure::Usage("--epochs: found 0, expected at least 1".into()));
    }
    let of_a_preset = [
        ("--transforms", args.transforms.is_some()),
        ("--hidden", args.hidden.is_some()),
        ("--bins", args.bins.is_some()),
        ("--embed-context", args.embed_context.is_some()),
        ("--tails", args.tails != TailsArg::None),
    ];
    match of_a_preset.iter().find(|(_, given)| flow_is_given && *given) {
        Some((flag, _)) => {
            Err(Failure::Usage(format!("{flag}: the file of --config has a whole flow; change it there")))
        }
        None => Ok(()),
    }
}

fn check_width(flow: FlowConfig, features: usize, context: usize) -> Result<FlowConfig, Failure> {
    if !flow.positions.is_empty() {
        return Err(Failure::Usage(
            "--config: its flow is of images, and the data are read as a table".into(),
        ));
    }
    if (flow.features, flow.context) == (features, context) {
        return Ok(flow);
    }
    Err(Failure::Usage(format!(
        "--config: its flow has {} features and {} of context, the chosen columns are {features} and {context}",
        flow.features, flow.context
    )))
}
