//! The whole story in ten lines: a flow, a loop of your own, a density, samples.
//!
//!     cargo run -p tissot-examples --example two_moons

use burn::optim::{AdamConfig, GradientsParams};
use burn::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use tissot::{Context, presets};
use tissot_train::synthetic::Synthetic;

fn main() -> Result<(), tissot::Error> {
    let device = Device::flex();
    let mut rng = ChaCha8Rng::seed_from_u64(0);
    let moons = |n: usize| {
        let rows = Synthetic::TwoMoons.sample(n, &mut ChaCha8Rng::seed_from_u64(n as u64));
        Tensor::<2>::from_data(TensorData::new(rows.concat(), [n, 2]), &device)
    };
    let (train, test) = (moons(4_096), moons(2_000));

    let mut flow = presets::nsf_coupling(&presets::Size::new(2)).init(&device, &mut rng)?.train();
    let mut adam = AdamConfig::new().init();
    for step in 0..tissot_examples::steps(600) as usize {
        let batch = train.clone().narrow(0, step * 256 % 4_096, 256);
        let loss = flow.log_prob(batch, Context::NONE).mean().neg();
        let grads = GradientsParams::from_grads(loss.backward(), &flow);
        flow = adam.step(2e-3, flow, grads);
    }

    let flow = flow.valid();
    let log_prob = flow.log_prob(test, Context::NONE);
    println!("held-out log-density: {:.3} nats a point", log_prob.mean().into_scalar::<f32>());
    let samples: Tensor<2> = flow.sample(5, Context::NONE, &mut rng);
    println!("five samples: {:.2?}", samples.into_data().iter::<f32>().collect::<Vec<_>>());
    Ok(())
}
