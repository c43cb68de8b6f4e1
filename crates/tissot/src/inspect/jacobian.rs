//! Exact Jacobians of a bijection at given points, by reverse-mode differentiation.

pub use super::matrix::Jacobian;
use crate::bijection::{Bijection, Context};
use burn::tensor::{Device, Int, Tensor, TensorData};

/// How many numbers one pass puts into its batch of repeated points; larger batches are cut.
const NUMBERS_A_PASS: usize = 1 << 18;

/// A bijection's derivatives at one sample.
#[derive(Clone, Debug, PartialEq)]
pub struct Derivatives {
    /// `dz_i / dx_j`, square.
    pub by_x: Jacobian,
    /// `dz_i / dc_j` for the features of the context, where there are any.
    pub by_context: Option<Jacobian>,
}

/// The derivatives of `forward` at every sample of `x`.
///
/// Row `i` of a Jacobian is the gradient of `z_i`. All rows come from one pass: the point is repeated `n` times as a
/// batch, and `sum_i z[i, i]` is differentiated (samples do not touch each other, see law 15). Weights are taken as
/// constants: pass `bijection.valid()`, else their graph is recorded for nothing.
///
/// # Shapes
/// `x`: `[batch, features, ..]`; one [`Derivatives`] a sample, its `n` the number of features times positions.
///
/// # Panics
/// Where the shapes do not fit the bijection.
///
/// # Cost
/// `n` forward and backward evaluations a sample, in passes of bounded memory.
pub fn derivatives<const D: usize, B: Bijection<D>>(
    bijection: &B,
    x: &Tensor<D>,
    context: Context<'_>,
) -> Vec<Derivatives> {
    let dims = x.dims();
    let [batch, n] = [dims[0], dims[1..].iter().product()];
    let width = context.features.map(|features| features.dims()[1]);
    let (mut by_x, mut by_context) = (Vec::new(), Vec::new());
    let rows = (NUMBERS_A_PASS / n.max(1)).max(1);
    for start in (0..batch * n).step_by(rows) {
        let end = (start + rows).min(batch * n);
        let (dx, dc) = pass(bijection, x, context, n, start..end);
        by_x.extend(dx);
        by_context.extend(dc);
    }
    let cut = |values: &[f64], b: usize, inputs: usize| {
        Jacobian::new(n, inputs, values[b * n * inputs..(b + 1) * n * inputs].to_vec())
    };
    (0..batch)
        .map(|b| Derivatives {
            by_x: cut(&by_x, b, n),
            by_context: width.map(|width| cut(&by_context, b, width)),
        })
        .collect()
}

/// The gradients of output `pair % n` of sample `pair / n` by its input and its context, for a range of pairs.
fn pass<const D: usize, B: Bijection<D>>(
    bijection: &B,
    x: &Tensor<D>,
    context: Context<'_>,
    n: usize,
    pairs: std::ops::Range<usize>,
) -> (Vec<f64>, Vec<f64>) {
    let device = x.device().without_autodiff();
    let rows = pairs.len();
    let samples = integers(pairs.clone().map(|pair| pair / n), &device);
    let x = leaf(x.clone().detach().without_autodiff().select(0, samples.clone()));
    let features =
        context.features.map(|c| leaf(c.clone().detach().without_autodiff().select(0, samples.clone())));
    let maps = context.maps.map(|m| m.clone().detach().without_autodiff().select(0, samples.clone()));
    let repeated = Context { features: features.as_ref(), maps: maps.as_ref() };
    let (z, _) = bijection.forward(x.clone(), repeated);

    // Gathered, not multiplied by an identity: 0 * inf would put a NaN where nothing is wrong.
    let output = integers(pairs.map(|pair| pair % n), &device).reshape([rows, 1]);
    let total = z.reshape([rows, n]).gather(1, output).sum();
    let width = features.as_ref().map_or(0, |features| features.dims()[1]);
    if !total.is_tracked() {
        return (vec![0.0; rows * n], vec![0.0; rows * width]);
    }
    let grads = total.backward();
    let dx = x.grad(&grads).map_or_else(|| vec![0.0; rows * n], host);
    let dc = features.map_or_else(Vec::new, |features| {
        features.grad(&grads).map_or_else(|| vec![0.0; rows * width], host)
    });
    (dx, dc)
}

fn leaf<const D: usize>(x: Tensor<D>) -> Tensor<D> {
    x.autodiff().require_grad()
}

