//! `tissot map` of a model of images.

use crate::args::{MapArgs, MetricArg, MissingArg};
use crate::failure::Failure;
use crate::model_images;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::Path;
use tissot::image::ImageModel;
use tissot_atlas::survey::{ImageSurveyOptions, Survey, survey_images};

/// Images that are looked at, of the set evenly spaced or drawn from the model.
const LOOKED: usize = 256;
const DRAWN: usize = 64;

/// Surveys a model of images.
pub fn survey(args: &MapArgs, model: &ImageModel, title: String) -> Result<Survey, Failure> {
    for (flag, given) in [
        ("--columns", args.columns.is_some()),
        ("--principal", args.principal),
        ("--marginal", args.marginal),
        ("--at", args.at.is_some()),
        ("--given", !args.given.0.is_empty()),
        ("--snapshots", args.snapshots.is_some()),
        ("--metric", args.metric != MetricArg::default()),
        ("--missing", matches!(args.missing, MissingArg::Drop)),
    ] {
        if given {
            return Err(Failure::Usage(format!("{flag}: is for tables, and the model is of images")));
        }
    }
    let Some(data) = &args.data else {
        let rng = &mut ChaCha8Rng::seed_from_u64(0);
        let labels: Vec<usize> = (0..DRAWN).map(|k| k % model.classes.len().max(1)).collect();
        let labels = (!model.classes.is_empty()).then_some(&labels[..]);
        let images = model.sample(DRAWN, labels, 1.0, rng).map_err(anyhow::Error::from)?;
        let images_from = format!("{DRAWN} images drawn from the model");
        return Ok(survey_images(
            model,
            &ImageSurveyOptions { images: &images, labels, images_from, title },
        )?);
    };
    let set = model_images::open(data, model, args.resize)?;
    let (all, labels) = match model.classes.is_empty() {
        true => (set.len(), None),
        false => (set.len(), Some(set.labels_among(&model.classes)?)),
    };
    let count = all.min(LOOKED);
    let chosen: Vec<usize> = (0..count).map(|k| k * all / count).collect();
    let mut images = Vec::new();
    set.read(&chosen, &mut images)?;
    let labels = labels.map(|labels| chosen.iter().map(|&k| labels[k]).collect::<Vec<usize>>());
    let name = Path::new(data).file_name().map_or(data.into(), |name| name.to_string_lossy());
    let images_from = match all > count {
        true => format!("{count} of the {all} images of {name}"),
        false => format!("{count} images of {name}"),
    };
    Ok(survey_images(
        model,
        &ImageSurveyOptions { images: &images, labels: labels.as_deref(), images_from, title },
    )?)
}
