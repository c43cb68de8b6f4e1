//! The presets of images: the laws of a stack, and the books of a whole multi-scale stack.

use crate::common::table::check;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use tissot::inspect::jacobian::derivatives;
use tissot::laws::{Laws, randomize};
use tissot::layers::{Half, Mask};
use tissot::nets::EmbeddingConfig;
use tissot::presets::{self, ImageSize, Mixing};
use tissot::univariate::Shift;
use tissot::{AnyFlow, Bijection, Context, FlowConfig, LayerConfig};

fn flows(size: &ImageSize) -> Vec<(&'static str, FlowConfig)> {
    vec![
        ("glow", presets::glow(size)),
        ("additive glow", presets::glow_of(size, Shift.into())),
        ("glow of whole matrices", presets::glow(&size.clone().with_mixing(Mixing::Full))),
        ("glow of permutations", presets::glow(&size.clone().with_mixing(Mixing::Permutation))),
        ("nsf_image", presets::nsf_image(size)),
        ("real_nvp_image", presets::real_nvp_image(size)),
    ]
}

fn init(config: &FlowConfig) -> AnyFlow {
    let flow = config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(5));
    flow.unwrap_or_else(|error| panic!("{error}"))
}

fn noise(shape: [usize; 4], seed: u64, dtype: FloatDType) -> Tensor<4> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f64> = (0..shape.iter().product()).map(|_| rng.random_range(-1.0..1.0)).collect();
    Tensor::from_data(TensorData::new(values, shape), (&Device::flex(), burn::tensor::DType::from(dtype)))
}

#[test]
fn every_preset_keeps_the_laws_of_a_stack() {
    for (context, event) in [(0, [1, 4, 4]), (2, [2, 2, 4])] {
        let levels = if context == 0 { 2 } else { 1 };
        let size =
            ImageSize::new(event).with_context(context).with_levels(levels, 1).with_hidden(6).with_bins(4);
        for (name, config) in flows(&size) {
            let mut laws = Laws::new(format!("{name}, {event:?}, context {context}")).event(&event).stack();
            if context > 0 {
                laws = laws.context(context);
            }
            check::<4, _>(&laws, init(&config).bijection);
        }
    }
}

/// The log-density of a whole multi-scale stack is the one that its full Jacobian by automatic differentiation gives.
#[test]
fn bits_per_dimension_are_those_of_the_full_jacobian() {
    let size = ImageSize::new([2, 8, 8]).with_levels(3, 2).with_hidden(8);
    for (name, config) in flows(&size) {
        let flow = randomize(init(&config), 1, 0.3).to_dtype(FloatDType::F64).unwrap();
        let x = noise([1, 2, 8, 8], 2, FloatDType::F64);
        let jacobian = &derivatives(&flow.bijection, &x, Context::NONE)[0].by_x;
        let (z, _) = flow.bijection.forward(x.clone(), Context::NONE);
        let energy: f64 = z.into_data().iter::<f64>().map(|z| -0.5 * z * z - 0.918_938_533_204_672_7).sum();
        let exact = energy + jacobian.log_abs_det();
        let found = flow.log_prob(x, Context::NONE).into_scalar::<f64>();
        let bits = |log_prob: f64| -log_prob / (128.0 * 2.0_f64.ln());
        assert!(
            jacobian.log_abs_det().abs() > 5.0,
            "{name}: log_det {} proves little",
            jacobian.log_abs_det()
        );
        assert!(
            (bits(found) - bits(exact)).abs() < 1e-9,
            "{name}: {} bits, exact {}",
            bits(found),
            bits(exact)
        );
    }
}

