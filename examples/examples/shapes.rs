//! Coloured shapes on 32 x 32 pixels that the example makes itself: a Glow of three levels is trained on them for a while, and
//! then inverted. How exactly a trained flow comes back in f32 is what decides whether its samples can be trusted.
//!
//!     cargo run --release -p tissot-examples --example shapes

use burn::prelude::*;
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::ops::ControlFlow;
use tissot::image::Pixels;
use tissot::presets::{self, ImageSize};
use tissot::{Bijection, Context};
use tissot_train::images::{Images, grid};
use tissot_train::{Event, FitImages, Parts, Settings, bits_per_dim};

const SIDE: usize = 32;

/// A disc or a square of one colour on another, with some noise.
fn shape(rng: &mut ChaCha8Rng) -> Vec<u8> {
    let mut colour = || [0; 3].map(|_: u8| rng.random_range(20_u8..235));
    let (inside, outside) = (colour(), colour());
    let round = rng.random::<bool>();
    let radius = rng.random_range(5.0..11.0_f64);
    let centre = [0; 2].map(|_: u8| rng.random_range(12.0..20.0_f64));
    let mut image = Vec::with_capacity(SIDE * SIDE * 3);
    for (y, x) in (0..SIDE).flat_map(|y| (0..SIDE).map(move |x| (y, x))) {
        let [dy, dx] = [y as f64 - centre[0], x as f64 - centre[1]];
        let within = if round { dy.hypot(dx) < radius } else { dy.abs().max(dx.abs()) < radius };
        let of = if within { inside } else { outside };
        image.extend(of.map(|v| v.saturating_add_signed(rng.random_range(-8..=8))));
    }
    image
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let rng = &mut ChaCha8Rng::seed_from_u64(0);
    let bytes: Vec<u8> = (0..1_000).flat_map(|_| shape(rng)).collect();
    let images = Images::from_pixels(bytes, [SIDE, SIDE, 3]);
    let size = ImageSize::new([3, SIDE, SIDE]).with_levels(3, 8).with_hidden(64);
    let fit = FitImages {
        config: presets::glow(&size),
        dequantiser: None,
        pixels: Pixels::new([3, SIDE, SIDE]),
        classes: Vec::new(),
        images: &images,
        parts: Parts::new(images.len(), 0.05, 0.05, 0)?,
        flip: true,
        settings: Settings { steps: tissot_examples::steps(200), batch: 16, ..Settings::images() },
        device: Device::flex(),
        run: None,
        resume: false,
        provenance: Default::default(),
    };
    let dimensions = fit.pixels.dimensions();
    let fitted = fit.run(&mut |event| {
        if let Event::Validation { step, log_prob, .. } = event {
            println!("step {step:4}: validation {:.3} bits", bits_per_dim(*log_prob, dimensions));
        }
        ControlFlow::Continue(())
    })?;
    let model = fitted.model;

    // There and back in f32, from images and from latents.
    let mut some = Vec::new();
    images.read(&(0..64).collect::<Vec<_>>(), &mut some)?;
    let values = model.pixels.values(&some, &Device::flex(), burn::tensor::DType::F32)?;
    let (noise, flow) = (values.clone().zeros_like().add_scalar(0.5), &model.flow.flow);
    let (x, _) = model.pixels.forward(values, noise);
    let largest = |a: Tensor<4>, b: Tensor<4>| (a - b).abs().max().into_scalar::<f32>();
    let (z, there) = flow.bijection.forward(x.clone(), Context::NONE);
    let (back, again) = flow.bijection.inverse(z, Context::NONE);
    println!("round trip of images: {:.1e}", largest(back, x));
    let log_dets = (there.clone() + again).abs() / there.abs();
    println!("log-dets there and back: {:.1e} of their size", log_dets.max().into_scalar::<f32>());
    let z = Tensor::<4>::random(
        [64, 3, SIDE, SIDE],
        burn::tensor::Distribution::Normal(0.0, 1.0),
        &Device::flex(),
    );
    let (x, _) = flow.bijection.inverse(z.clone(), Context::NONE);
    let (back, _) = flow.bijection.forward(x, Context::NONE);
    println!("round trip of latents: {:.1e}", largest(back, z));

    let drawn = model.sample(36, None, 0.8, rng)?;
    let picture = std::env::temp_dir().join("tissot-shapes.png");
    grid(&drawn, images.shape(), images.levels).save(&picture)?;
    println!("wrote {}", picture.display());
    Ok(())
}
