//! The kernel for a few rows against many rows, which take another path.

#[path = "common/table.rs"]
#[allow(dead_code)]
mod table;

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tissot::laws::randomize;
use tissot::layers::*;
use tissot::nets::*;
use tissot::univariate::AnyUnivariate;
use tissot::{Bijection, Chain, Context, Inverse, Layer, LayerConfig, Place, presets};
use tissot_kernels::few;
use tissot_kernels::univariate::{Affine, Direction, LogScale, Order, Univariate};

const FEATURES: usize = 5;
const ROWS: usize = few::ROWS + 2;

/// Couplings and autoregressive layers under every univariate and some activations.
fn layers(context: usize) -> Vec<(String, Layer)> {
    let activations = [Activation::Relu, Activation::LeakyRelu { slope: 0.2 }, Activation::Mish];
    let mut layers = Vec::new();
    for (i, (_, univariate)) in table::univariates().into_iter().enumerate() {
        let activation = activations[i % activations.len()];
        let mlp = MlpConfig { hidden: vec![16, 9], activation, ..Default::default() };
        let made = MadeConfig { hidden: vec![16, 9], activation, ..Default::default() };
        let conditioner = mlp.into();
        let coupling = CouplingConfig { mask: Mask::Odd, univariate, conditioner, kept_univariate: None };
        let autoregressive = AutoregressiveConfig { univariate, made };
        for config in [LayerConfig::Coupling(coupling), LayerConfig::Autoregressive(autoregressive)] {
            let mut rng = ChaCha8Rng::seed_from_u64(i as u64);
            let layer =
                config.init(&Place::table(FEATURES, context, &Device::flex()), &mut rng).expect("a layer");
            layers.push((format!("{config:?}"), randomize(layer, 7, 0.5)));
        }
    }
    layers
}

/// Linear maps with all places of their permutation and both laws, with and without a bias; and the scales of features.
fn linear() -> Vec<(String, Layer)> {
    let mut configs = vec![LayerConfig::ActNorm(ActNormConfig::default())];
    for place in [PermutationPlace::None, PermutationPlace::Before, PermutationPlace::After] {
        for (diagonal, bias) in [(DiagonalLaw::Exp, true), (DiagonalLaw::Softplus { epsilon: 1e-3 }, false)] {
            let permutation = PermutationConfig::Random { seed: Some(3) };
            let start = LinearStart::RandomRotation;
            configs.push(LayerConfig::LuLinear(LuLinearConfig { place, permutation, diagonal, bias, start }));
        }
    }
    let layer = |config: &LayerConfig| {
        let mut rng = ChaCha8Rng::seed_from_u64(4);
        let layer = config.init(&Place::table(FEATURES, 0, &Device::flex()), &mut rng).expect("a layer");
        (format!("{config:?}"), randomize(layer, 7, 0.3))
    };
    configs.iter().map(layer).collect()
}

fn random(rows: usize, columns: usize, seed: u64) -> Tensor<2> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f64> = (0..rows * columns).map(|_| StandardNormal.sample(&mut rng)).collect();
    Tensor::from_data(TensorData::new(values, [rows, columns]), (&Device::flex(), burn::tensor::DType::F64))
}

fn numbers<const D: usize>(tensor: Tensor<D>) -> Vec<f64> {
    tensor.into_data().iter::<f64>().collect()
}

fn near(found: Tensor<2>, expected: Tensor<2>, tolerance: f64, what: &str) {
    let (found, expected) = (numbers(found), numbers(expected));
    assert_eq!(found.len(), expected.len(), "{what}");
    for (f, e) in found.iter().zip(&expected) {
        assert!((f - e).abs() / e.abs().max(1.0) < tolerance, "{what}: {f}, not {e}");
    }
}

