//! Adam with its constants in f64.

use burn::optim::{LearningRate, Optimizer, RecordState, StateSink, StateSource};
use burn::tensor::{Device, Tensor};

const BETA_1: f64 = 0.9;
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// Adam as PyTorch has it (Kingma and Ba 2015, algorithm 1). burn's has the same formula with `beta` and `1 - beta^t` in
/// f32, whatever the weights are: that alone moves the curves of these tests by up to 6e-4 nats.
#[derive(Clone)]
pub struct Adam;

/// The mean of the gradient and of its square, and how many there were.
#[derive(Clone)]
pub struct Moments<const D: usize> {
    first: Tensor<D>,
    second: Tensor<D>,
    count: i32,
}

impl Optimizer for Adam {
    type State<const D: usize> = Moments<D>;

    fn step<const D: usize>(
        &self,
        rate: LearningRate,
        weight: Tensor<D>,
        grad: Tensor<D>,
        state: Option<Moments<D>>,
    ) -> (Tensor<D>, Option<Moments<D>>) {
        let zero = || Moments { first: grad.zeros_like(), second: grad.zeros_like(), count: 0 };
        let Moments { first, second, count } = state.unwrap_or_else(zero);
        let first = first * BETA_1 + grad.clone() * (1.0 - BETA_1);
        let second = second * BETA_2 + grad.square() * (1.0 - BETA_2);
        let count = count + 1;
        let mean = first.clone() / (1.0 - BETA_1.powi(count));
        let deviation = (second.clone() / (1.0 - BETA_2.powi(count))).sqrt();
        (weight - mean / (deviation + EPSILON) * rate, Some(Moments { first, second, count }))
    }

    fn to_device<const D: usize>(state: Moments<D>, _: &Device) -> Moments<D> {
        state
    }
}

/// Nothing is recorded: these runs are never resumed.
impl<const D: usize> RecordState for Moments<D> {
    fn state_flatten(&self, _: &str, _: &mut StateSink) {}

    fn state_unflatten(_: &str, _: &mut StateSource, _: &Device) -> Option<Self> {
        None
    }
}
