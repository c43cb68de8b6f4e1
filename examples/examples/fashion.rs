//! Glow on Fashion-MNIST, or any IDX set of its kind, on the CPU or on a GPU: the same code.
//!
//!     cargo run --release -p tissot-examples --example fashion -- FOLDER                       # flex
//!     cargo run --release -p tissot-examples --features wgpu --example fashion -- FOLDER wgpu
//!
//! FOLDER has `train-images-idx3-ubyte`, gzipped or not. Without one the embedded digits stand in. `TISSOT_STEPS` sets the
//! number of steps. At the end the model is scored on the device and on the CPU, from the same weights and noise.

use burn::tensor::Device;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;
use tissot::image::{ImageModel, Pixels};
use tissot::presets::{self, ImageSize};
use tissot_train::images::{ImageOptions, Images, grid};
use tissot_train::{Event, FitImages, Parts, Settings, bits_per_dim, embedded};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let images = match args.next() {
        Some(folder) => open(Path::new(&folder))?,
        None => embedded::digit_images(),
    };
    let name = args.next().unwrap_or_else(|| "flex".into());
    let Some(device) = tissot_examples::device(&name) else {
        println!("{name} is not built in; build it with --features {name}");
        return Ok(());
    };
    let [height, width, channels] = images.shape();
    let shape = [channels, height, width];
    println!("{} images of {height} x {width}, on {name}", images.len());
    let steps = tissot_examples::steps(1_500);
    let fit = FitImages {
        config: presets::glow(&ImageSize::new(shape)),
        dequantiser: None,
        pixels: Pixels::new(shape).with_source_levels(images.levels),
        classes: Vec::new(),
        images: &images,
        parts: Parts::new(images.len(), 0.02, 0.05, 0)?,
        flip: false,
        settings: Settings { steps, ..Settings::images() },
        device,
        run: None,
        resume: false,
        provenance: Default::default(),
    };
    let dimensions = fit.pixels.dimensions();
    let (mut training, mut last) = (Vec::new(), Instant::now());
    let fitted = fit.run(&mut |event| {
        match event {
            Event::Step { .. } => training.push(last.elapsed().as_secs_f64()),
            Event::Validation { step, log_prob, .. } => {
                println!("step {step:5}: validation {:.3} bits", bits_per_dim(*log_prob, dimensions));
            }
            _ => {}
        }
        last = Instant::now();
        ControlFlow::Continue(())
    })?;
    training.sort_by(f64::total_cmp);
    println!("a step takes {:.1} ms (median of {})", 1e3 * training[training.len() / 2], training.len());

    let model = fitted.model;
    let file = std::env::temp_dir().join(format!("tissot-fashion-{}.tissot", std::process::id()));
    model.save(&file)?;
    let on_the_cpu = ImageModel::load(&file, &Device::flex())?;
    std::fs::remove_file(&file)?;
    let mut some = Vec::new();
    images.read(&(0..images.len().min(64)).collect::<Vec<_>>(), &mut some)?;
    let bits = |model: &ImageModel| model.bits_per_dim(&some, None, 1, &mut ChaCha8Rng::seed_from_u64(2));
    let (here, there) = (bits(&model)?, bits(&on_the_cpu)?);
    let apart = here.iter().zip(&there).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("{name} and flex: at most {apart:.1e} bits per dimension apart on {} images", here.len());

    let drawn = model.sample(64, None, 0.7, &mut ChaCha8Rng::seed_from_u64(1))?;
    let picture = std::env::temp_dir().join(format!("tissot-fashion-{name}.png"));
    grid(&drawn, images.shape(), images.levels).save(&picture)?;
    println!("wrote {}", picture.display());
    Ok(())
}

fn open(folder: &Path) -> Result<Images, Box<dyn std::error::Error>> {
    let names = ["train-images-idx3-ubyte", "train-20k-images-idx3-ubyte"];
    let files = names.iter().flat_map(|name| [folder.join(name), folder.join(format!("{name}.gz"))]);
    let file = files.into_iter().find(|file| file.exists()).ok_or("no train-images-idx3-ubyte(.gz) there")?;
    Ok(Images::open(file, &ImageOptions::default())?)
}
