//! What a step of training does to each weight, in one pass over memory.

mod op;

use crate::device::has_kernels;
use burn::backend::Dispatch;
use burn::tensor::Tensor;
use op::OptimiserOps;

/// The numbers of one step of Adam with decoupled weight decay.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamStep {
    /// The learning rate.
    pub rate: f64,
    /// The decay of the first moment.
    pub beta_1: f64,
    /// The decay of the second moment.
    pub beta_2: f64,
    /// What is added to the root of the second moment.
    pub epsilon: f64,
    /// The decoupled weight decay.
    pub weight_decay: f64,
    /// Which step it is, from 1.
    pub time: usize,
    /// What the gradient is multiplied by first.
    pub gradient_scale: f64,
}

/// One step of Adam (Kingma and Ba 2015, algorithm 1; the decay as in Loshchilov and Hutter 2019, algorithm 2).
///
/// ```text
/// m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
/// w <- w (1 - rate decay) - rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)
/// ```
///
/// Returns the weight and the moments `[m, v]`; without moments they start at 0. `None` where there is no kernel.
pub fn adam<const D: usize>(
    weight: &Tensor<D>,
    gradient: &Tensor<D>,
    moments: Option<[Tensor<D>; 2]>,
    step: AdamStep,
) -> Option<(Tensor<D>, [Tensor<D>; 2])> {
    if !has_kernels(weight) || weight.device().is_autodiff() {
        return None;
    }
    let [m, v] = moments.unwrap_or_else(|| [weight.zeros_like(), weight.zeros_like()]);
    let (weight, m, v) = <Dispatch as OptimiserOps>::adam(
        weight.clone().into_dispatch(),
        gradient.clone().into_dispatch(),
        m.into_dispatch(),
        v.into_dispatch(),
        step,
    );
    Some((Tensor::from_dispatch(weight), [Tensor::from_dispatch(m), Tensor::from_dispatch(v)]))
}

/// `from + share (to - from)`, in the place of `from` where nothing else holds it; `None` where there is no kernel.
pub fn towards<const D: usize>(from: Tensor<D>, to: &Tensor<D>, share: f64) -> Option<Tensor<D>> {
    if !has_kernels(&from) || from.device().is_autodiff() {
        return None;
    }
    let moved = <Dispatch as OptimiserOps>::towards(from.into_dispatch(), to.clone().into_dispatch(), share);
    Some(Tensor::from_dispatch(moved))
}

/// The sum of squares, `[1]`; `None` where there is no kernel.
pub fn sum_of_squares<const D: usize>(of: &Tensor<D>) -> Option<Tensor<1>> {
    if !has_kernels(of) || of.device().is_autodiff() {
        return None;
    }
    Some(Tensor::from_dispatch(<Dispatch as OptimiserOps>::sum_of_squares(of.clone().into_dispatch())))
}
