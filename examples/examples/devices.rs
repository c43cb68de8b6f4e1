//! The same model and the same code on any device, by a flag.
//!
//!     cargo run -p tissot-examples --example devices                          # flex
//!     cargo run -p tissot-examples --features ndarray,wgpu --example devices -- wgpu

use burn::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use tissot::{AnyFlow, Context, presets};
use tissot_examples::device;

/// Log-densities of 64 fixed points under a fixed flow: weights and points come from the host.
fn log_prob(device: &Device) -> Result<Vec<f32>, tissot::Error> {
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let flow: AnyFlow = presets::nsf_coupling(&presets::Size::new(4)).init(device, &mut rng)?;
    let points: Vec<f32> = (0..64 * 4).map(|i| ((i * 37 % 101) as f32 - 50.0) / 20.0).collect();
    let x = Tensor::<2>::from_data(TensorData::new(points, [64, 4]), device);
    Ok(flow.log_prob(x, Context::NONE).into_data().iter().collect())
}

fn main() -> Result<(), tissot::Error> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "flex".into());
    let Some(device) = device(&name) else {
        println!("{name} is not built in; build it with --features {name}");
        return Ok(());
    };
    let (here, reference) = (log_prob(&device)?, log_prob(&Device::flex())?);
    let largest = here.iter().zip(&reference).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    println!("{name}: {device:?}");
    println!("largest difference of log-prob from flex: {largest:e} nats over {} points", here.len());
    Ok(())
}
