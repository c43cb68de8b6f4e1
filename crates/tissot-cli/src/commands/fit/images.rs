//! `tissot fit` on images.

use super::shared::{
    ConfigFile, config_file, failed, fits_memory, misused, output_is_possible, over, settings, take, why,
};
use crate::args::{DequantiseArg, FitArgs, FlowArg, MissingArg, SplitArg, TailsArg};
use crate::device;
use crate::failure::{Failure, Outcome};
use crate::output;
use crate::progress::Progress;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::Path;
use tissot::image::{ImageModel, Pixels};
use tissot::nets::EmbeddingConfig;
use tissot::presets::{self, ImageSize};
use tissot::{FlowConfig, Provenance};
use tissot_train::images::{ImageOptions, Images, grid};
use tissot_train::{FitError, FitImages, FittedImages, Parts, Settings, Stop, bits_per_dim};

/// Images of a grid of samples.
const DRAWN: usize = 64;

/// Fits a flow to images.
pub fn run(args: &FitArgs, json: bool) -> Outcome {
    let device = device::select(&args.compute)?;
    if let Err(wrong) = check_flags(args) {
        // A folder without images is nothing to have flags for.
        Images::open(&args.data, &ImageOptions::default())?;
        return Err(wrong);
    }
    output_is_possible(args)?;
    let ConfigFile { flow, settings: given } = config_file(args.config.as_deref())?;
    check_preset_flags(args, flow.is_some())?;
    let base = over(&Settings::images(), given)?;
    let seed = args.seed.unwrap_or(base.seed);
    let own = &args.images;
    let options =
        ImageOptions { resize: own.resize.map(|size| size.0), gray: own.gray, ..ImageOptions::default() };
    let images = Images::open(&args.data, &options)?;
    let [height, width, channels] = images.shape();
    let mut pixels = Pixels::new([channels, height, width]);
    if let Some(bits) = own.bits {
        if !(1..=8).contains(&bits) {
            return Err(Failure::Usage(format!("--bits: found {bits}, expected 1 to 8")));
        }
        pixels = pixels.with_bits(bits);
    }
    if let Some(squash) = own.squash {
        pixels = pixels.with_squash(squash.0);
    }
    pixels.validate().map_err(|error| Failure::Usage(error.to_string()))?;
    if own.class_conditional && images.labels.is_none() {
        let message = format!(
            "--class-conditional: {} has no labels; put the images of each class into a folder, or the labels beside them",
            args.data
        );
        return Err(Failure::Usage(message));
    }
    let classes = if own.class_conditional { images.classes.clone() } else { Vec::new() };
    let size = match &flow {
        Some(_) => ImageSize::new(pixels.event()).with_context(classes.len()),
        None => size(args, &pixels, classes.len())?,
    };
    let custom = flow.is_some();
    let config = flow.map_or_else(|| preset(args, &size), Ok)?;
    let dequantiser =
        (own.dequantise == Some(DequantiseArg::Variational)).then(|| presets::dequantiser(&size));
    let parts = Parts::new(images.len(), args.validation, args.test, seed)?;
    let settings = Settings { seed, ..settings(args, base, parts.train.len()) };
    let name = |flow: FlowArg| format!("{flow:?}").to_lowercase();
    let preset = if custom { "custom".into() } else { name(args.flow.unwrap_or(FlowArg::Glow)) };
    let source = Path::new(&args.data).file_name().map(|name| name.to_string_lossy().into_owned());
    let (every, shape) = (own.sample_every.unwrap_or(500), images.shape());
    let mut fit = FitImages {
        config,
        dequantiser,
        pixels,
        classes,
        images: &images,
        parts,
        flip: own.flip,
        settings,
        device,
        run: None,
        resume: args.resume,
        provenance: Provenance { source: source.unwrap_or_default(), preset, ..Provenance::default() },
    };
    let bytes = fit.check().map_err(|error| misused(args, error))?;
    fits_memory(args, bytes, &fit.settings, fit.parts.train.len())?;
    let folder = take(args)?;
    fit.run = Some(folder.clone());
    let samples = folder.path().join("samples");
    if !args.resume && samples.is_dir() {
        // Those of an earlier run.
        std::fs::remove_dir_all(&samples)
            .map_err(|source| FitError::Write { path: samples.clone(), source })?;
    }
    let mut keep = |model: ImageModel| draw(&model, shape, &samples);
    let mut progress = Progress::new(json)?.of_images(fit.pixels.dimensions());
    let when = |step: u64| every > 0 && step > 0 && step.is_multiple_of(every);
    let fitted = fit.run_keeping(&when, &mut keep, &mut |event| progress.observe(event));
    progress.finish();
    let fitted = fitted.map_err(|error| misused(args, error))?;
    let saved = fitted.model.save(&args.out);
    if let Stop::Failed { error, checkpoint } = &fitted.stop {
        return Err(failed(error, *checkpoint, &args.out, &saved));
    }
    saved?;
    draw(&fitted.model, shape, &samples)?;
    report(&fitted, &args.out, &samples, json)?;
    match fitted.stop {
        Stop::NotFinite(error) => Err(error.into()),
        _ => Ok(()),
    }
}

