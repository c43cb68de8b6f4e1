//! What is said of an image is a bound: against the exact probability by quadrature, on images of two pixels of four levels.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{DType, Device, FloatDType, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::image::{ImageFlow, ImageModel, Pixels, Squash, mean_and_error};
use tissot::laws::randomize;
use tissot::layers::CheckerboardConfig;
use tissot::nets::ConvNetConfig;
use tissot::presets::{self, ImageSize};
use tissot::{Context, FlowConfig, LayerConfig};

/// A flow of images of two pixels that is far from simple.
fn config() -> FlowConfig {
    let board = |odd| {
        let conditioner = ConvNetConfig { hidden: 8, ..ConvNetConfig::default() }.into();
        LayerConfig::Checkerboard(CheckerboardConfig { odd, conditioner, ..CheckerboardConfig::default() })
    };
    let layers = vec![LayerConfig::ActNorm(Default::default()), board(false), board(true), board(false)];
    FlowConfig { features: 1, positions: vec![1, 2], layers, ..FlowConfig::default() }
}

/// A model of random weights in f64, its density moved to where the pixels are.
fn model(squash: Squash, variational: bool) -> ImageModel {
    let size = ImageSize::new([1, 1, 2]).with_hidden(8);
    let pixels = Pixels::new([1, 1, 2]).with_source_levels(4).with_squash(squash);
    let noise = variational.then(|| presets::dequantiser(&size));
    let rng = &mut ChaCha8Rng::seed_from_u64(3);
    let model = ImageModel::new(config(), noise, pixels, Vec::new(), &Device::flex(), rng).unwrap();
    let images: Vec<u8> = (0..16).flat_map(|cell| [cell / 4, cell % 4]).collect();
    let values = model.pixels.values(&images, &Device::flex(), DType::F32).unwrap();
    let flow = randomize(model.flow, 9, 0.5).initialize(&model.pixels, values, Context::NONE, rng);
    let flow = ImageFlow {
        flow: flow.flow.to_dtype(FloatDType::F64).unwrap(),
        dequantiser: flow.dequantiser.map(|flow| flow.to_dtype(FloatDType::F64).unwrap()),
    };
    ImageModel { flow, ..model }
}

/// Bits per dimension of the image `(a, b)`, exactly: the density over its cell by the midpoint rule.
fn exact(model: &ImageModel, image: [u8; 2]) -> f64 {
    const N: usize = 96;
    let noise = (0..N * N).flat_map(|k| [k / N, k % N].map(|i| (i as f64 + 0.5) / N as f64)).collect();
    let site = (&Device::flex(), DType::F64);
    let noise = Tensor::from_data(TensorData::new(noise, [N * N, 1, 1, 2]), site);
    let values = model.pixels.values(&image, &Device::flex(), DType::F64).unwrap();
    let (y, log_det) = model.pixels.forward(values.expand([N * N, 1, 1, 2]), noise);
    let log_density = model.flow.flow.log_prob(y, Context::NONE) + log_det;
    let mass = log_density.exp().mean().into_scalar::<f64>();
    model.pixels.bits_per_dim(mass.ln())
}

#[test]
fn the_bound_is_above_the_exact_bits_and_many_draws_come_down_to_it() {
    for (squash, variational) in
        [(Squash::Centred, false), (Squash::LogitBoth { lambda: 0.1 }, false), (Squash::Centred, true)]
    {
        let model = model(squash, variational);
        let rng = &mut ChaCha8Rng::seed_from_u64(8);
        let mut gaps = Vec::new();
        for image in [[0, 0], [0, 3], [1, 2], [3, 1]] {
            let what = format!("{squash:?}, variational {variational}, image {image:?}");
            let exact = exact(&model, image);
            let once = model.bits_per_dim(&image.repeat(4_000), None, 1, rng).unwrap();
            let (mean, error) = mean_and_error(&once);
            assert!(mean > exact - 4.0 * error, "{what}: {mean} +- {error}, exact {exact}");
            gaps.push((mean - exact) / error);
            let many = model.bits_per_dim(&image.repeat(8), None, 1_000, rng).unwrap();
            let (tight, error) = mean_and_error(&many);
            assert!((tight - exact).abs() < 0.01 + 4.0 * error, "{what}: {tight} +- {error}, exact {exact}");
            assert!(tight < mean, "{what}: {tight} with 1,000 draws, {mean} with one");
        }
        // Else the test would prove nothing.
        assert!(gaps.iter().all(|&gap| gap > 5.0), "{squash:?}, {variational}: gaps {gaps:?} in errors");
    }
}

