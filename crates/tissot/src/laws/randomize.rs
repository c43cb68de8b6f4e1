//! Random parameters, drawn on the host.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// The module with noise added to every trained float parameter: `w + scale g / sqrt(fan_in)`, `g` standard normal.
///
/// A layer is the identity at its start, and near the identity every law holds; so laws are checked on randomised
/// copies. `fan_in` is the number of inputs of a matrix `[inputs, outputs]` and of a convolution
/// `[outputs, inputs, height, width]`, and 1 for parameters of other ranks. Noise comes from ChaCha8 under `seed` in the
/// order of the parameters, so it is the same on every device. Ids stay, and so does what is trained: parameters stay
/// leaves of the graph.
#[must_use]
pub fn randomize<M: Module>(module: M, seed: u64, scale: f64) -> M {
    noisy(module, seed, scale, false)
}

/// [`randomize`], where wanted on parameters that are not trained too.
pub(super) fn noisy<M: Module>(module: M, seed: u64, scale: f64, all: bool) -> M {
    struct Noise {
        rng: ChaCha8Rng,
        scale: f64,
        all: bool,
    }
    impl ModuleMapper for Noise {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            if !self.all && !is_trained(&param) {
                return param;
            }
            param.map(|value| {
                let require_grad = value.is_require_grad();
                let dims = value.dims();
                let scale = self.scale / (fan_in(&dims).max(1) as f64).sqrt();
                let noise: Vec<f64> = (0..dims.iter().product())
                    .map(|_| {
                        let g: f64 = StandardNormal.sample(&mut self.rng);
                        scale * g
                    })
                    .collect();
                let noise = Tensor::from_data(TensorData::new(noise, dims), (&value.device(), value.dtype()));
                // Detached, or the sum would be a node inside the graph that no optimizer can move.
                (value.detach().set_require_grad(false) + noise).detach().set_require_grad(require_grad)
            })
        }
    }
    module.map(&mut Noise { rng: ChaCha8Rng::seed_from_u64(seed), scale, all })
}

/// Whether training would move it. A plain device holds no gradients, so the parameter is asked as it would train.
pub(super) fn is_trained<const D: usize>(param: &Param<Tensor<D>>) -> bool {
    param.valid().train().base().is_require_grad()
}

fn fan_in(dims: &[usize]) -> usize {
    match dims {
        [inputs, _] => *inputs,
        [_, inputs, height, width] => inputs * height * width,
        _ => 1,
    }
}