/// Writes a grid of samples under the number of the step.
fn draw(model: &ImageModel, shape: [usize; 3], folder: &Path) -> Result<(), FitError> {
    let rng = &mut ChaCha8Rng::seed_from_u64(model.provenance.seed);
    let drawn = model.sample(DRAWN, None, 1.0, rng)?;
    std::fs::create_dir_all(folder).map_err(|source| FitError::Write { path: folder.to_owned(), source })?;
    let path = folder.join(format!("{}.png", model.provenance.steps));
    Ok(grid(&drawn, shape, model.pixels.source_levels).save(path)?)
}

/// Refuses flags of tables.
fn check_flags(args: &FitArgs) -> Result<(), Failure> {
    let of_tables = [
        ("--columns", args.columns.is_some()),
        ("--context", !args.context.is_empty()),
        ("--domain", !args.domain.0.is_empty()),
        ("--missing", matches!(args.missing, MissingArg::Drop)),
        ("--split", args.split != SplitArg::Random),
        ("--transforms", args.transforms.is_some()),
        ("--test-out", args.test_out.is_some()),
        ("--snapshots", args.snapshots > 0),
        ("--tails", args.tails != TailsArg::None),
    ];
    if let Some((flag, _)) = of_tables.iter().find(|(_, given)| *given) {
        return Err(Failure::Usage(format!("{flag}: is for tables, and {} holds images", args.data)));
    }
    match args.flow {
        None | Some(FlowArg::Glow | FlowArg::RealnvpImage | FlowArg::NsfImage) => Ok(()),
        Some(_) => Err(Failure::Usage(format!(
            "--flow: is one for tables, and {} holds images; use glow, realnvp-image or nsf-image",
            args.data
        ))),
    }
}

/// Refuses flags of a preset where the flow is given whole, and sizes that are none.
fn check_preset_flags(args: &FitArgs, flow_is_given: bool) -> Result<(), Failure> {
    if args.epochs == Some(0) {
        return Err(Failure::Usage("--epochs: found 0, expected at least 1".into()));
    }
    let own = &args.images;
    let of_a_preset = [
        ("--flow", args.flow.is_some()),
        ("--levels", own.levels.is_some()),
        ("--level-steps", own.level_steps.is_some()),
        ("--hidden", args.hidden.is_some()),
        ("--bins", args.bins.is_some()),
        ("--embed-context", args.embed_context.is_some()),
    ];
    if let Some((flag, _)) = of_a_preset.iter().find(|(_, given)| flow_is_given && *given) {
        return Err(Failure::Usage(format!(
            "{flag}: the file of --config has a whole flow; change it there"
        )));
    }
    for (flag, found) in [("--levels", own.levels), ("--level-steps", own.level_steps)] {
        if found == Some(0) {
            return Err(Failure::Usage(format!("{flag}: found 0, expected at least 1")));
        }
    }
    if args.bins.is_some() && args.flow != Some(FlowArg::NsfImage) {
        return Err(Failure::Usage("--bins: is of splines; use it with --flow nsf-image".into()));
    }
    match &args.hidden {
        Some(hidden) if hidden.len() != 1 || hidden[0] == 0 => {
            let message = "--hidden: for images one number, the channels of the networks' hidden layers";
            Err(Failure::Usage(message.into()))
        }
        _ => Ok(()),
    }
}

