//! What fits to tables and to images share: outputs, the configuration file, settings.

use crate::args::FitArgs;
use crate::failure::{self, Failure, Outcome};
use crate::output;
use serde::Deserialize;
use std::path::{Path, PathBuf};
use tissot::FlowConfig;
use tissot_train::{FitError, RunFolder, Settings, Stop, checkpoint_path, memory};

/// What `--config` holds.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct ConfigFile {
    pub flow: Option<FlowConfig>,
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
}

/// What the flags or the configuration ask for is no fault of the world; and settings are flags here.
pub(super) fn misused(args: &FitArgs, error: FitError) -> Failure {
    match error {
        FitError::Setting { name, found, expected } => {
            let name = flag(args, name).unwrap_or_else(|| name.into());
            Failure::Usage(format!("{name}: found {found}, expected {expected}"))
        }
        FitError::Flow(tissot::Error::Config { .. }) => Failure::Usage(error.to_string()),
        FitError::OtherRun { path, name, found, expected } => {
            let name = flag(args, &name).unwrap_or(name);
            Failure::Usage(FitError::OtherRun { path, name, found, expected }.to_string())
        }
        FitError::InUse { path, process } => Failure::Failed(anyhow::anyhow!(
            "{}: {process} is training here; wait for its end, or give another --out",
            path.display()
        )),
        other => other.into(),
    }
}

/// What sets a setting: a flag, or the file of `--config` where that alone can.
fn flag(args: &FitArgs, name: &str) -> Option<String> {
    let (flag, given) = match name {
        "seed" => ("--seed", args.seed.is_some()),
        "steps" if args.epochs.is_some() => ("--epochs", true),
        "steps" => ("--steps", args.steps.is_some()),
        "minutes" => ("--minutes", args.minutes.is_some()),
        "batch" => ("--batch", args.batch.is_some()),
        "learning_rate" => ("--learning-rate", args.learning_rate.is_some()),
        "gradient_checkpointing" => ("--gradient-checkpointing", args.gradient_checkpointing),
        "checkpoint_every" => ("--checkpoint-every", args.checkpoint_every.is_some()),
        "images.flip" => ("--flip", true),
        "images.dequantiser" => ("--dequantise", true),
        "images.pixels.bits" => ("--bits", true),
        "classes" => ("--class-conditional", true),
        _ => ("", false),
    };
    let is_setting = || serde_json::to_value(Settings::default()).is_ok_and(|all| all.get(name).is_some());
    let in_file = args.config.is_some() && is_setting();
    match (given, in_file) {
        (false, true) => Some(format!("--config: settings.{name}")),
        _ => Some(flag.to_owned()).filter(|flag| !flag.is_empty()),
    }
}

/// Refuses a step that memory cannot hold, before there is anything to lose. `bytes` are what it takes at least.
pub(super) fn fits_memory(args: &FitArgs, bytes: u64, settings: &Settings, samples: usize) -> Outcome {
    let taken = settings.batch.min(samples);
    let name = flag(args, "batch").unwrap_or_else(|| "--batch".into());
    if args.batch.is_some_and(|batch| batch > samples) {
        failure::say(&format!(
            "note: {name}: found {}, a step takes all {samples} that train",
            settings.batch
        ));
    }
    let is_cpu = matches!(&*args.compute.device, "flex" | "ndarray");
    match memory::available() {
        Some(free) if is_cpu && bytes > free => {
            let most = u128::from(free) * taken as u128 / u128::from(bytes);
            let told = |bytes: u64| match bytes >> 20 {
                mib @ ..10_000 => format!("{mib} MiB"),
                mib => format!("{} GiB", mib >> 10),
            };
            Err(Failure::Usage(format!(
                "{name}: found {}, a step of {taken} takes at least {} of memory and {} are free; use at most {most}",
                settings.batch,
                told(bytes),
                told(free)
            )))
        }
        _ => Ok(()),
    }
}

/// Takes the run's folder: from here on nobody else trains there.
pub(super) fn take(args: &FitArgs) -> Result<RunFolder, Failure> {
    let folder = RunFolder::open(run_folder(&args.out)).map_err(|error| misused(args, error))?;
    let place = folder.path().display();
    if !folder.is_locked() {
        failure::say(&format!("note: {place} cannot be locked here; see to it that no other run uses it"));
    }
    if args.resume && !checkpoint_path(folder.path()).exists() {
        failure::say(&format!(
            "note: there is no checkpoint in {place} to resume from; this run starts anew"
        ));
    }
    Ok(folder)
}

/// What a run that something came in the way of has left, in one line. `saved` is what came of saving its best model.
pub(super) fn failed<E>(
    error: &FitError,
    checkpoint: Option<u64>,
    out: &Path,
    saved: &Result<(), E>,
) -> Failure {
    let model =
        saved.as_ref().map_or(String::new(), |()| format!("; the best model so far is in {}", out.display()));
    let steps = checkpoint.map_or(String::new(), |steps| format!("; --resume goes on after step {steps}"));
    Failure::Failed(anyhow::anyhow!("{error}{model}{steps}"))
}

/// Why a fit ended, for people.
pub(super) fn why(stop: &Stop) -> &'static str {
    match stop {
        Stop::Finished => "all steps taken",
        Stop::Time => "the time was up",
        Stop::Early => "validation got no better",
        Stop::Failed { .. } => "something was in the way; the best model before it was kept",
        Stop::Asked => "stopped on request; the best model so far was kept, --resume goes on",
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
    let wrong = |what: &str| Err(anyhow::anyhow!("--out {}: {what}", out.display()).into());
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
    let text = std::fs::read_to_string(path).map_err(|error| anyhow::anyhow!("--config {name}: {error}"))?;
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
        gradient_checkpointing: args.gradient_checkpointing || base.gradient_checkpointing,
        checkpoint_every: args.checkpoint_every.unwrap_or(base.checkpoint_every),
        precision: args.compute.precision.map_or(base.precision, Into::into),
        ..base
    }
}
