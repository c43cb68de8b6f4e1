//! What burn's optimisers leave to the loop: clipping by the whole gradient's norm, a moving average of the weights.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param, ParamId};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use std::collections::HashMap;
use tissot_kernels::optimiser::{sum_of_squares, towards};

/// The norm of the whole gradient (over all parameters, in the module's order), or `NaN` without one.
pub(crate) fn global_norm<M: Module>(module: &M, grads: &GradientsParams) -> f64 {
    struct Squares<'a>(&'a GradientsParams, Option<Tensor<1>>);
    impl ModuleVisitor for Squares<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(grad) = self.0.get::<D>(param.id) {
                let square = sum_of_squares(&grad);
                self.1 = Some(match self.1.take() {
                    Some(total) => total + square,
                    None => square,
                });
            }
        }
    }
    let mut squares = Squares(grads, None);
    module.visit(&mut squares);
    squares.1.map_or(f64::NAN, |total| total.into_scalar::<f64>().sqrt())
}

/// Scales every gradient so that the whole one, of norm `norm`, is at most `most` long (Pascanu et al. 2013).
pub(crate) fn clip<M: Module>(
    module: &M,
    mut grads: GradientsParams,
    norm: f64,
    most: f64,
) -> GradientsParams {
    struct Scale<'a>(&'a mut GradientsParams, f64);
    impl ModuleVisitor for Scale<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(grad) = self.0.remove::<D>(param.id) {
                self.0.register(param.id, grad.mul_scalar(self.1));
            }
        }
    }
    if norm > most {
        module.visit(&mut Scale(&mut grads, most / norm));
    }
    grads
}

/// The float weights of a module by id, as tensors without autodiff.
#[derive(Default)]
struct Weights(HashMap<ParamId, Box<dyn std::any::Any>>);

impl ModuleVisitor for Weights {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        self.0.insert(param.id, Box::new(param.val().without_autodiff()));
    }
}

/// Moves `average` (without autodiff) towards `module`: `a <- a + (1 - decay) (w - a)` for each float weight.
pub(crate) fn average<M: Module>(average: M, module: &M, decay: f64) -> M {
    struct Towards(Weights, f64);
    impl ModuleMapper for Towards {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let Some(weight) = self.0.0.remove(&param.id).and_then(|w| w.downcast::<Tensor<D>>().ok()) else {
                return param;
            };
            param.map(|old| towards(old, &weight, 1.0 - self.1))
        }
    }
    let mut weights = Weights::default();
    module.visit(&mut weights);
    average.map(&mut Towards(weights, decay))
}
