//! Which layer first made a number that is none.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use tissot::{Bijection, Context};

/// The first layer whose output or log-det is not finite at `x`, as `walk` names it; `None` where all are.
pub fn first_not_finite<const D: usize>(
    bijection: &impl Bijection<D>,
    x: Tensor<D>,
    context: Context<'_>,
) -> Option<String> {
    let mut found = None;
    bijection.walk(x, context, &mut |name, z, log_det| {
        if found.is_none() && !(all_finite(z) && all_finite(log_det)) {
            found = Some(format!("layer {name}"));
        }
    });
    found
}

fn all_finite<const D: usize>(x: &Tensor<D>) -> bool {
    x.clone().is_finite().all().into_scalar::<bool>()
}

/// The last parameter in the module's order whose gradient is not finite: where it arose on the way back.
pub(crate) fn last_bad_gradient<M: Module>(module: &M, grads: &GradientsParams) -> Option<String> {
    struct Last<'a> {
        grads: &'a GradientsParams,
        path: Vec<String>,
        found: Option<String>,
    }
    impl ModuleVisitor for Last<'_> {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.into());
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if self.grads.get::<D>(param.id).is_some_and(|grad| !all_finite(&grad)) {
                self.found = Some(format!("the gradient of {}", self.path.join(".")));
            }
        }
    }
    let mut last = Last { grads, path: Vec::new(), found: None };
    module.visit(&mut last);
    last.found
}