#[test]
fn every_layer_works_alone_at_the_size_of_the_image() {
    let size = ImageSize::new([1, 4, 4]).with_levels(2, 1).with_hidden(6);
    for (name, config) in flows(&size) {
        let flow = randomize(init(&config), 1, 0.3).to_dtype(FloatDType::F64).unwrap();
        let mut x = noise([3, 1, 4, 4], 2, FloatDType::F64);
        let mut walked = Vec::new();
        flow.bijection.walk(x.clone(), Context::NONE, &mut |name, z, log_det| {
            walked.push((name.to_owned(), z.clone(), log_det.clone()));
        });
        let mut walked = walked.into_iter();
        Bijection::<4>::parts(&flow.bijection, &mut |part_name, part| {
            let (expected_name, expected, expected_log_det) = walked.next().unwrap();
            assert_eq!(part_name, expected_name, "{name}");
            let (z, log_det) = part.forward(x.clone(), Context::NONE);
            let exact = part.derivatives(&x, Context::NONE)[0].by_x.log_abs_det();
            let found = log_det.clone().into_data().iter::<f64>().next().unwrap();
            assert!((found - exact).abs() < 1e-9, "{name} {part_name}: log_det {found}, Jacobian {exact}");
            assert_eq!(z.to_data(), expected.into_data(), "{name} {part_name}");
            assert_eq!(log_det.into_data(), expected_log_det.into_data(), "{name} {part_name}");
            let (back, _) = part.inverse(z.clone(), Context::NONE);
            let gap = (back - x.clone()).abs().max().into_scalar::<f64>();
            assert!(gap < 1e-9, "{name} {part_name}: round trip {gap}");
            x = z;
        });
        assert!(walked.next().is_none(), "{name}");
    }
}

#[test]
fn classes_change_the_density_and_embed() {
    let size = ImageSize::new([1, 4, 4]).with_context(3).with_levels(1, 1).with_hidden(6);
    let config = presets::glow(&size).with_embedding(EmbeddingConfig::new(2));
    let flow = randomize(init(&config), 1, 0.5);
    let x = noise([2, 1, 4, 4], 2, FloatDType::F32);
    let x = Tensor::cat(vec![x.clone().narrow(0, 0, 1); 2], 0);
    let classes = Tensor::<2>::from_floats([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]], &Device::flex());
    let found: Vec<f64> = flow.log_prob(x, Context::of(&classes)).into_data().iter().collect();
    assert_ne!(found[0], found[1]);
    let drawn: Tensor<4> = flow.sample(2, Context::of(&classes), &mut ChaCha8Rng::seed_from_u64(1));
    assert_eq!(drawn.dims(), [2, 1, 4, 4]);
}

#[test]
fn sizes_that_cannot_be_are_one_clear_line() {
    let refusal = |config: FlowConfig| {
        config.init(&Device::flex(), &mut ChaCha8Rng::seed_from_u64(0)).unwrap_err().to_string()
    };
    let found = refusal(presets::glow(&ImageSize::new([1, 28, 28]).with_levels(3, 1)));
    assert!(found.contains("7 x 7 pixels") && found.contains("use fewer levels, or resize"), "{found}");
    let tables = tissot::presets::real_nvp(&tissot::presets::Size::new(4));
    let found = refusal(FlowConfig { positions: vec![2, 2], ..tables.clone() });
    assert!(found.contains("a network for tables") && found.contains("Conv or ResidualConv"), "{found}");
    let found = refusal(FlowConfig { positions: vec![2], ..tables.clone() });
    assert!(found.contains("height and width, or none for tables"), "{found}");
    let found = refusal(FlowConfig {
        positions: vec![],
        ..presets::glow(&ImageSize::new([4, 2, 2]).with_levels(1, 1))
    });
    assert!(found.contains("Squeezed") && found.contains("a table"), "{found}");
    let found = refusal(FlowConfig { context_maps: 1, ..tables });
    assert!(found.contains("context_maps"), "{found}");
}

#[test]
fn every_preset_survives_json() {
    for (name, config) in flows(&ImageSize::new([3, 8, 8]).with_context(2)) {
        assert_eq!(FlowConfig::from_json(&config.to_json().unwrap()).unwrap(), config, "{name}");
    }
}

/// What is set aside is what the coupling before it moved: Glow's prior of it, given what goes on.
#[test]
fn the_half_that_is_set_aside_has_a_prior() {
    fn splits(layers: &[LayerConfig]) -> usize {
        let inside = layers.iter().map(|layer| match layer {
            LayerConfig::Squeezed(config) => splits(&config.layers),
            LayerConfig::Split(config) => 1 + splits(&config.layers),
            _ => 0,
        });
        for pair in layers.windows(2) {
            if let [before, LayerConfig::Split(split)] = pair {
                let LayerConfig::Coupling(prior) = before else { panic!("a split after {before:?}") };
                assert_eq!((&prior.mask, split.on), (&Mask::FirstHalf, Half::First));
            }
        }
        inside.sum()
    }
    for (name, config) in flows(&ImageSize::new([1, 16, 16]).with_levels(3, 1)) {
        assert_eq!(splits(&config.layers), 2, "{name}");
    }
}
