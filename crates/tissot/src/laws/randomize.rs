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

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::{ModuleVisitor, ParamId};
    use burn::tensor::{Device, Int};

    #[derive(Module, Debug)]
    struct Three {
        matrix: Param<Tensor<2>>,
        vector: Param<Tensor<1>>,
        frozen: Param<Tensor<1>>,
        counts: Param<Tensor<1, Int>>,
    }

    fn three() -> Three {
        let device = Device::flex();
        Three {
            matrix: Param::from_tensor(Tensor::zeros([400, 25], &device)),
            vector: Param::from_tensor(Tensor::zeros([10_000], &device)),
            frozen: Param::from_tensor(Tensor::ones([3], &device)).set_require_grad(false),
            counts: Param::initialized(ParamId::new(), Tensor::from_ints([1, 2], &device)),
        }
    }

    #[test]
    fn noise_has_the_scale_it_says() {
        let found = floats(&randomize(three(), 1, 0.5));
        for (k, expected) in [0.5 / 20.0, 0.5].into_iter().enumerate() {
            let values = &found[k].0;
            let rms = (values.iter().map(|v| v * v).sum::<f64>() / values.len() as f64).sqrt();
            assert!((rms / expected - 1.0).abs() < 0.03, "{rms}, not {expected}");
        }
    }

    /// Every float parameter: values, id, and whether it is a leaf that wants a gradient.
    fn floats<M: Module>(module: &M) -> Vec<(Vec<f64>, ParamId, bool)> {
        #[derive(Default)]
        struct All(Vec<(Vec<f64>, ParamId, bool)>);
        impl ModuleVisitor for All {
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let values = param.val().into_data().iter::<f64>().collect();
                self.0.push((values, param.id, param.val().is_require_grad()));
            }
        }
        let mut all = All::default();
        module.visit(&mut all);
        all.0
    }

    #[test]
    fn randomize_moves_what_is_trained_and_keeps_the_rest() {
        let plain = three();
        for module in [plain.clone(), plain.train()] {
            let before = floats(&module);
            let counts = module.counts.val().into_data();
            let after = floats(&randomize(module.clone(), 7, 1.0));
            assert_eq!(after, floats(&randomize(module.clone(), 7, 1.0)), "one seed, one result");
            assert_ne!(after, floats(&randomize(module.clone(), 8, 1.0)));
            for (k, (was, is)) in before.iter().zip(&after).enumerate() {
                assert_eq!((was.1, was.2), (is.1, is.2), "id and require_grad of parameter {k}");
                assert_eq!(was.0 == is.0, k == 2, "only the frozen parameter stays");
            }
            assert_eq!(randomize(module, 7, 1.0).counts.val().into_data(), counts);
        }
        let trained = randomize(three().train(), 7, 1.0);
        let wanted: Vec<bool> = floats(&trained).into_iter().map(|found| found.2).collect();
        assert_eq!(wanted, [true, true, false]);
        let back = trained.valid().train();
        assert_eq!(floats(&back), floats(&trained), "training state survives valid");
    }
}
