//! A density that moves with its context: y given t, a spread that grows around a sine.
//!
//!     cargo run -p tissot-examples --example conditional

use burn::tensor::Device;
use rand::RngExt;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use std::ops::ControlFlow;
use tissot::{Provenance, columns::Domain, presets};
use tissot_train::{Fit, Rows, Settings, SplitBy, Splits, fit_columns};

/// The standard deviation of y at t.
fn spread(t: f64) -> f64 {
    0.1 + 0.1 * t
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let t: Vec<f64> = (0..4_000).map(|_| rng.random_range(0.0..6.0)).collect();
    let noise: Vec<f64> = t.iter().map(|_| rng.sample(rand_distr::StandardNormal)).collect();
    let y = t.iter().zip(noise).map(|(t, noise)| t.sin() + spread(*t) * noise).collect();
    let rows = Rows { n: t.len(), values: y, context: t };
    let splits = Splits::new(&rows, 0.1, 0.1, &SplitBy::Random, 0)?;

    let fit = Fit {
        config: presets::nsf_autoregressive(&presets::Size::new(1).with_context(1).with_transforms(3)),
        columns: fit_columns(&["y".into()], &[Domain::Real], &splits.train.values)?,
        context: fit_columns(&["t".into()], &[Domain::Real], &splits.train.context)?,
        splits: &splits,
        settings: Settings { steps: tissot_examples::steps(800), ..Settings::default() },
        device: Device::flex(),
        run: None,
        resume: false,
        provenance: Provenance::default(),
    };
    let model = fit.run(&mut |_| ControlFlow::Continue(()))?.model;

    println!("   t   true mean  sampled   true spread  sampled");
    for t in [0.5, 1.5, 3.0, 4.5, 5.5] {
        let y = model.sample(4_000, &vec![t; 4_000], &mut rng);
        let mean = y.iter().sum::<f64>() / y.len() as f64;
        let std = (y.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / y.len() as f64).sqrt();
        println!("{t:4.1}  {:9.3} {mean:9.3}  {:11.3} {std:9.3}", t.sin(), spread(t));
    }
    Ok(())
}
