//! normflows' Glow as a configuration of this crate, with its weights: block by block and whole.
//!
//! There a block is stored last layer first, and blocks last to first. Its base, a normal with a mean and a deviation for each
//! channel of each level, is an ActNorm in front of the standard normal here.

use crate::common::golden::Golden;
use crate::common::peer;
use burn::tensor::{Device, FloatDType, Tensor};
use tissot::dtype::Precision;
use tissot::layers::SqueezeOrder;
use tissot::{AnyFlow, Bijection, Chain, Context, Layer};

const BLOCKS: usize = 2;

/// The flow, with the base's ActNorms, the last of each level, or without.
fn flow(base: bool, dtype: Precision) -> AnyFlow {
    let mut flow = peer::flow("normflows_glow", dtype);
    let without = |level: &mut Chain<Layer>| {
        if !base {
            let layer = level.layers.remove(3 * BLOCKS);
            assert!(matches!(layer, Layer::ActNorm(_)), "{layer}");
        }
    };
    let Some(Layer::Squeezed(outer)) = flow.bijection.layers.first_mut() else { panic!("no Squeezed") };
    without(&mut outer.inner);
    let Some(Layer::Split(split)) = outer.inner.layers.last_mut() else { panic!("no Split") };
    let Some(Layer::Squeezed(inner)) = split.inner.layers.first_mut() else { panic!("no Squeezed inside") };
    without(&mut inner.inner);
    flow
}

/// normflows' latents, coarsest first and flat, as the image that the flow makes.
fn image(z: Tensor<2>) -> Tensor<4> {
    let order = SqueezeOrder::ChannelMajor;
    let batch = z.dims()[0];
    let on = order.unsqueeze(z.clone().narrow(1, 0, 96).reshape([batch, 24, 2, 2]));
    order.unsqueeze(Tensor::cat(vec![on, z.narrow(1, 96, 96).reshape([batch, 6, 4, 4])], 1))
}

/// What the peer has after the block that ends at `level`, of a full-size output here.
fn seen(z: Tensor<4>, level: usize) -> Tensor<4> {
    let order = SqueezeOrder::ChannelMajor;
    let z = order.squeeze(z);
    if level == 1 { z } else { order.squeeze(z.narrow(1, 0, 6)) }
}

#[track_caller]
fn close<const D: usize>(what: &str, found: Tensor<D>, expected: Tensor<D>, most: f64) {
    assert_eq!(found.dims(), expected.dims(), "{what}");
    let (found, expected) = (found.into_data(), expected.into_data());
    for (i, (found, expected)) in found.iter::<f64>().zip(expected.iter::<f64>()).enumerate() {
        let gap = (found - expected).abs() / expected.abs().max(1.0);
        assert!(gap <= most, "{what}, number {i}: found {found}, expected {expected}, apart by {gap:e}");
    }
}

#[test]
fn glow_is_that_of_normflows() {
    let (file, device) = (Golden::open("normflows_glow"), Device::flex());
    for (dtype, most) in [(Precision::F64, 1e-9), (Precision::F32, 1e-4)] {
        let (bare, whole) = (flow(false, dtype), flow(true, dtype));
        let images =
            |key: &str| file.tensor::<4>(&format!("io.{key}"), &device).cast(FloatDType::from(dtype));
        let rows = |key: &str| file.tensor::<1>(&format!("io.{key}"), &device).cast(FloatDType::from(dtype));
        let latents =
            |key: &str| image(file.tensor::<2>(&format!("io.{key}"), &device).cast(FloatDType::from(dtype)));
        let (z, log_det) = bare.bijection.forward(images("x"), Context::NONE);
        close("z", z, latents("z"), most);
        close("log_det", log_det, rows("ladj"), most);
        let (x, log_det) = bare.bijection.inverse(latents("z"), Context::NONE);
        close("x", x, images("x_inv"), most);
        close("inverse log_det", log_det, rows("ladj_inv"), most);
        close("log_prob", whole.log_prob(images("x"), Context::NONE), rows("log_prob"), most);

        // After each block: the peer's outputs 1, 2 (level 1) and 4, 5 (level 0); 0 and 3 are squeezes.
        let (mut layer, mut sum) = (0, None::<Tensor<1>>);
        bare.bijection.walk(images("x"), Context::NONE, &mut |name, z, log_det| {
            let total = sum.take().map_or(log_det.clone(), |sum| sum + log_det.clone());
            layer += 1;
            if layer % 3 != 0 {
                sum = Some(total);
                return;
            }
            let block = layer / 3 - 1;
            let (level, number) = (1 - block / BLOCKS, 1 + block + block / BLOCKS);
            let expected = images(&format!("layer_out.{number}"));
            close(&format!("output after {name}"), seen(z.clone(), level), expected, most);
            close(&format!("log_det of {name}'s block"), total, rows(&format!("layer_ladj.{number}")), most);
        });
        assert_eq!(layer, 3 * BLOCKS * 2);

        for scale in [1, 10] {
            let (x, found) = (images(&format!("heavy_{scale}.x")), rows(&format!("heavy_{scale}.log_prob")));
            close(&format!("log_prob at {scale}"), whole.log_prob(x, Context::NONE), found, most);
        }
    }
}