/// Layers that pass a few rows on the host between others that do not.
fn chain(context: usize) -> Chain<Layer> {
    let coupling = |mask| LayerConfig::Coupling(CouplingConfig { mask, ..Default::default() });
    let kept = Some(AnyUnivariate::default());
    let both = CouplingConfig { kept_univariate: kept, ..Default::default() };
    let configs = [
        LayerConfig::LuLinear(LuLinearConfig::default()),
        LayerConfig::Permutation(PermutationConfig::Random { seed: Some(3) }),
        LayerConfig::Autoregressive(AutoregressiveConfig::default()),
        coupling(Mask::Odd),
        LayerConfig::Coupling(both),
        LayerConfig::Permutation(PermutationConfig::Reverse),
        coupling(Mask::Even),
        LayerConfig::ActNorm(ActNormConfig::default()),
    ];
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let device = Device::flex();
    let place = Place::table(FEATURES, context, &device);
    let layers = configs.iter().map(|config| config.init(&place, &mut rng).expect("a layer"));
    randomize(Chain::new(layers.collect()), 7, 0.3)
}

/// Rows one by one and in pairs against all of them at once, forward and back.
fn check_one<B: Bijection<2>>(name: &str, layer: B, width: usize, dtype: FloatDType, tolerance: f64) {
    let (x, c) = (random(ROWS, FEATURES, 1).cast(dtype), random(ROWS, 2, 2).cast(dtype));
    let layer = tissot::dtype::cast(layer, dtype).expect("flex has all types");
    let run = |x: Tensor<2>, c: Tensor<2>| {
        let context = if width > 0 { Context::of(&c) } else { Context::NONE };
        let (z, log_det) = layer.forward(x, context);
        let (back, inverse) = layer.inverse(z.clone(), context);
        [z, log_det.unsqueeze_dim(1), back, inverse.unsqueeze_dim(1)]
    };
    let all = run(x.clone(), c.clone());
    for rows in [1, 2] {
        for start in (0..ROWS).step_by(rows) {
            let cut = |t: &Tensor<2>| t.clone().narrow(0, start, rows);
            for (k, (found, all)) in run(cut(&x), cut(&c)).into_iter().zip(&all).enumerate() {
                near(found, cut(all), tolerance, &format!("{name}, row {start}, output {k}"));
            }
        }
    }
}

fn check(dtype: FloatDType, tolerance: f64) {
    for width in [0, 2] {
        for (name, layer) in layers(width) {
            check_one(&name, layer, width, dtype, tolerance);
        }
        check_one("a chain", chain(width), width, dtype, tolerance);
        for (name, layer) in linear() {
            check_one(&name, Chain::new(vec![layer]), 0, dtype, tolerance);
        }
        let [a, b] = [0, 3].map(|k| chain(width).layers.swap_remove(k));
        let turned = Inverse::new::<2>(chain(width).layers.swap_remove(2)).expect("no data needed");
        check_one("a tuple", (a, turned, b), width, dtype, tolerance);
    }
}

#[test]
fn a_few_rows_are_as_many_in_f64() {
    check(FloatDType::F64, 1e-12);
}

#[test]
fn a_few_rows_are_as_many_in_f32() {
    check(FloatDType::F32, 2e-5);
}

fn affine() -> few::Layer<'static> {
    let univariate = Univariate::Affine(Affine { scale: LogScale::Exp, order: Order::ScaleThenShift });
    few::Layer { seen: Some(&[0]), moved: Some(&[1]), univariate, direction: Direction::Forward }
}

/// `y_1 = e^(2 x_0) x_1 + 3 x_0`, by the formula.
#[test]
fn the_kernel_is_there_and_right() {
    let weight = Tensor::<2>::from_data([[3.0, 2.0]], &Device::flex());
    let network = |rows: &mut few::Pass| rows.map(weight.clone(), None, None, None);
    let x = Tensor::<2>::from_data([[0.5, 2.0], [-1.0, 1.0]], &Device::flex());
    let mut rows = few::Rows::new(x);
    rows.layer(network, affine()).expect("a kernel");
    let (y, log_det) = rows.finish();
    let expected =
        Tensor::from_data([[0.5, 2.0 * 1f64.exp() + 1.5], [-1.0, (-2f64).exp() - 3.0]], &Device::flex());
    near(y, expected, 1e-6, "values");
    assert_eq!(numbers(log_det.expect("a layer was passed")), [1.0, -2.0]);
}