/// All images there are have probability 1 together, or less: what is left lies between the levels.
#[test]
fn probabilities_of_all_images_sum_to_one_at_most() {
    let model = model(Squash::Centred, false);
    let total: f64 = (0..16).map(|cell| 2.0_f64.powf(-2.0 * exact(&model, [cell / 4, cell % 4]))).sum();
    assert!(total < 1.0 && total > 0.3, "{total}");
}

/// The paths, values and gradients of all trained parameters.
struct Look<'a> {
    grads: &'a GradientsParams,
    found: Vec<(String, f64)>,
    path: Vec<String>,
}

impl ModuleVisitor for Look<'_> {
    fn enter_module(&mut self, name: &str, _: &str) {
        self.path.push(name.into());
    }
    fn exit_module(&mut self, _: &str, _: &str) {
        self.path.pop();
    }
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.val().is_require_grad() {
            let gradient = self.grads.get::<D>(param.id);
            let largest = gradient.map_or(0.0, |gradient| gradient.abs().max().into_scalar::<f64>());
            self.found.push((self.path.join("."), largest));
        }
    }
}

#[test]
fn gradients_reach_the_flow_and_the_dequantiser() {
    let model = model(Squash::Centred, true);
    let pixels = model.pixels.clone();
    let values = pixels.values(&[0, 3, 1, 2, 2, 0], &Device::flex(), DType::F64).unwrap();
    let bound = |flow: &ImageFlow, values: Tensor<4>| {
        flow.bound(&pixels, values, Context::NONE, &mut ChaCha8Rng::seed_from_u64(1)).mean()
    };
    let trained = model.flow.clone().train();
    let loss = bound(&trained, values.clone().autodiff());
    let grads = GradientsParams::from_grads(loss.backward(), &trained);
    let mut look = Look { grads: &grads, found: Vec::new(), path: Vec::new() };
    trained.visit(&mut look);
    assert!(look.found.iter().any(|(path, _)| path.starts_with("dequantiser")));
    for (path, largest) in &look.found {
        // The off-centre weights of a kernel see nothing of an image of one row, but some do.
        assert!(*largest > 0.0, "{path} has no gradient");
    }

    // One bias of the dequantiser by finite differences, through the noise.
    let at = |by: f64| {
        let mut flow = model.flow.clone();
        let net = dequantiser_bias(&mut flow);
        *net = Param::from_tensor(net.val().add_scalar(by));
        bound(&flow, values.clone()).into_scalar::<f64>()
    };
    let mut trained = trained;
    let bias = dequantiser_bias(&mut trained);
    let exact = grads.get::<1>(bias.id).unwrap().sum().into_scalar::<f64>();
    let found = (at(1e-5) - at(-1e-5)) / 2e-5;
    assert!((found - exact).abs() < 1e-6 * exact.abs().max(1.0), "{found}, exact {exact}");
}

/// The bias of the last convolution of the dequantiser's first layer.
fn dequantiser_bias(flow: &mut ImageFlow) -> &mut Param<Tensor<1>> {
    let layer = flow.dequantiser.as_mut().unwrap().bijection.layers.first_mut().unwrap();
    let tissot::Layer::Checkerboard(layer) = layer else { panic!("no checkerboard") };
    let tissot::nets::AnyConditioner::Conv(net) = &mut layer.net else { panic!("no ConvNet") };
    &mut net.last.bias
}
