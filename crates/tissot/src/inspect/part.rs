//! One layer of a bijection, through a reference: for whoever looks at layers one by one.

use super::jacobian::{Derivatives, derivatives};
use super::sign::Sign;
use crate::bijection::{Bijection, Context};
use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Int, Tensor};

/// One elementary layer, as [`Bijection::parts`] hands it out.
pub trait Part<const D: usize> {
    /// [`Bijection::forward`] of the layer.
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>);
    /// [`Bijection::inverse`] of the layer.
    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>);
    /// [`Bijection::examine`] of the layer.
    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign));
    /// The exact [`derivatives`] of the layer.
    fn derivatives(&self, x: &Tensor<D>, context: Context<'_>) -> Vec<Derivatives>;
    /// Its parameters that hold numbers which are none.
    fn bad_weights(&self) -> Vec<BadWeights>;
}

/// A bijection as one part.
pub(crate) struct Whole<'a, B>(pub &'a B);

impl<const D: usize, B: Bijection<D>> Part<D> for Whole<'_, B> {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        self.0.forward(x, context)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        self.0.inverse(z, context)
    }

    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        self.0.examine(x, context, note);
    }

    fn derivatives(&self, x: &Tensor<D>, context: Context<'_>) -> Vec<Derivatives> {
        derivatives(self.0, x, context)
    }

    fn bad_weights(&self) -> Vec<BadWeights> {
        bad_weights(self.0)
    }
}

/// A parameter with values that are NaN or infinite.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadWeights {
    /// The path of its field inside the module.
    pub path: String,
    /// How many of its values are not finite.
    pub count: usize,
    /// How many it has.
    pub of: usize,
}

/// The parameters of a module with values that are not finite, in its order.
pub fn bad_weights<M: Module>(module: &M) -> Vec<BadWeights> {
    #[derive(Default)]
    struct Look {
        path: Vec<String>,
        found: Vec<BadWeights>,
    }
    impl ModuleVisitor for Look {
        fn enter_module(&mut self, name: &str, _: &str) {
            self.path.push(name.into());
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.pop();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.val();
            let of: usize = value.dims().iter().product();
            let finite: Tensor<D, Int> = value.is_finite().int();
            let count = of - usize::try_from(finite.sum().into_scalar::<i64>()).unwrap_or(0);
            if count > 0 {
                self.found.push(BadWeights { path: self.path.join("."), count, of });
            }
        }
    }
    let mut look = Look::default();
    module.visit(&mut look);
    look.found
}
