//! A layer of your own in a chain with ours, checked by the public laws.
//!
//!     cargo run -p tissot-examples --example custom_layer

use burn::module::{Module, Param};
use burn::prelude::*;
use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
use tissot::laws::{self, Laws};
use tissot::layers::LuLinearConfig;
use tissot::{Bijection, Context, Flow};

/// `z = x + a sinh^-1(x)` of each feature, `a = e^log_a > 0`: stretches the middle. `dz/dx = 1 + a / sqrt(1 + x^2)`.
#[derive(Module, Debug)]
struct Stretch {
    log_a: Param<Tensor<1>>,
}

impl Bijection<2> for Stretch {
    fn forward(&self, x: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        let a = self.log_a.val().exp().unsqueeze::<2>();
        let slope = x.clone().square().add_scalar(1.0).sqrt().recip() * a.clone() + 1.0;
        (x.clone() + a * x.asinh(), slope.log().sum_dim(1).squeeze_dim(1))
    }

    fn inverse(&self, z: Tensor<2>, context: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        // Newton's method: z(x) is increasing, and bends one way on either side of 0, so it converges from z / (1 + a).
        let a = self.log_a.val().exp().unsqueeze::<2>();
        let mut x = z.clone() / (a.clone() + 1.0);
        for _ in 0..30 {
            let slope = x.clone().square().add_scalar(1.0).sqrt().recip() * a.clone() + 1.0;
            let excess = x.clone() + a.clone() * x.clone().asinh() - z.clone();
            x = x - excess / slope;
        }
        let (_, log_det) = self.forward(x.clone(), context);
        (x, log_det.neg())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let device = Device::flex();
    let stretch = Stretch { log_a: Param::from_tensor(Tensor::from_floats([0.5, 1.0, -0.5], &device)) };
    Laws::new("stretch").features(3).check::<2, _>(&stretch)?;
    println!("all laws hold for the layer alone");

    let linear = LuLinearConfig::default().init(3, &device, &mut ChaCha8Rng::seed_from_u64(0))?;
    let pair = laws::randomize((stretch, linear), 2, 1.0);
    Laws::new("stretch, then linear").features(3).stack().check::<2, _>(&pair)?;
    println!("and in a chain");

    let flow = Flow::new(pair, [3]);
    let x = Tensor::<2>::zeros([1, 3], &device);
    let before = flow.log_prob(x.clone(), Context::NONE).into_scalar::<f32>();
    let path = std::env::temp_dir().join(format!("tissot-custom-{}.bpk", std::process::id()));
    flow.clone().save_file(&path)?;
    let again = laws::randomize(flow, 2, 1.0).try_load_file(&path)?;
    println!(
        "saved and loaded: log p(0) = {before:.4} = {:.4}",
        again.log_prob(x, Context::NONE).into_scalar::<f32>()
    );
    std::fs::remove_file(&path)?;
    Ok(())
}
