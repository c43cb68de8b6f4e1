//! Which layer first made a number that is none.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::Tensor;
use tissot::{AnyFlow, Bijection, Context};

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

/// The first part of a flow on the way from the data whose output is not finite: the context's embedding or a layer.
pub(crate) fn first_in_flow<const D: usize>(
    flow: &AnyFlow,
    x: Tensor<D>,
    context: Context<'_>,
) -> Option<String> {
    let features = flow.embed(context);
    if flow.embedding.is_some() && features.as_ref().is_some_and(|features| !all_finite(features)) {
        return Some("the embedding of the context".into());
    }
    first_not_finite(&flow.bijection, x, Context { features: features.as_ref(), ..context })
}

pub(crate) fn all_finite<const D: usize>(x: &Tensor<D>) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::Device;
    use rand_chacha::ChaCha8Rng;
    use rand_chacha::rand_core::SeedableRng;
    use tissot::nets::EmbeddingConfig;
    use tissot::presets::{Size, maf};

    #[test]
    fn the_part_in_which_a_number_first_is_none_is_named() {
        let device = Device::flex();
        let size = Size::new(2).with_context(1).with_transforms(2).with_hidden([4]);
        let config = maf(&size).with_embedding(EmbeddingConfig::new(3));
        let flow = config.init(&device, &mut ChaCha8Rng::seed_from_u64(1)).unwrap();
        let first = |x: f32, c: f32| {
            let (x, c) = (Tensor::<2>::full([5, 2], x, &device), Tensor::full([5, 1], c, &device));
            first_in_flow(&flow, x, Context::of(&c))
        };
        assert_eq!(first(1.0, 1.0), None);
        assert_eq!(first(1.0, f32::NAN).as_deref(), Some("the embedding of the context"));
        assert_eq!(first(f32::NAN, 1.0).as_deref(), Some("layer 0.ActNorm"));
    }
}
