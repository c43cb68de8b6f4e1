//! A small set of faces, or of any pictures of one kind: with so few, what helps is mirroring them, and fewer bits.
//!
//!     cargo run --release -p tissot-examples --example faces -- FACES
//!
//! FACES is a folder of PNG or JPEG files, an NPY or NPZ array, or an IDX file; they are made grey and 32 x 32. Without it
//! the embedded digits stand in.

use burn::tensor::Device;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::ops::ControlFlow;
use tissot::image::Pixels;
use tissot::presets::{self, ImageSize};
use tissot_train::images::{ImageOptions, Images, grid};
use tissot_train::{Event, FitImages, Parts, Settings, bits_per_dim, embedded};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let options = ImageOptions { resize: Some([32, 32]), gray: true, ..ImageOptions::default() };
    let given = std::env::args().nth(1);
    let images = match &given {
        Some(path) => Images::open(path, &options)?,
        None => embedded::digit_images(),
    };
    let [height, width, channels] = images.shape();
    let shape = [channels, height, width];
    let pixels = Pixels::new(shape).with_source_levels(images.levels);
    let fit = FitImages {
        config: presets::glow(&ImageSize::new(shape).with_levels(if height == 32 { 3 } else { 2 }, 6)),
        dequantiser: None,
        pixels: if given.is_some() { pixels.with_bits(5) } else { pixels },
        classes: Vec::new(),
        images: &images,
        parts: Parts::new(images.len(), 0.1, 0.1, 0)?,
        flip: given.is_some(),
        settings: Settings { steps: tissot_examples::steps(2_000), ..Settings::images() },
        device: Device::flex(),
        run: None,
        resume: false,
        provenance: Default::default(),
    };
    let dimensions = fit.pixels.dimensions();
    let fitted = fit.run(&mut |event| {
        if let Event::Validation { step, log_prob, best: true } = event {
            println!("step {step:5}: validation {:.3} bits", bits_per_dim(*log_prob, dimensions));
        }
        ControlFlow::Continue(())
    })?;
    let model = fitted.model;
    if let Some((mean, _)) = model.provenance.held_out {
        println!("held-out: {:.3} bits per dimension, an upper bound", bits_per_dim(mean, dimensions));
    }
    let drawn = model.sample(36, None, 0.7, &mut ChaCha8Rng::seed_from_u64(1))?;
    let picture = std::env::temp_dir().join("tissot-faces.png");
    grid(&drawn, images.shape(), images.levels).save(&picture)?;
    println!("wrote {}", picture.display());
    Ok(())
}
