//! Flows of images: convolutions are matrix products on Flex and burn's own elsewhere.

use super::{devices, flow, host};
use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::image::{ImageModel, Pixels};
use tissot::laws::{devices_agree, randomize};
use tissot::presets::{self, ImageSize};
use tissot::{AnyFlow, Bijection, Context, FlowConfig};

const SHAPE: [usize; 4] = [3, 2, 8, 4];

fn presets() -> Vec<(&'static str, FlowConfig)> {
    let size = ImageSize::new([2, 8, 4]).with_levels(2, 1).with_hidden(6).with_bins(4);
    vec![
        ("glow", presets::glow(&size)),
        ("nsf_image", presets::nsf_image(&size)),
        ("real_nvp_image", presets::real_nvp_image(&size)),
    ]
}

fn points(device: &Device) -> Tensor<4> {
    let n: usize = SHAPE.iter().product();
    let values: Vec<f32> = (0..n).map(|i| ((i * 37 % 101) as f32 - 50.0) / 25.0).collect();
    Tensor::from_data(TensorData::new(values, SHAPE), device)
}

#[test]
fn densities_and_inverses_of_images_agree() {
    for (name, config) in presets() {
        let numbers = |flow: &AnyFlow, device: &Device| {
            let (z, log_det) = flow.bijection.forward(points(device), Context::NONE);
            let (x, back) = flow.bijection.inverse(z.clone(), Context::NONE);
            [host(z), host(log_det), host(x), host(back)].concat()
        };
        devices_agree(name, &flow(&config), &devices(), 1e-4, numbers).unwrap_or_else(|v| panic!("{v}"));
    }
}

struct Collect<'a>(&'a GradientsParams, Vec<f64>);

impl ModuleVisitor for Collect<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if let Some(grad) = self.0.get::<D>(param.id) {
            self.1.extend(grad.into_data().iter::<f64>());
        }
    }
}

#[test]
fn gradients_of_images_agree() {
    for (name, config) in presets() {
        let numbers = |flow: &AnyFlow, device: &Device| {
            let flow = flow.clone().train();
            let loss = flow.log_prob(points(device), Context::NONE).mean().mul_scalar(-1.0 / 64.0);
            let grads = GradientsParams::from_grads(loss.backward(), &flow);
            let mut collect = Collect(&grads, Vec::new());
            flow.visit(&mut collect);
            assert!(collect.1.len() > 500, "{name}");
            collect.1
        };
        devices_agree(name, &flow(&config), &devices(), 1e-3, numbers).unwrap_or_else(|v| panic!("{v}"));
    }
}

/// With learned noise, whose draws come from the host.
#[test]
fn bits_per_dimension_agree() {
    let size = ImageSize::new([1, 8, 8]).with_levels(2, 2).with_hidden(8);
    let (config, noise) = (presets::glow(&size), presets::dequantiser(&size));
    let rng = &mut ChaCha8Rng::seed_from_u64(1);
    let pixels = Pixels::new([1, 8, 8]);
    let model = ImageModel::new(config, Some(noise), pixels, vec![], &Device::flex(), rng).unwrap();
    let images: Vec<u8> = (0..4 * 64).map(|i| (i * 37 % 256) as u8).collect();
    let values = model.pixels.values(&images, &Device::flex(), burn::tensor::DType::F32).unwrap();
    let flow = randomize(model.flow.clone(), 2, 0.1).initialize(&model.pixels, values, Context::NONE, rng);
    let bits = |flow: &tissot::image::ImageFlow, _: &Device| {
        let model = ImageModel { flow: flow.clone(), ..model.clone() };
        model.bits_per_dim(&images, None, 2, &mut ChaCha8Rng::seed_from_u64(3)).unwrap()
    };
    devices_agree("bits per dimension", &flow, &devices(), 1e-4, bits).unwrap_or_else(|v| panic!("{v}"));
}
