//! Glow on the embedded 8 x 8 digits, a density for each class: bits per dimension of digits that it has not seen, and a
//! picture of drawn ones, a column for each class.
//!
//!     cargo run -p tissot-examples --example digits [PICTURE.png]

use burn::tensor::Device;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::ops::ControlFlow;
use tissot::image::Pixels;
use tissot::presets::{self, ImageSize};
use tissot_train::images::grid;
use tissot_train::{Event, FitImages, Parts, Settings, bits_per_dim, embedded};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let images = embedded::digit_images();
    let classes = images.classes.clone();
    let size = ImageSize::new([1, 8, 8]).with_context(classes.len()).with_levels(2, 4);
    let fit = FitImages {
        config: presets::glow(&size),
        dequantiser: None,
        pixels: Pixels::new([1, 8, 8]).with_source_levels(images.levels),
        classes,
        images: &images,
        parts: Parts::new(images.len(), 0.1, 0.2, 0)?,
        flip: false,
        settings: Settings { steps: tissot_examples::steps(1_500), batch: 64, ..Settings::images() },
        device: Device::flex(),
        run: None,
        resume: false,
        provenance: Default::default(),
    };
    let fitted = fit.run(&mut |event| {
        if let Event::Validation { step, log_prob, best: true } = event {
            println!("step {step:5}: validation {:.3} bits per dimension", bits_per_dim(*log_prob, 64));
        }
        ControlFlow::Continue(())
    })?;
    let model = fitted.model;
    if let Some((mean, error)) = model.provenance.held_out {
        let error = bits_per_dim(error, 64).abs();
        println!("held-out: {:.3} +- {error:.3} bits per dimension, an upper bound", bits_per_dim(mean, 64));
        println!("nothing learned would be log2 17 = {:.3}", 17.0_f64.log2());
    }

    // Without labels the classes come in turn, and ten of them make a row.
    let drawn = model.sample(100, None, 0.7, &mut ChaCha8Rng::seed_from_u64(1))?;
    let path = std::env::args().nth(1).map_or(std::env::temp_dir().join("tissot-digits.png"), Into::into);
    grid(&drawn, images.shape(), images.levels).save(&path)?;
    println!("wrote {}: a column for each class", path.display());
    Ok(())
}