fn integers(values: impl Iterator<Item = usize>, device: &Device) -> Tensor<1, Int> {
    let values: Vec<i64> = values.map(|value| value as i64).collect();
    let n = values.len();
    Tensor::from_data(TensorData::new(values, [n]), device)
}

/// A tensor's numbers in f64.
pub(crate) fn host<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::{Module, Param};
    use burn::tensor::DType;

    /// `z_i = x_i^2 x_(i+1) + i * c_0`, cyclic, over the flattened event; its `log_det` is not right, nor needed.
    #[derive(Module, Debug)]
    struct Cubic {
        unused: Param<Tensor<1>>,
    }

    impl<const D: usize> Bijection<D> for Cubic {
        fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
            let dims = x.dims();
            let n: usize = dims[1..].iter().product();
            let flat = x.clone().reshape([dims[0], n]);
            let next = Tensor::cat(vec![flat.clone().narrow(1, 1, n - 1), flat.clone().narrow(1, 0, 1)], 1);
            let mut z = flat.square() * next;
            if let Some(c) = context.features {
                let index = Tensor::<1, Int>::arange(0..n as i64, &z.device()).float().cast(z.dtype());
                z = z + c.clone().narrow(1, 0, 1) * index.unsqueeze::<2>();
            }
            (z.reshape(dims), Tensor::zeros([dims[0]], (&x.device(), x.dtype())))
        }

        fn inverse(&self, z: Tensor<D>, _: Context<'_>) -> (Tensor<D>, Tensor<1>) {
            unimplemented!("{z}")
        }
    }

    fn points<const D: usize>(shape: [usize; D]) -> (Tensor<D>, Vec<f64>) {
        let n = shape.iter().product();
        let values: Vec<f64> = (0..n).map(|i| ((i * 7 + 3) % 11) as f64 / 4.0 - 1.2).collect();
        (Tensor::from_data(TensorData::new(values.clone(), shape), (&Device::flex(), DType::F64)), values)
    }

    fn check<const D: usize>(shape: [usize; D]) {
        let (x, values) = points(shape);
        let n: usize = shape[1..].iter().product();
        let (c, _) = points([shape[0], 2]);
        let cubic = Cubic { unused: Param::from_tensor(Tensor::zeros([1], &Device::flex())) };
        let found = derivatives(&cubic, &x, Context::of(&c));
        for (b, at) in found.iter().enumerate() {
            let x = &values[b * n..(b + 1) * n];
            for i in 0..n {
                for j in 0..n {
                    let next = (i + 1) % n;
                    let own = if i == j { 2.0 * x[i] * x[next] } else { 0.0 };
                    let expected = own + if next == j { x[i] * x[i] } else { 0.0 };
                    let entry = at.by_x.entry(i, j);
                    assert!((entry - expected).abs() < 1e-13, "({i}, {j}) of {b}: {entry}, not {expected}");
                }
                let by_context = at.by_context.as_ref().expect("a context was given");
                assert_eq!([by_context.entry(i, 0), by_context.entry(i, 1)], [i as f64, 0.0]);
            }
        }
    }

    #[test]
    fn entries_are_the_derivatives_at_both_ranks() {
        check([5, 3]);
        check([2, 3, 2, 4]);
        // 400 features: 655 rows a pass, so the second of three samples is cut.
        check([3, 400]);
    }

    #[test]
    fn log_abs_det_needs_pivots() {
        let j = Jacobian::new(3, 3, vec![0.0, 2.0, 1.0, 4.0, 0.0, 0.0, 0.0, 1.0, 3.0]);
        assert!((j.log_abs_det() - 20.0_f64.ln()).abs() < 1e-14);
        assert_eq!(Jacobian::new(2, 2, vec![1.0, 2.0, 2.0, 4.0]).log_abs_det(), f64::NEG_INFINITY);
    }

    #[test]
    fn condition_in_the_one_norm() {
        // J = [[0, 2], [0.5, 1]]: J^-1 = [[-1, 2], [0.5, 0]], norms 3 and 2.
        assert!((Jacobian::new(2, 2, vec![0.0, 2.0, 0.5, 1.0]).condition() - 6.0).abs() < 1e-14);
        assert_eq!(Jacobian::new(2, 2, vec![1.0, 2.0, 2.0, 4.0]).condition(), f64::INFINITY);
    }
}
