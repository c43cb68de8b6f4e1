//! Glow on images, beside nflows' and normflows' (`peers/glow.py`): `glow digits SEED`, `glow fashion SEED FOLDER` or `glow
//! stacked SEED FOLDER`, then any of `steps=N`, `preset=glow|nsf|realnvp`, `grid=FILE.png`. A stacked image is three garments of
//! Fashion-MNIST, one a channel, each with a black border of 2 pixels; its flow is the workload W6, which has no preset.
//!
//! The settings are those of the peers: batches of 64 (digits), 32 (fashion) and 16 (stacked), Adam at 1e-3 after 100 steps of warm-up, the gradient of
//! nats a dimension clipped to the norm 1, uniform dequantisation. Prints one line of JSON: bits per dimension of held-out
//! images by the moving average of the weights (0.99), and the curve. The grid is drawn at temperature 0.7.

use burn::tensor::Device;
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use std::ops::ControlFlow;
use std::time::Instant;
use tissot::image::{ImageModel, Pixels, mean_and_error};
use tissot::presets::{self, ImageSize};
use tissot_benches::workload;
use tissot_train::images::{ImageOptions, Images, grid};
use tissot_train::{Event, FitImages, Parts, Schedule, Settings, bits_per_dim, embedded};

/// Images and what stays out of training.
struct Data {
    images: Images,
    held_out: Vec<u8>,
    /// Of a preset; the flow is W6's where there is none.
    size: Option<ImageSize>,
    settings: Settings,
    parts: Parts,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let wrong = "expected digits SEED, fashion SEED FOLDER or stacked SEED FOLDER, then steps=N, preset=glow, grid=FILE.png";
    let name = args.first().ok_or(wrong)?.clone();
    let seed: u64 = args.get(1).and_then(|seed| seed.parse().ok()).ok_or(wrong)?;
    let options = args.iter().skip(2).filter_map(|arg| arg.split_once('='));
    let option = |key: &str| options.clone().find(|(k, _)| *k == key).map(|(_, v)| v.to_owned());
    let threads: usize = option("threads").map_or(Ok(1), |n| n.parse())?;
    tissot_benches::machine::use_threads(threads);
    let mut data = match name.as_str() {
        "digits" => digits()?,
        "fashion" => fashion(args.get(2).ok_or(wrong)?)?,
        "stacked" => stacked(args.get(2).ok_or(wrong)?)?,
        _ => return Err(wrong.into()),
    };
    if let Some(steps) = option("steps") {
        data.settings.steps = steps.parse()?;
    }
    let config = match (option("preset").as_deref(), &data.size) {
        (None, None) => workload("W6")?.config,
        (None | Some("glow"), Some(size)) => presets::glow(size),
        (Some("nsf"), Some(size)) => presets::nsf_image(size),
        (Some("realnvp"), Some(size)) => presets::real_nvp_image(size),
        _ => return Err(wrong.into()),
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

fn settings(batch: usize, steps: u64) -> Settings {
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
    let held_out = read_from(train.len(), &images)?;
    // 60 channels: as many weights as the peers, which have no learned prior.
    let size = Some(ImageSize::new([1, 8, 8]).with_levels(2, 4).with_hidden(60));
    let parts = Parts { train, validation: Vec::new(), test: Vec::new() };
    Ok(Data { images, held_out, size, settings: settings(64, 1_500), parts })
}

/// Fashion-MNIST's first 20,000 images; its 2,000 validation images are held out.
fn fashion(folder: &str) -> Result<Data, Box<dyn std::error::Error>> {
    let [images, others] = garments(folder)?;
    let held_out = read_from(0, &others)?;
    let size = Some(ImageSize::new([1, 28, 28]).with_levels(2, 8).with_hidden(62));
    let parts = Parts { train: (0..images.len()).collect(), validation: Vec::new(), test: Vec::new() };
    Ok(Data { images, held_out, size, settings: settings(32, 1_500), parts })
}

/// The same, three on one another: 6,666 images to train with, 666 held out.
fn stacked(folder: &str) -> Result<Data, Box<dyn std::error::Error>> {
    let [train, held_out] =
        garments(folder)?.map(|images| read_from(0, &images).map(|pixels| stack(&pixels)));
    let (images, held_out) = (Images::from_pixels(train?, [32, 32, 3]), held_out?);
    let parts = Parts { train: (0..images.len()).collect(), validation: Vec::new(), test: Vec::new() };
    Ok(Data { images, held_out, size: None, settings: settings(16, 1_000), parts })
}

/// Images of 28 x 28 as images of 32 x 32 x 3: the k-th of each third, in a black border.
fn stack(pixels: &[u8]) -> Vec<u8> {
    let third = pixels.len() / 784 / 3;
    let mut stacked = vec![0; third * 32 * 32 * 3];
    for (k, image) in stacked.chunks_exact_mut(32 * 32 * 3).enumerate() {
        for channel in 0..3 {
            let garment = &pixels[(channel * third + k) * 784..][..784];
            for (at, &value) in garment.iter().enumerate() {
                let (y, x) = (at / 28 + 2, at % 28 + 2);
                image[(y * 32 + x) * 3 + channel] = value;
            }
        }
    }
    stacked
}

/// Fashion-MNIST's first 20,000 images and its 2,000 validation images.
fn garments(folder: &str) -> Result<[Images; 2], Box<dyn std::error::Error>> {
    let open =
        |name: &str| Images::open(format!("{folder}/{name}-images-idx3-ubyte.gz"), &ImageOptions::default());
    Ok([open("train-20k")?, open("valid-2k")?])
}

/// The pixels of the images from `first` on.
fn read_from(first: usize, images: &Images) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let mut pixels = Vec::new();
    images.read(&(first..images.len()).collect::<Vec<_>>(), &mut pixels)?;
    Ok(pixels)
}
