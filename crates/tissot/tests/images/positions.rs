//! Where in an image the log-probability comes from.

use burn::tensor::{DType, Device, FloatDType, Tensor};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use tissot::image::{ImageModel, Pixels, Squash};
use tissot::laws::randomize;
use tissot::presets::{self, ImageSize};
use tissot::{Bijection, Context, FlowConfig};

const SEED: u64 = 5;

fn models() -> Vec<ImageModel> {
    let size = || ImageSize::new([2, 8, 8]).with_levels(2, 2).with_hidden(8).with_bins(4);
    let flows: [FlowConfig; 3] =
        [presets::glow(&size()), presets::real_nvp_image(&size()), presets::nsf_image(&size())];
    let squash = [Squash::Centred, Squash::Logit { alpha: 0.05 }, Squash::LogitBoth { lambda: 0.05 }];
    flows
        .into_iter()
        .zip(squash)
        .map(|(config, squash)| {
            let mut rng = ChaCha8Rng::seed_from_u64(SEED);
            let pixels = Pixels::new([2, 8, 8]).with_squash(squash);
            let model = ImageModel::new(config, None, pixels, Vec::new(), &Device::flex(), &mut rng).unwrap();
            let mut model = model.to_dtype(FloatDType::F64).unwrap();
            model.flow.flow = randomize(model.flow.flow, SEED, 0.3);
            model
        })
        .collect()
}

fn images(n: usize) -> Vec<u8> {
    (0..n * 128).map(|k| (k * k % 251) as u8).collect()
}

#[test]
fn the_parts_add_up_to_the_bits() {
    for model in models() {
        let images = images(3);
        let accounts = model.accounts(&images, None, &mut ChaCha8Rng::seed_from_u64(SEED)).unwrap();
        let bits = model.bits_per_dim(&images, None, 1, &mut ChaCha8Rng::seed_from_u64(SEED)).unwrap();
        for (account, bits) in accounts.iter().zip(bits) {
            let found = model.pixels.bits_per_dim(account.log_prob());
            assert!((found - bits).abs() < 1e-9, "{found}, not {bits}");
            assert_eq!((account.base.len(), account.squash.len(), account.noise), (64, 64, 0.0));
        }
    }
}

/// Of an elementwise layer the Jacobian's diagonal has each pixel's share.
#[test]
fn a_coupling_works_where_its_derivatives_are() {
    for (model, squeezes) in models().iter().zip([1, 0, 1]) {
        let (values, site) = (images(2), &Device::flex());
        let v = model.pixels.values(&values, site, DType::F64).unwrap();
        let x: Tensor<4> = model.pixels.forward(v, Tensor::full([2, 2, 8, 8], 0.5, (site, DType::F64))).0;
        let (mut inputs, mut names) = (vec![x.clone()], Vec::new());
        let bijection = &model.flow.flow.bijection;
        bijection.walk(x.clone(), Context::NONE, &mut |name, z, _| {
            names.push(name.to_owned());
            inputs.push(z.clone());
        });
        let mut found = Vec::new();
        bijection.walk_positions(x, Context::NONE, &mut |at| {
            found.push((at.squeezes, at.log_det.into_data().iter::<f64>().collect::<Vec<f64>>()));
        });
        // The first layer that moves pixels by a network.
        let k = names.iter().position(|n| n.ends_with("Coupling") || n.ends_with("Checkerboard")).unwrap();
        assert_eq!(found[k].0, squeezes, "{}", names[k]);
        let mut part = 0;
        bijection.parts(&mut |_, layer| {
            if part == k {
                for (b, at) in layer.derivatives(&inputs[k], Context::NONE).iter().enumerate() {
                    let diagonal = |c: usize, p: usize| at.by_x.entry(64 * c + p, 64 * c + p).abs().ln();
                    let pixel: Vec<f64> = (0..64).map(|p| diagonal(0, p) + diagonal(1, p)).collect();
                    // Behind squeezes the pixels of a block share alike.
                    let side = 1 << squeezes;
                    for p in 0..64 {
                        let (top, left) = (p / 8 / side * side, p % 8 / side * side);
                        let block = (0..side * side).map(|q| pixel[(top + q / side) * 8 + left + q % side]);
                        let expected = block.sum::<f64>() / (side * side) as f64;
                        let found = found[k].1[64 * b + p];
                        assert!((found - expected).abs() < 1e-9, "{found}, not {expected}, at {p}");
                    }
                }
            }
            part += 1;
        });
    }
}