#[test]
fn many_rows_gradients_and_other_types_are_left_to_others() {
    let weight = Tensor::<2>::from_data([[3.0, 2.0]], &Device::flex());
    let network = |rows: &mut few::Pass| rows.map(weight.clone(), None, None, None);
    let ones = |rows| Tensor::<2>::ones([rows, 2], &Device::flex());
    let apply = |x| few::Rows::new(x).layer(network, affine());
    assert!(apply(ones(few::ROWS)).is_some());
    assert!(apply(ones(few::ROWS + 1)).is_none());
    assert!(apply(ones(0)).is_none());
    assert!(apply(ones(1).autodiff()).is_none());
    assert!(apply(ones(1).cast(FloatDType::F64)).is_none());
}

/// Weights with gradients take data without them, at few rows as at many.
#[test]
fn gradients_of_weights_are_not_lost() {
    let chain = chain(0).train();
    let gradients = |rows: usize| {
        let x = random(1, FEATURES, 1).cast(FloatDType::F32).repeat_dim(0, rows);
        let grads = chain.forward(x, Context::NONE).1.mean().backward();
        let of = |weight: Tensor<2>| weight.grad(&grads).expect("a gradient");
        let Layer::Coupling(coupling) = &chain.layers[3] else { panic!("a coupling") };
        let AnyConditioner::Mlp(net) = &coupling.net else { panic!("a network") };
        [of(net.last.weight.val()), of(net.hidden[0].weight.val())]
    };
    for (few, many) in gradients(1).into_iter().zip(gradients(ROWS)) {
        assert!(many.clone().abs().max().into_scalar::<f32>() > 1e-3, "{many}");
        near(few, many, 1e-5, "gradients");
    }
}

/// No layer of these presets makes a tensor of one row in between, in the directions that are one pass of a network.
#[test]
fn layers_of_presets_take_a_few_rows() {
    let (size, device) = (presets::Size::new(FEATURES), Device::flex());
    let (forward, inverse) = (Direction::Forward, Direction::Inverse);
    for (name, config, directions) in [
        ("real_nvp", presets::real_nvp(&size), &[forward, inverse][..]),
        ("nsf_coupling", presets::nsf_coupling(&size), &[forward, inverse]),
        ("maf", presets::maf(&size), &[forward]),
        ("nsf_autoregressive", presets::nsf_autoregressive(&size), &[forward]),
    ] {
        for (i, layer) in config.layers.iter().enumerate() {
            let mut rng = ChaCha8Rng::seed_from_u64(4);
            let layer = layer.init(&Place::table(FEATURES, 0, &device), &mut rng).expect("a layer");
            for &direction in directions {
                let mut rows = few::Rows::new(random(2, FEATURES, 1).cast(FloatDType::F32));
                let done = Bijection::<2>::pass(&layer, &mut rows, Context::NONE, direction);
                assert!(done.is_some(), "{name}, layer {i}, {direction:?}");
            }
        }
    }
}

#[test]
fn linear_maps_of_other_sizes_are_left_to_others() {
    for (name, layer) in linear() {
        let x = random(1, FEATURES - 1, 1).cast(FloatDType::F32);
        let mut rows = few::Rows::new(x.clone());
        assert!(
            Bijection::<2>::pass(&layer, &mut rows, Context::NONE, Direction::Forward).is_none(),
            "{name}"
        );
        assert_eq!(numbers(rows.finish().0), numbers(x), "{name}");
    }
}

#[test]
fn an_order_of_other_columns_is_left_to_others() {
    let x = random(1, FEATURES, 1);
    let permute = |order: &[i64]| {
        let mut rows = few::Rows::new(x.clone());
        let done =
            rows.permute(Tensor::from_data(TensorData::new(order.to_vec(), [order.len()]), &Device::flex()));
        (done, rows.finish().0)
    };
    let (done, found) = permute(&[4, 0, 1, 3, 2]);
    let values = numbers(x.clone());
    assert_eq!((done, numbers(found)), (Some(()), [4, 0, 1, 3, 2].map(|i| values[i]).to_vec()));
    for order in [&[0, 1][..], &[0, 1, 2, 3, 5], &[-1, 1, 2, 3, 4]] {
        let (done, found) = permute(order);
        assert_eq!((done, numbers(found)), (None, values.clone()), "{order:?}");
    }
}

#[test]
#[should_panic(expected = "this network was made for 2 context features; found no context")]
fn a_missing_context_is_named() {
    let (_, layer) = layers(2).swap_remove(0);
    let _ = layer.forward(random(1, FEATURES, 1).cast(FloatDType::F32), Context::NONE);
}
