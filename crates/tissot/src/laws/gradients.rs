//! Law 5, and what it needs: the gradients of parameters, by the parameters' paths.

use super::case::Case;
use super::randomize::is_trained;
use super::violation::{Law, Violation};
use crate::bijection::{Bijection, Context};
use crate::inspect::jacobian::host;
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Gradients, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

/// What a visitor found about one float parameter.
pub(super) struct Found {
    /// Its path, such as `layers.3.net.weight`.
    pub path: String,
    /// Its id, as text.
    pub id: String,
    /// Whether training would move it.
    pub trained: bool,
    /// Its values.
    pub values: Vec<f64>,
    /// Its gradient, where gradients were given and have one.
    pub gradient: Option<Vec<f64>>,
}

/// All float parameters of a module, in its order.
pub(super) fn parameters<M: Module>(module: &M, gradients: Option<&Gradients>) -> Vec<Found> {
    struct Visit<'a> {
        gradients: Option<&'a Gradients>,
        path: Vec<String>,
        found: Vec<Found>,
    }
    impl ModuleVisitor for Visit<'_> {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.to_owned());
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.base();
            self.found.push(Found {
                path: self.path.join("."),
                id: param.id.to_string(),
                trained: is_trained(param),
                gradient: self.gradients.and_then(|gradients| value.grad(gradients)).map(host),
                values: host(value),
            });
        }
    }
    let mut visit = Visit { gradients, path: Vec::new(), found: Vec::new() };
    module.visit(&mut visit);
    visit.found
}

/// Law 5: at random parameters every trained parameter gets a finite gradient that is not all 0.
///
/// The loss is `sum w z + sum v log_det` with random `w` and `v`, so that nothing cancels by symmetry.
///
/// # Errors
/// A [`Violation`] of [`Law::Gradients`] that names the parameter by its path.
pub fn parameters_learn<const D: usize, B: Bijection<D>>(case: &Case<D, B>) -> Result<(), Violation> {
    learn(case, &case.bijection.clone().train(), "")
}

/// Law 5 of a trained copy of the case's bijection; `when` is for the message.
pub(super) fn learn<const D: usize, B: Bijection<D>>(
    case: &Case<D, B>,
    trained: &B,
    when: &str,
) -> Result<(), Violation> {
    let before = parameters(trained, None);
    if !before.iter().any(|parameter| parameter.trained) {
        return Ok(());
    }
    let context = case.context.clone().map(Tensor::autodiff);
    let features = context.as_ref().map_or(Context::NONE, Context::of);
    let (z, log_det) = trained.forward(case.x.clone().autodiff(), features);
    let mut rng = ChaCha8Rng::seed_from_u64(0x5EED);
    let loss = (weights(&z, &mut rng) * z).sum() + (weights(&log_det, &mut rng) * log_det).sum();
    let found = if loss.is_tracked() { parameters(trained, Some(&loss.backward())) } else { before };
    for Found { path, gradient, .. } in found.into_iter().filter(|parameter| parameter.trained) {
        let problem = match gradient {
            None => "no gradient".to_owned(),
            Some(gradient) => match gradient.iter().find(|g| !g.is_finite()) {
                Some(g) => format!("a gradient with {g}"),
                None if gradient.iter().all(|&g| g == 0.0) => "a gradient of zeros".to_owned(),
                None => continue,
            },
        };
        let found = format!("{problem} for parameter {path}{when}");
        return Err(case.broken(Law::Gradients, found, "a finite one that is not 0"));
    }
    Ok(())
}

fn weights<const D: usize>(like: &Tensor<D>, rng: &mut ChaCha8Rng) -> Tensor<D> {
    let dims = like.dims();
    let values: Vec<f64> = (0..dims.iter().product()).map(|_| StandardNormal.sample(rng)).collect();
    Tensor::from_data(TensorData::new(values, dims), (&like.device(), like.dtype()))
}
