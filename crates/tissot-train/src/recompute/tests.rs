//! The gradients layer by layer are those of the whole.

use super::*;
use burn::tensor::{DType, FloatDType, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot::nets::EmbeddingConfig;
use tissot::presets::{self, ImageSize, Size};
use tissot::{Context, FlowConfig};

/// Moves every weight, so that no layer is the identity.
struct Shake(ChaCha8Rng);

impl burn::module::ModuleMapper for Shake {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| {
            let moves: Vec<f64> =
                (0..value.dims().iter().product()).map(|_| self.0.random_range(-0.3..0.3)).collect();
            let moves =
                Tensor::from_data(TensorData::new(moves, value.dims()), (&value.device(), value.dtype()));
            value + moves
        })
    }
}

fn bent(config: &FlowConfig) -> AnyFlow {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let flow = config.init(&Device::flex(), &mut rng).unwrap().to_dtype(FloatDType::F64).unwrap();
    flow.map(&mut Shake(rng)).train()
}

fn noise<const D: usize>(shape: [usize; D], seed: u64) -> Tensor<D> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f64> = (0..shape.iter().product()).map(|_| rng.random_range(-1.5..1.5)).collect();
    Tensor::from_data(TensorData::new(values, shape), (&Device::flex(), DType::F64))
}

/// The gradients of all weights, in the module's order; those of weights without one are left out.
fn flat<M: Module>(module: &M, grads: &GradientsParams) -> Vec<f64> {
    struct Flat<'a>(&'a GradientsParams, Vec<f64>);
    impl ModuleVisitor for Flat<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if let Some(grad) = self.0.get::<D>(param.id) {
                self.1.extend(grad.into_data().iter::<f64>());
            }
        }
    }
    let mut all = Flat(grads, Vec::new());
    module.visit(&mut all);
    all.1
}

fn agree<const D: usize>(name: &str, config: &FlowConfig, x: Tensor<D>, features: Option<&Tensor<2>>) {
    let flow = bent(config);
    let context = Context { features, maps: None };
    let x = x.autodiff().require_grad();
    let log_prob = flow.log_prob(x.clone(), context);
    let mut whole = log_prob.clone().sum().mul_scalar(-0.7).backward();
    let expected = flat(&flow, &GradientsParams::from_module(&mut whole, &flow));
    let by_x: Vec<f64> = x.grad(&whole).unwrap().into_data().iter().collect();
    let found = gradients(&flow, x.detach().without_autodiff(), context, -0.7, 3);
    let near = |a: &[f64], b: &[f64], what: &str| {
        assert_eq!(a.len(), b.len(), "{name}: {what}");
        assert!(b.iter().any(|v| v.abs() > 1e-3), "{name}: {what} says nothing");
        for (a, b) in a.iter().zip(b) {
            assert!((a - b).abs() < 1e-10 * b.abs().max(1.0), "{name}: {what} {a}, not {b}");
        }
    };
    near(&flat(&flow, &found.grads), &expected, "gradients");
    near(&found.by_x.into_data().iter::<f64>().collect::<Vec<_>>(), &by_x, "gradients by x");
    let log_prob: Vec<f64> = log_prob.into_data().iter().collect();
    near(&found.log_prob.into_data().iter::<f64>().collect::<Vec<_>>(), &log_prob, "log-densities");
}

#[test]
fn gradients_of_tables_are_those_of_the_whole() {
    let size = || Size::new(4).with_transforms(3).with_hidden([8]);
    let x = || noise([6, 4], 2);
    agree("real_nvp", &presets::real_nvp(&size()), x(), None);
    agree("nsf_coupling", &presets::nsf_coupling(&size()), x(), None);
    let context = noise([6, 2], 4);
    agree("maf, context", &presets::maf(&size().with_context(2)), x(), Some(&context));
    let mut embedded = presets::maf(&size().with_context(2));
    embedded.embedding = Some(EmbeddingConfig::new(3));
    agree("maf, embedded context", &embedded, x(), Some(&context));
}

#[test]
fn gradients_of_images_are_those_of_the_whole() {
    let size = ImageSize::new([2, 8, 8]).with_levels(3, 1).with_hidden(4).with_context(3);
    let (x, classes) = (noise([3, 2, 8, 8], 2), noise([3, 3], 5));
    agree("glow", &presets::glow(&size), x.clone(), Some(&classes));
    agree("real_nvp_image", &presets::real_nvp_image(&size), x, Some(&classes));
}
