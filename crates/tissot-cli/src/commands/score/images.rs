//! `tissot score` on images.

use crate::args::{MissingArg, ScoreArgs};
use crate::failure::{self, Failure, Outcome};
use crate::model_images;
use crate::output::{self, Mean, RowSink};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tissot::image::ImageModel;

/// Images that are read at a time.
const BLOCK: usize = 256;

/// The number of every image, from 1 in the order of the set (that of the names in a folder), and its bits per dimension.
pub fn run(args: &ScoreArgs, model: &ImageModel, json: bool) -> Outcome {
    if matches!(args.missing, MissingArg::Drop) {
        return Err(Failure::Usage("--missing: is for tables, and the model is of images".into()));
    }
    let draws = args.draws.unwrap_or(1);
    if draws == 0 {
        return Err(Failure::Usage("--draws: found 0, expected at least 1".into()));
    }
    let images = model_images::open(&args.data, model, args.resize)?;
    let labels = if model.classes.is_empty() { None } else { Some(images.labels_among(&model.classes)?) };
    let mut sink = RowSink::open(args.out.as_deref(), json, &["image", "bits_per_dim"].map(String::from))?;
    let (mut mean, mut bytes) = (Mean::default(), Vec::new());
    let rng = &mut ChaCha8Rng::seed_from_u64(0);
    for start in (0..images.len()).step_by(BLOCK) {
        let indices: Vec<usize> = (start..images.len().min(start + BLOCK)).collect();
        images.read(&indices, &mut bytes)?;
        let labels = labels.as_ref().map(|labels| &labels[start..start + indices.len()]);
        for bits in model.bits_per_dim(&bytes, labels, draws, rng)? {
            mean.add(bits);
            sink.write(&[mean.count() as f64, bits])?;
        }
    }
    sink.finish()?;
    let value = serde_json::json!({
        "images": mean.count(), "mean_bits_per_dim": output::number(mean.mean()),
        "standard_error": output::number(mean.error()), "draws": draws, "is_bound": true,
    });
    let text = || {
        let error = if mean.count() > 1 { format!(" +- {:.4}", mean.error()) } else { String::new() };
        let draws = if draws > 1 { format!(" of {draws} draws") } else { String::new() };
        format!(
            "{} images, mean {:.4}{error} bits per dimension (an upper bound{draws})",
            mean.count(),
            mean.mean()
        )
    };
    if args.out.is_none() && !json {
        failure::say(&text());
        return Ok(());
    }
    Ok(output::print(json, &value, text)?)
}
