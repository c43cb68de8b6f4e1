//! What a step of training does to each weight, in one pass over memory.

#[cfg(feature = "cube")]
mod cube;
#[cfg(feature = "flex")]
mod flex;
#[cfg(any(feature = "flex", feature = "cube"))]
mod op;

use burn::tensor::Tensor;

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
}

/// Adam's averages of the gradient and of its square.
pub type Moments<const D: usize> = [Tensor<D>; 2];

/// One step of Adam (Kingma and Ba 2015, algorithm 1; the decay as in Loshchilov and Hutter 2019, algorithm 2).
///
/// ```text
/// m <- b1 m + (1 - b1) g        v <- b2 v + (1 - b2) g^2
/// w <- w (1 - rate decay) - rate m / (1 - b1^t) / (sqrt(v / (1 - b2^t)) + epsilon)
/// ```
///
/// Returns the weight and the moments `[m, v]`, which start at 0; on the CPU all three are written in place where nothing
/// else holds them.
pub fn adam<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    moments: Option<Moments<D>>,
    step: AdamStep,
) -> (Tensor<D>, Moments<D>) {
    let [m, v] = moments.unwrap_or_else(|| [weight.zeros_like(), weight.zeros_like()]);
    #[cfg(any(feature = "flex", feature = "cube"))]
    if is_plain(&weight) {
        return op::adam(weight, gradient, [m, v], step);
    }
    composed(weight, gradient, [m, v], step)
}

/// Whether there are kernels for it, and no autodiff on it.
#[cfg(any(feature = "flex", feature = "cube"))]
fn is_plain<const D: usize>(tensor: &Tensor<D>) -> bool {
    crate::device::place(tensor).is_some()
        && tensor.shape().num_elements() > 0
        && !tensor.device().is_autodiff()
}

/// The step in tensor operations.
fn composed<const D: usize>(
    weight: Tensor<D>,
    gradient: Tensor<D>,
    [m, v]: Moments<D>,
    step: AdamStep,
) -> (Tensor<D>, Moments<D>) {
    let m = m.mul_scalar(step.beta_1) + gradient.clone().mul_scalar(1.0 - step.beta_1);
    let v = v.mul_scalar(step.beta_2) + gradient.square().mul_scalar(1.0 - step.beta_2);
    let AdamRates { rate, epsilon, keep } = step.rates();
    let moved = m.clone().mul_scalar(rate) / v.clone().sqrt().add_scalar(epsilon);
    (weight.mul_scalar(keep) - moved, [m, v])
}

/// What the time does to the constants: `rate m / (1 - b1^t) / (sqrt(v) / root + epsilon)`, the root multiplied out.
pub(crate) struct AdamRates {
    pub rate: f64,
    pub epsilon: f64,
    pub keep: f64,
}

impl AdamStep {
    fn rates(&self) -> AdamRates {
        let time = i32::try_from(self.time).unwrap_or(i32::MAX);
        let root = (1.0 - self.beta_2.powi(time)).sqrt();
        AdamRates {
            rate: self.rate * root / (1.0 - self.beta_1.powi(time)),
            epsilon: self.epsilon * root,
            keep: 1.0 - self.rate * self.weight_decay,
        }
    }
}

/// `from + share (to - from)`, on the CPU in the place of `from` where nothing else holds it.
pub fn towards<const D: usize>(from: Tensor<D>, to: &Tensor<D>, share: f64) -> Tensor<D> {
    #[cfg(any(feature = "flex", feature = "cube"))]
    if is_plain(&from) {
        return op::towards(from, to, share);
    }
    from.clone() + (to.clone() - from).mul_scalar(share)
}

/// The sum of squares, `[1]`.
pub fn sum_of_squares<const D: usize>(of: &Tensor<D>) -> Tensor<1> {
    #[cfg(any(feature = "flex", feature = "cube"))]
    if is_plain(of) {
        return op::sum_of_squares(of);
    }
    of.clone().square().sum()
}

#[cfg(all(test, feature = "flex"))]
mod tests {
    use super::*;
    use burn::tensor::{DType, Device, TensorData};

    fn close(found: &Tensor<1>, expected: &Tensor<1>, tolerance: f64) {
        let difference = (found.clone() - expected.clone()).abs().max().into_scalar::<f64>();
        assert!(difference <= tolerance, "{found} and {expected} differ by {difference:e}");
    }

    /// `scale sin(0.7 i)`: more than whole vectors.
    fn tensor(scale: f64, dtype: DType) -> Tensor<1> {
        let values: Vec<f64> = (0..71).map(|i| scale * (f64::from(i) * 0.7).sin()).collect();
        Tensor::from_data(TensorData::new(values, [71]), (&Device::flex(), dtype))
    }

    const TYPES: [(DType, f64); 2] = [(DType::F64, 1e-15), (DType::F32, 1e-6)];

    #[test]
    fn adam_is_its_formula_and_spares_what_others_hold() {
        for (dtype, tolerance) in TYPES {
            let (mut weight, mut moments) = (tensor(1.0, dtype), None);
            let (mut expected, mut theirs) = (tensor(1.0, dtype), [tensor(0.0, dtype), tensor(0.0, dtype)]);
            for time in 1..6 {
                let gradient = tensor(time as f64 - 2.5, dtype);
                let step = AdamStep {
                    rate: 0.01,
                    beta_1: 0.9,
                    beta_2: 0.999,
                    epsilon: 1e-8,
                    weight_decay: 0.1,
                    time,
                };
                let kept = weight.clone();
                let (next, both) = adam(weight, gradient.clone(), moments, step);
                close(&kept, &expected, tolerance);
                (expected, theirs) = composed(expected, gradient, theirs, step);
                close(&next, &expected, tolerance);
                (weight, moments) = (next, Some(both));
            }
        }
    }

    #[test]
    fn threads_take_parts_of_large_weights() {
        let values = |scale: f32| (0..300_001).map(|i| scale * (i as f32 * 0.7).sin()).collect::<Vec<_>>();
        let large = |scale| Tensor::<1>::from_floats(&values(scale)[..], &Device::flex());
        let step =
            AdamStep { rate: 0.01, beta_1: 0.9, beta_2: 0.999, epsilon: 1e-8, weight_decay: 0.1, time: 3 };
        let by = |threads: usize| {
            let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
            let run = || adam(large(1.0), large(2.0), Some([large(0.5), large(0.25).abs()]), step);
            pool.install(|| {
                let (weight, [m, v]) = run();
                [weight, m, v].map(Tensor::into_data)
            })
        };
        assert_eq!(by(1), by(3));
    }

    #[test]
    fn averages_and_norms_are_those_of_tensor_operations() {
        for (dtype, tolerance) in TYPES {
            let (a, b) = (tensor(2.0, dtype), tensor(-3.0, dtype));
            let moved = towards(a.clone(), &b, 0.25);
            close(&moved, &tensor(0.75, dtype), tolerance);
            close(&a, &tensor(2.0, dtype), 0.0);
            close(&sum_of_squares(&a), &a.square().sum(), 100.0 * tolerance);
        }
    }
}
