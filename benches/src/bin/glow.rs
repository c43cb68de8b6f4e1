//! Glow on images, beside nflows' and normflows' (`peers/glow.py`): `glow digits SEED` or `glow fashion SEED FOLDER`, then
//! any of `steps=N`, `preset=glow|nsf|realnvp`, `grid=FILE.png`.
//!
//! The settings are those of the peers: batches of 64 (digits) and 32, Adam at 1e-3 after 100 steps of warm-up, the gradient of
//! nats a dimension clipped to the norm 1, uniform dequantisation. Prints one line of JSON: bits per dimension of held-out
//! images by the moving average of the weights (0.99), and the curve. The grid is drawn at temperature 0.7.

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;
use std::time::Instant;
use tissot::image::{ImageModel, Pixels, mean_and_error};
use tissot::presets::{self, ImageSize};
use tissot_train::images::{ImageOptions, Images, grid};
use tissot_train::{Event, FitImages, Parts, Schedule, Settings, bits_per_dim, embedded};

/// Images and what stays out of training.
struct Data {
    images: Images,
    held_out: Vec<u8>,
    size: ImageSize,
    settings: Settings,
    parts: Parts,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let wrong = "expected digits SEED or fashion SEED FOLDER, then steps=N, preset=glow, grid=FILE.png";
    let name = args.first().ok_or(wrong)?.clone();
    let seed: u64 = args.get(1).and_then(|seed| seed.parse().ok()).ok_or(wrong)?;
    let options = args.iter().skip(2).filter_map(|arg| arg.split_once('='));
    let option = |key: &str| options.clone().find(|(k, _)| *k == key).map(|(_, v)| v.to_owned());
    let threads: usize = option("threads").map_or(Ok(1), |n| n.parse())?;
    tissot_benches::machine::use_threads(threads);
    let mut data = match name.as_str() {
        "digits" => digits()?,
        "fashion" => fashion(args.get(2).ok_or(wrong)?)?,
        _ => return Err(wrong.into()),
    };
    if let Some(steps) = option("steps") {
        data.settings.steps = steps.parse()?;
    }
    let config = match option("preset").as_deref() {
        None | Some("glow") => presets::glow(&data.size),
        Some("nsf") => presets::nsf_image(&data.size),
        Some("realnvp") => presets::real_nvp_image(&data.size),
        Some(_) => return Err(wrong.into()),
    };
    let [height, width, channels] = data.images.shape();
    let pixels = Pixels::new([channels, height, width]).with_source_levels(data.images.levels);
    let fit = |ema: f64| FitImages {
        config: config.clone(),
        dequantiser: None,
        pixels: pixels.clone(),
        classes: Vec::new(),
        images: &data.images,
        parts: data.parts.clone(),
        flip: false,
        settings: Settings { seed, ema, ..data.settings.clone() },
        device: Device::flex(),
        run: None,
        resume: false,
        provenance: Default::default(),
    };
    let score = |model: &ImageModel| -> Result<(f64, f64), tissot::Error> {
        let bits = model.bits_per_dim(&data.held_out, None, 1, &mut ChaCha8Rng::seed_from_u64(0))?;
        Ok(mean_and_error(&bits))
    };
    let started = Instant::now();
    let mut seconds = 0.0;
    let mut curve = Vec::new();
    let every = (data.settings.steps / 8).max(1);
    let mut keep = |model: ImageModel| {
        let before = Instant::now();
        curve.push((model.provenance.steps, score(&model)?.0));
        seconds -= before.elapsed().as_secs_f64();
        Ok(())
    };
    let dimensions = pixels.dimensions();
    let fitted = fit(0.99).run_keeping(&|step| step % every == 0, &mut keep, &mut |event| {
        if let Event::Step { step, log_prob, norm, .. } = event
            && step % 100 == 0
        {
            eprintln!("step {step}: {:.3} bits, norm {norm:.2}", bits_per_dim(*log_prob, dimensions));
        }
        ControlFlow::Continue(())
    })?;
    seconds += started.elapsed().as_secs_f64();
    let (mean, error) = score(&fitted.model)?;
    if let Some(path) = option("grid") {
        let drawn = fitted.model.sample(64, None, 0.7, &mut ChaCha8Rng::seed_from_u64(seed))?;
        grid(&drawn, data.images.shape(), data.images.levels).save(std::path::Path::new(&path))?;
    }
    println!(
        "{}",
        serde_json::json!({
            "library": "tissot", "data": name, "seed": seed, "params": fitted.model.num_params(),
            "steps": data.settings.steps, "seconds": seconds, "ema_bits": mean, "error": error, "curve": curve,
        })
    );
    Ok(())
}

fn settings(batch: usize) -> Settings {
    let steps = 1_500;
    Settings {
        steps,
        batch,
        schedule: Schedule::Constant,
        patience: 0,
        validate_every: steps,
        ..Settings::images()
    }
}

/// The embedded digits: the last 360 are held out.
fn digits() -> Result<Data, Box<dyn std::error::Error>> {
    let images = embedded::digit_images();
    let train: Vec<usize> = (0..images.len() - 360).collect();
    let mut held_out = Vec::new();
    images.read(&(train.len()..images.len()).collect::<Vec<_>>(), &mut held_out)?;
    // 60 channels: as many weights as the peers, which have no learned prior.
    let size = ImageSize::new([1, 8, 8]).with_levels(2, 4).with_hidden(60);
    let parts = Parts { train, validation: Vec::new(), test: Vec::new() };
    Ok(Data { images, held_out, size, settings: settings(64), parts })
}

/// Fashion-MNIST's first 20,000 images; its 2,000 validation images are held out.
fn fashion(folder: &str) -> Result<Data, Box<dyn std::error::Error>> {
    let open =
        |name: &str| Images::open(format!("{folder}/{name}-images-idx3-ubyte.gz"), &ImageOptions::default());
    let (images, others) = (open("train-20k")?, open("valid-2k")?);
    let mut held_out = Vec::new();
    others.read(&(0..others.len()).collect::<Vec<_>>(), &mut held_out)?;
    let size = ImageSize::new([1, 28, 28]).with_levels(2, 8).with_hidden(62);
    let parts = Parts { train: (0..images.len()).collect(), validation: Vec::new(), test: Vec::new() };
    Ok(Data { images, held_out, size, settings: settings(32), parts })
}
