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
        let (weight, [m, v]) = adam(weight, gradient, moments, step);
        (weight, Some(AdamWState::new(AdaptiveMomentumState::new(time, m, v))))
    }

    fn to_device<const D: usize>(mut state: Self::State<D>, device: &Device) -> Self::State<D> {
        state.momentum = state.momentum.to_device(device);
        state
    }
}