/// How large the flow is.
fn size(args: &FitArgs, pixels: &Pixels, classes: usize) -> Result<ImageSize, Failure> {
    let (height, width) = (pixels.height, pixels.width);
    let halvings = |side: usize| side.trailing_zeros() as usize;
    let most = halvings(height).min(halvings(width));
    if most == 0 {
        return Err(Failure::Usage(format!(
            "--resize: the images are {height} x {width}, expected an even height and width; --resize {},{} makes them so",
            height.next_multiple_of(4),
            width.next_multiple_of(4)
        )));
    }
    let mut size = ImageSize::new(pixels.event()).with_context(classes);
    size.levels = match args.images.levels {
        Some(levels) if levels > most => {
            return Err(Failure::Usage(format!(
                "--levels: found {levels}, but {height} x {width} pixels can be halved {most} times; use at most {most}, or --resize"
            )));
        }
        Some(levels) => levels,
        None => size.levels.min(most),
    };
    let couplings = if args.flow == Some(FlowArg::RealnvpImage) { 3 } else { size.steps };
    size.steps = args.images.level_steps.unwrap_or(couplings);
    size.hidden = args.hidden.as_ref().map_or(size.hidden, |hidden| hidden[0]);
    size.bins = args.bins.unwrap_or(size.bins);
    Ok(size)
}

/// The flow that the flags describe.
fn preset(args: &FitArgs, size: &ImageSize) -> Result<FlowConfig, Failure> {
    let config = match args.flow {
        Some(FlowArg::RealnvpImage) => presets::real_nvp_image(size),
        Some(FlowArg::NsfImage) => presets::nsf_image(size),
        _ => presets::glow(size),
    };
    match args.embed_context {
        None => Ok(config),
        Some(_) if size.context == 0 => Err(Failure::Usage(
            "--embed-context: there is no context to embed; --class-conditional makes the classes one".into(),
        )),
        Some(0) => Err(Failure::Usage("--embed-context: found 0, expected at least 1".into())),
        Some(features) => Ok(config.with_embedding(EmbeddingConfig::new(features))),
    }
}

/// Prints what was fitted.
fn report(fitted: &FittedImages, out: &Path, samples: &Path, json: bool) -> Outcome {
    let model = &fitted.model;
    let known = &model.provenance;
    let dimensions = model.pixels.dimensions();
    let why = why(&fitted.stop);
    let bits = |nats: f64| bits_per_dim(nats, dimensions);
    let error = |nats: f64| nats / (dimensions as f64 * std::f64::consts::LN_2);
    let value = serde_json::json!({
        "out": out, "steps": known.steps, "stop": why, "parameters": model.num_params(), "is_bound": true,
        "validation_bits_per_dim": known.validation_log_prob.map(|v| output::number(bits(v))),
        "held_out_bits_per_dim": known.held_out.map(|(mean, _)| output::number(bits(mean))),
        "held_out_error": known.held_out.map(|(_, e)| output::number(error(e))),
        "classes": model.classes, "samples": samples,
    });
    Ok(output::print(json, &value, || {
        let held_out = known.held_out.map_or("no test images".into(), |(mean, e)| {
            format!(
                "held-out {:.4} +- {:.4} bits per dimension (an upper bound), {} images",
                bits(mean),
                error(e),
                known.test_rows
            )
        });
        let (out, samples) = (out.display(), samples.display());
        format!(
            "{} steps: {why}\n{held_out}\nwrote {out}, and samples in {samples}\ntry: tissot info {out}, tissot sample {out} -n 64 --temperature 0.7 --out grid.png",
            known.steps
        )
    })?)
}
