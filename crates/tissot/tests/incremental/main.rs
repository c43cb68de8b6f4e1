//! The incremental inverse of autoregressive layers against the one that passes the whole network for each feature.

mod gradients;
#[path = "../common/table.rs"]
#[allow(dead_code)]
mod table;

use burn::module::Module;
use burn::tensor::{Device, FloatDType, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tissot::laws::randomize;
use tissot::layers::{Autoregressive, AutoregressiveConfig};
use tissot::nets::*;
use tissot::univariate::*;
use tissot::{Bijection, Context, Place};

/// A network that is not known to be a [`Made`]: its inverse takes a pass for each feature.
#[derive(Module, Debug)]
struct Opaque {
    net: Made,
}

impl Conditioner<2> for Opaque {
    fn forward(&self, x: Tensor<2>, context: Context<'_>) -> Tensor<2> {
        self.net.forward(x, context)
    }
}

impl CausalConditioner for Opaque {
    fn order(&self) -> &[usize] {
        self.net.order()
    }
}

const ACTIVATIONS: [Activation; 10] = [
    Activation::Relu,
    Activation::LeakyRelu { slope: 0.25 },
    Activation::Elu,
    Activation::Selu,
    Activation::Silu,
    Activation::Gelu,
    Activation::Mish,
    Activation::Tanh,
    Activation::Sigmoid,
    Activation::Softplus,
];

/// A layer to invert: its configuration, features, context features.
#[derive(Clone, Debug)]
struct Case {
    config: AutoregressiveConfig,
    features: usize,
    context: usize,
}

impl Case {
    fn new(features: usize, made: MadeConfig) -> Self {
        let univariate = Affine::default().into();
        Self { config: AutoregressiveConfig { univariate, made }, features, context: 0 }
    }

    fn under(self, context: usize) -> Self {
        Self { context, ..self }
    }

    fn moved_by(mut self, univariate: AnyUnivariate) -> Self {
        self.config.univariate = univariate;
        self
    }

    /// The layer with random weights, those that are masked too.
    fn layer(&self, dtype: FloatDType) -> Autoregressive<Made, AnyUnivariate> {
        let rng = &mut ChaCha8Rng::seed_from_u64(5);
        let layer = self
            .config
            .init(&Place::table(self.features, self.context, &Device::flex()), rng)
            .expect("a layer");
        tissot::dtype::cast(randomize(layer, 7, 0.7), dtype).expect("flex has all types")
    }

    /// Whether a kernel is there for this layer.
    fn is_incremental(&self, layer: &Autoregressive<Made, AnyUnivariate>) -> bool {
        let context = random([2, self.context], FloatDType::F64, 2);
        let layer = tissot::dtype::cast(layer.clone(), FloatDType::F64).expect("f64");
        let context = if self.context > 0 { Context::of(&context) } else { Context::NONE };
        layer.net.incremental(context).is_some() && layer.univariate().column_inverse().is_some()
    }

    /// Compares both inverses in both types for several numbers of rows.
    fn check(&self, rows: &[usize]) {
        for (dtype, tolerance) in [(FloatDType::F64, 1e-10), (FloatDType::F32, 1e-4)] {
            let layer = self.layer(dtype);
            assert!(self.is_incremental(&layer), "{self:?} has no kernel");
            let opaque = Autoregressive::new(Opaque { net: layer.net.clone() }, *layer.univariate());
            for &rows in rows {
                let z = random([rows, self.features], dtype, 1);
                let context = random([rows, self.context], dtype, 2);
                let context = if self.context > 0 { Context::of(&context) } else { Context::NONE };
                let (x, log_det) = layer.inverse(z.clone(), context);
                let (expected, expected_log_det) = opaque.inverse(z.clone(), context);
                let name = format!("{self:?}, {dtype:?}, {rows} rows");
                assert_eq!(x.dims(), [rows, self.features], "{name}");
                assert_eq!((x.dtype(), log_det.dtype()), (z.dtype(), z.dtype()), "{name}");
                compare(&format!("{name}: x"), x, expected, tolerance);
                compare(&format!("{name}: log_det"), log_det, expected_log_det, tolerance);
            }
        }
    }
}

fn random(dims: [usize; 2], dtype: FloatDType, seed: u64) -> Tensor<2> {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f64> = StandardNormal.sample_iter(rng).take(dims[0] * dims[1]).collect();
    Tensor::from_data(TensorData::new(values, dims), (&Device::flex(), dtype.into()))
}

fn compare<const D: usize>(name: &str, found: Tensor<D>, expected: Tensor<D>, tolerance: f64) {
    let values = |tensor: Tensor<D>| tensor.into_data().iter::<f64>().collect::<Vec<f64>>();
    let (found, expected) = (values(found), values(expected));
    assert_eq!(found.len(), expected.len(), "{name}");
    for (i, (found, expected)) in found.iter().zip(&expected).enumerate() {
        let error = (found - expected).abs() / expected.abs().max(1.0);
        assert!(error <= tolerance, "{name}, {i}: {found}, expected {expected}"); // false for NaN
    }
}

fn made(hidden: &[usize]) -> MadeConfig {
    MadeConfig { hidden: hidden.to_vec(), ..MadeConfig::default() }
}

#[test]
fn all_numbers_of_rows_and_all_orders_agree() {
    let orders = [Order::Ascending, Order::Descending, Order::Given(vec![4, 0, 9, 2, 10, 1, 8, 3, 5, 7, 6])];
    for order in orders {
        let case = Case::new(11, MadeConfig { order, ..made(&[37, 50]) });
        case.check(&[0, 1, 2, 3, 4, 7, 8, 9, 16, 17, 100]);
        case.under(3).check(&[1, 7, 33]);
    }
}

#[test]
fn all_depths_and_widths_agree() {
    let widths: [&[usize]; 7] = [&[], &[3], &[1, 2], &[128], &[40, 5, 90], &[200, 130], &[7, 7, 7, 7]];
    for hidden in widths {
        for features in [2, 3, 9, 30] {
            let case = Case::new(features, made(hidden));
            case.check(&[1, 40]);
            case.under(2).check(&[1, 40]);
        }
        Case::new(1, made(hidden)).under(2).check(&[1, 40]);
    }
}

#[test]
fn residual_networks_agree() {
    for blocks in [1, 2, 3] {
        for order in [Order::Ascending, Order::Given(vec![3, 0, 4, 1, 2])] {
            let made = MadeConfig { blocks, order, activation: Activation::Tanh, ..made(&[23]) };
            let case = Case::new(5, made.clone());
            case.check(&[1, 7, 35]);
            case.under(2).check(&[1, 7, 35]);
            let nflows = MadeConfig { context_rule: ContextRule::Nflows, ..made };
            Case::new(5, nflows).under(2).check(&[1, 7, 35]);
        }
    }
    let nflows = MadeConfig { context_rule: ContextRule::Nflows, ..made(&[20, 30]) };
    Case::new(5, nflows.clone()).under(3).check(&[1, 35]);
    Case::new(1, nflows).under(3).check(&[1, 35]);
}

#[test]
fn all_activations_agree() {
    for activation in ACTIVATIONS {
        let config = MadeConfig { activation, ..made(&[24, 24]) };
        Case::new(6, config.clone()).check(&[1, 30]);
        Case::new(6, MadeConfig { hidden: vec![24], blocks: 1, ..config }).check(&[1, 30]);
    }
}

#[test]
fn all_univariates_with_a_kernel_agree() {
    let (mut with, mut without) = (0, Vec::new());
    for (name, univariate) in table::univariates() {
        if univariate.column_inverse().is_none() {
            without.push(name);
            continue;
        }
        Case::new(5, made(&[30])).moved_by(univariate).check(&[1, 2, 30]);
        with += 1;
    }
    let has_none = |name: &String| name.starts_with("FreeEnds") || name.starts_with("Circular");
    assert!(with > 9 && without.iter().all(has_none), "{without:?}");
}

#[test]
#[should_panic(expected = "this network was made for 5 inputs; found 4")]
fn another_width_panics_as_ever() {
    let case = Case::new(5, made(&[30]));
    let _ = case.layer(FloatDType::F32).inverse(random([3, 4], FloatDType::F32, 1), Context::NONE);
}

#[test]
#[should_panic(expected = "this network was made for 2 context features; found no context")]
fn a_missing_context_panics_as_ever() {
    let case = Case::new(5, made(&[30])).under(2);
    let _ = case.layer(FloatDType::F32).inverse(random([3, 5], FloatDType::F32, 1), Context::NONE);
}
