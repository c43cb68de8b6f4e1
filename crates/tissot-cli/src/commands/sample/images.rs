//! `tissot sample` of images.

use crate::args::SampleArgs;
use crate::failure::{Failure, Outcome};
use crate::output;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use std::path::Path;
use tissot::image::ImageModel;
use tissot_train::images::{grid, picture, save_npy};

/// Bytes of images that are held at once.
const MOST: usize = 1 << 31;

/// Draws images: a grid, an array or a folder of pictures, by the name of the output.
pub fn run(args: &SampleArgs, model: &ImageModel, json: bool) -> Outcome {
    if !args.given.0.is_empty() {
        return Err(Failure::Usage("--given: is for tables; images are drawn of a --class".into()));
    }
    let Some(out) = args.out.as_deref() else {
        let kinds = "grid.png for one picture, images.npy for an array, or a folder for a picture each";
        return Err(Failure::Usage(format!("--out: images need a name: {kinds}")));
    };
    if args.n == 0 {
        return Err(Failure::Usage("-n: found 0, expected at least 1 image".into()));
    }
    let path = Path::new(out);
    let ending = path.extension().and_then(|ending| ending.to_str()).map(str::to_lowercase);
    let ending = ending.as_deref().filter(|_| !out.ends_with('/'));
    let pixels = &model.pixels;
    if ending != Some("npy") && !matches!(pixels.channels, 1 | 3) {
        let message =
            format!("--out {out}: images of {} channels are no pictures; name a .npy", pixels.channels);
        return Err(Failure::Usage(message));
    }
    // A grid enlarges small images; a label takes eight bytes.
    let scale = 32_usize.div_ceil(pixels.height.max(pixels.width));
    let each = match ending {
        Some("png") => (pixels.height * scale + 1) * (pixels.width * scale + 1) * pixels.channels,
        _ => pixels.dimensions(),
    } + 8;
    if args.n.saturating_mul(each) > MOST {
        let most = MOST / each;
        return Err(Failure::Usage(format!("-n: found {}, expected at most {most} images at once", args.n)));
    }
    match ending {
        Some("png" | "npy") => {}
        Some(other) if !path.is_dir() => {
            return Err(Failure::Usage(format!(
                "--out {out}: images are not written as .{other}; name a .png, a .npy or a folder"
            )));
        }
        // Among older pictures nobody could tell which are of these samples.
        _ => {
            if let Some(older) = older(path) {
                let name = "name another folder, or empty this one";
                return Err(anyhow::anyhow!("--out {out}: holds pictures already ({older}); {name}").into());
            }
        }
    }
    let labels = args.class.as_deref().map(|class| label(model, class)).transpose()?;
    let labels = labels.map(|label| vec![label; args.n]);
    let rng = &mut ChaCha8Rng::seed_from_u64(args.seed);
    let images = model.sample(args.n, labels.as_deref(), args.temperature.unwrap_or(1.0), rng)?;
    let shape = [pixels.height, pixels.width, pixels.channels];
    match ending {
        Some("png") => grid(&images, shape, pixels.source_levels).save(path)?,
        Some("npy") => save_npy(path, &images, shape)?,
        _ => {
            std::fs::create_dir_all(path)
                .map_err(|error| anyhow::anyhow!("{out}: cannot be made: {error}"))?;
            for (i, image) in images.chunks(pixels.dimensions()).enumerate() {
                picture(image, shape, pixels.source_levels).save(path.join(format!("{i:05}.png")))?;
            }
        }
    }
    Ok(output::print(json, &serde_json::json!({"images": args.n, "out": out}), || {
        format!("{} images in {out}", args.n)
    })?)
}

/// A picture in a folder.
fn older(folder: &Path) -> Option<String> {
    let names =
        std::fs::read_dir(folder).ok()?.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    names.filter(|name| name.to_lowercase().ends_with(".png")).min()
}

/// The class of this name, or of this number.
fn label(model: &ImageModel, class: &str) -> Result<usize, Failure> {
    let classes = &model.classes;
    if classes.is_empty() {
        let message = "--class: the model has none; `tissot fit --class-conditional` makes one that has";
        return Err(Failure::Usage(message.into()));
    }
    // Where names are numbers a number is a name.
    let numbered = classes.iter().any(|name| name.parse::<i64>().is_ok());
    let by_number = || class.parse().ok().filter(|&label: &usize| !numbered && label < classes.len());
    classes.iter().position(|name| name == class).or_else(by_number).ok_or_else(|| {
        Failure::Usage(format!("--class: found {class:?}, expected one of {}", classes.join(", ")))
    })
}
