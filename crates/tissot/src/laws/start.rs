//! The laws of a layer's beginning: 8 and 9.

use super::case::Case;
use super::gradients::{learn, parameters};
use super::violation::{Law, Violation};
use crate::bijection::{Bijection, Context};
use crate::inspect::jacobian::host;
use burn::tensor::Tensor;

/// Law 8: a permutation of the features (and positions) with log-det 0. For a fresh bijection, before
/// [`randomize`](super::randomize): what presets and layers with a conditioner promise.
///
/// # Errors
/// A [`Violation`] of [`Law::Start`].
pub fn starts_as_permutation<const D: usize, B: Bijection<D>>(case: &Case<D, B>) -> Result<(), Violation> {
    let (z, log_det) = case.forward();
    case.agree(Law::Start, "log_det", &log_det, &vec![0.0; case.batch()])?;
    let (x, n) = (host(case.x.clone()), case.dimensions());
    let off = |i: usize, j: usize, sample: usize| {
        let (z, x) = (z[sample * n + i], x[sample * n + j]);
        (z - x).abs() / x.abs().max(1.0) / case.tolerance(sample)
    };
    let mut free: Vec<usize> = (0..n).collect();
    for i in 0..n {
        match free.iter().position(|&j| (0..case.batch()).all(|sample| off(i, j, sample) <= 1.0)) {
            Some(place) => free.swap_remove(place),
            None => {
                let found = format!("a z_{i} that is no x_j left over, of {free:?}");
                return Err(case.broken(Law::Start, found, "each output to be an input of its own"));
            }
        };
    }
    Ok(())
}

/// Law 9: `initialize` hands on what its layer's `forward` then gives, untracked; keeps ids and what is trained;
/// changes nothing unless `depends_on_data`; and its parameters learn afterwards (law 5).
///
/// # Errors
/// A [`Violation`] of [`Law::Initialize`] or of [`Law::Gradients`].
pub fn initializes<const D: usize, B: Bijection<D>>(case: &Case<D, B>) -> Result<(), Violation> {
    let depends = case.bijection.depends_on_data();
    let trained = case.bijection.clone().train();
    let before = parameters(&trained, None);
    let context = case.context.clone().map(Tensor::autodiff);
    let features = context.as_ref().map_or(Context::NONE, Context::of);
    let (initialised, z) = trained.initialize(case.x.clone().autodiff(), features);
    if z.is_tracked() {
        return Err(case.broken(Law::Initialize, "a z that is part of a graph", "a detached one"));
    }
    let (expected, _) = initialised.valid().forward(case.x.clone(), case.context());
    case.agree(Law::Initialize, "z handed on by initialize", &host(z), &host(expected))?;

    let after = parameters(&initialised, None);
    if after.len() != before.len() {
        let found = format!("{} parameters after initialize", after.len());
        return Err(case.broken(Law::Initialize, found, before.len().to_string()));
    }
    for (was, is) in before.iter().zip(&after) {
        let path = &is.path;
        if (&was.path, &was.id, was.trained) != (path, &is.id, is.trained) {
            let state =
                |p: &super::gradients::Found| format!("{} (id {}, trained: {})", p.path, p.id, p.trained);
            return Err(case.broken(Law::Initialize, format!("parameter {}", state(is)), state(was)));
        }
        if !depends && was.values.iter().zip(&is.values).any(|(a, b)| a.to_bits() != b.to_bits()) {
            let found = format!("new values of parameter {path}");
            return Err(case.broken(Law::Initialize, found, "the old ones, as depends_on_data is false"));
        }
    }
    learn(case, &initialised, " after initialize")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::laws::Laws;
    use burn::module::Module;
    use burn::tensor::{Device, FloatDType, Int};

    /// Features in another order.
    #[derive(Module, Debug)]
    struct Turn {
        order: Tensor<1, Int>,
    }

    impl Bijection<2> for Turn {
        fn forward(&self, x: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
            let zero = Tensor::zeros([x.dims()[0]], (&x.device(), x.dtype()));
            (x.select(1, self.order.clone()), zero)
        }
        fn inverse(&self, z: Tensor<2>, context: Context<'_>) -> (Tensor<2>, Tensor<1>) {
            // [1, 2, 0] thrice is the identity.
            let (z, _) = self.forward(z, context);
            self.forward(z, context)
        }
    }

    #[test]
    fn a_permutation_without_parameters_keeps_all_laws() {
        let turn = |order: [i32; 3]| Turn { order: Tensor::from_ints(order, &Device::flex()) };
        let laws = Laws::new("turn").features(3).volume_preserving();
        laws.check::<2, _>(&turn([1, 2, 0])).unwrap();
        let case = laws.case::<2, _>(&turn([1, 2, 0]), FloatDType::F32);
        starts_as_permutation(&case).unwrap();
        let twice = laws.case::<2, _>(&turn([1, 1, 0]), FloatDType::F32);
        assert_eq!(starts_as_permutation(&twice).unwrap_err().law, Law::Start);
        assert_eq!(laws.check::<2, _>(&turn([1, 0, 2])).unwrap_err().law, Law::Inverse);
    }
}
