//! Adam in one pass over the weights.

use burn::optim::{AdamWState, AdaptiveMomentumState, LearningRate, ModuleOptimizer, Optimizer};
use burn::tensor::{Device, Tensor};
use tissot_kernels::optimiser::{AdamStep, adam};

/// Adam with decoupled weight decay, for burn's [`ModuleOptimizer`], which reads each gradient and weight once.
///
/// ```text
/// m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
/// w <- w (1 - rate decay) - rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)
/// ```
///
/// burn's own [`AdamW`](burn::optim::AdamW) makes about ten tensors of each weight's size a step; the state of both is the
/// same. The constants are f64 here and f32 there. On devices without a kernel the same formula is composed of tensor
/// operations.
///
/// Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015, algorithm 1; Loshchilov and Hutter, "Decoupled Weight
/// Decay Regularization", 2019, algorithm 2.
///
/// ```
/// use burn::module::Module;
/// use burn::optim::GradientsParams;
/// use burn::tensor::{Device, Tensor};
/// use rand_chacha::rand_core::SeedableRng;
/// use tissot::{Context, presets};
///
/// let mut rng = rand_chacha::ChaCha8Rng::seed_from_u64(0);
/// let flow = presets::maf(&presets::Size::new(2)).init(&Device::flex(), &mut rng)?.train();
/// let mut adam = tissot_train::Adam::default().init();
/// let x = Tensor::<2>::ones([4, 2], &Device::flex());
/// let loss = flow.log_prob(x, Context::NONE).mean().neg();
/// let grads = GradientsParams::from_grads(loss.backward(), &flow);
/// let flow = adam.step(1e-3, flow, grads);
/// # Ok::<(), tissot::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// The decay of the first moment.
    pub beta_1: f64,
    /// The decay of the second moment.
    pub beta_2: f64,
    /// What is added to the root of the second moment.
    pub epsilon: f64,
    /// The decoupled weight decay.
    pub weight_decay: f64,
}

impl Default for Adam {
    /// `b1` 0.9, `b2` 0.999, epsilon 1e-8, no decay.
    fn default() -> Self {
        Self { beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.0 }
    }
}

impl Adam {
    /// An optimiser of whole modules.
    pub fn init(&self) -> ModuleOptimizer {
        ModuleOptimizer::from(*self)
    }

    /// The step in tensor operations, for devices without a kernel.
    fn composed<const D: usize>(
        weight: Tensor<D>,
        gradient: Tensor<D>,
        moments: Option<[Tensor<D>; 2]>,
        step: AdamStep,
    ) -> (Tensor<D>, [Tensor<D>; 2]) {
        let [m, v] = moments.unwrap_or_else(|| [weight.zeros_like(), weight.zeros_like()]);
        let m = m.mul_scalar(step.beta_1) + gradient.clone().mul_scalar(1.0 - step.beta_1);
        let v = v.mul_scalar(step.beta_2) + gradient.square().mul_scalar(1.0 - step.beta_2);
        let time = i32::try_from(step.time).unwrap_or(i32::MAX);
        let root = (1.0 - step.beta_2.powi(time)).sqrt();
        let rate = step.rate * root / (1.0 - step.beta_1.powi(time));
        let kept = weight.mul_scalar(1.0 - step.rate * step.weight_decay);
        let moved = m.clone().mul_scalar(rate) / v.clone().sqrt().add_scalar(step.epsilon * root);
        (kept - moved, [m, v])
    }
}

impl Optimizer for Adam {
    type State<const D: usize> = AdamWState<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weight: Tensor<D>,
        gradient: Tensor<D>,
        state: Option<Self::State<D>>,
    ) -> (Tensor<D>, Option<Self::State<D>>) {
        let (time, moments) = match state {
            Some(AdamWState { momentum }) => (momentum.time, Some([momentum.moment_1, momentum.moment_2])),
            None => (0, None),
        };
        let Self { beta_1, beta_2, epsilon, weight_decay } = *self;
        let time = time + 1;
        let step = AdamStep { rate, beta_1, beta_2, epsilon, weight_decay, time };
        let (weight, [m, v]) = match adam(weight, &gradient, moments, step) {
            Ok(done) => done,
            Err((weight, moments)) => Self::composed(weight, gradient, moments, step),
        };
        (weight, Some(AdamWState::new(AdaptiveMomentumState::new(time, m, v))))
    }

    fn to_device<const D: usize>(mut state: Self::State<D>, device: &Device) -> Self::State<D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{DType, TensorData};

    fn close(found: &Tensor<1>, expected: &Tensor<1>, tolerance: f64) {
        let difference = (found.clone() - expected.clone()).abs().max().into_scalar::<f64>();
        assert!(difference <= tolerance, "{found} and {expected} differ by {difference:e}");
    }

    #[test]
    fn the_kernel_takes_the_steps_of_the_formula() {
        for (dtype, tolerance) in [(DType::F64, 1e-15), (DType::F32, 1e-6)] {
            let tensor = |scale: f64| {
                let values: Vec<f64> = (0..71).map(|i| scale * (f64::from(i) * 0.7).sin()).collect();
                Tensor::<1>::from_data(TensorData::new(values, [71]), (&Device::flex(), dtype))
            };
            let optimiser = Adam { weight_decay: 0.1, ..Adam::default() };
            let (mut weight, mut state) = (tensor(1.0), None);
            let (mut expected, mut moments) = (tensor(1.0), None);
            for time in 1..6 {
                let gradient = tensor(time as f64 - 2.5);
                let step = AdamStep {
                    rate: 0.01,
                    beta_1: 0.9,
                    beta_2: 0.999,
                    epsilon: 1e-8,
                    weight_decay: 0.1,
                    time,
                };
                let kept = weight.clone();
                (weight, state) = optimiser.step(0.01, weight, gradient.clone(), state);
                // what others hold is not written to
                close(&kept, &expected, tolerance);
                let (next, both) = Adam::composed(expected, gradient, moments, step);
                (expected, moments) = (next, Some(both));
                close(&weight, &expected, tolerance);
            }
        }
    }
}
