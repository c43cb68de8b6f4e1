//! What fits to tables and to images share: outputs, the configuration file, settings.

use crate::args::FitArgs;
use crate::failure::{Failure, Outcome};
use crate::output;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tissot::FlowConfig;
use tissot_train::{FitError, Settings, Stop};

/// What `--config` holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ConfigFile {
    pub flow: Option<FlowConfig>,
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What the flags or the configuration ask for is no fault of the world.
pub(super) fn misused(error: FitError) -> Failure {
    match error {
        FitError::Setting { .. } | FitError::Flow(tissot::Error::Config { .. }) => {
            Failure::Usage(error.to_string())
        }
        other => other.into(),
    }
}

/// Why a fit ended, for people.
pub(super) fn why(stop: &Stop) -> &'static str {
    match stop {
        Stop::Finished => "all steps taken",
        Stop::Time => "the time was up",
        Stop::Early => "validation got no better",
        Stop::Asked => "stopped on request; the best model so far was kept",
        _ => "a number was not finite; the best model before it was kept",
    }
}

/// The folder of a model's checkpoints and metrics: `MODEL.run`.
pub(super) fn run_folder(out: &Path) -> PathBuf {
    let mut name = out.as_os_str().to_owned();
    name.push(".run");
    name.into()
}

/// Refuses outputs that cannot be written, or would replace what is read, before hours of training.
pub(super) fn output_is_possible(args: &FitArgs) -> Outcome {
    check_out(&args.out)?;
    output::keep(&[Path::new(&args.data)], Some(&args.out))?;
    output::keep_from("--test-out", &[Path::new(&args.data), &args.out], args.test_out.as_deref())
}

/// Refuses a model's file that cannot be written.
fn check_out(out: &Path) -> Result<(), Failure> {
    let folder = out.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let wrong = |what: &str| Err(Failure::Usage(format!("--out {}: {what}", out.display())));
    if !folder.is_dir() {
        return wrong("its folder does not exist; make it first");
    }
    if out.is_dir() {
        return wrong("is a folder; name a file such as model.tissot");
    }
    // A device or a pipe would be replaced by a file.
    if out.exists() && !out.is_file() {
        return wrong("is no regular file; name a file such as model.tissot");
    }
    let run = run_folder(out);
    if run.exists() && !run.is_dir() {
        return wrong(&format!(
            "its checkpoints go to {}, which is no folder; move that file",
            run.display()
        ));
    }
    Ok(())
}

/// The settings of the file over those that suit the kind of data.
pub(super) fn over(
    base: &Settings,
    given: Option<serde_json::Map<String, serde_json::Value>>,
) -> Result<Settings, Failure> {
    let wrong = |error: serde_json::Error| Failure::Usage(format!("--config: settings: {error}"));
    let mut all = serde_json::to_value(base).map_err(wrong)?;
    if let Some(all) = all.as_object_mut() {
        all.extend(given.unwrap_or_default());
    }
    serde_json::from_value(all).map_err(wrong)
}

/// Reads the file of `--config`.
pub(super) fn config_file(path: Option<&Path>) -> Result<ConfigFile, Failure> {
    let Some(path) = path else { return Ok(ConfigFile::default()) };
    let name = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|error| Failure::Usage(format!("--config {name}: {error}")))?;
    serde_json::from_str(&text).map_err(|error| Failure::Usage(format!("--config {name}: {error}")))
}

/// The settings that the flags describe, for so many training samples.
pub(super) fn settings(args: &FitArgs, base: Settings, rows: usize) -> Settings {
    let batch = args.batch.unwrap_or(base.batch);
    let an_epoch = (rows / batch.clamp(1, rows.max(1))).max(1) as u64;
    Settings {
        batch,
        steps: args.steps.or(args.epochs.map(|epochs| epochs.saturating_mul(an_epoch))).unwrap_or(match args
            .minutes
        {
            Some(_) => u64::MAX,
            None => base.steps,
        }),
        minutes: args.minutes.or(base.minutes),
        learning_rate: args.learning_rate.unwrap_or(base.learning_rate),
        checkpoint_every: args.checkpoint_every.unwrap_or(base.checkpoint_every),
        precision: args.compute.precision.map_or(base.precision, Into::into),
        ..base
    }
}
