//! The inverse of autoregressive layers in one kernel against the host, and against a pass for each feature.

use super::{gpu, host};
use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use tissot::laws::randomize;
use tissot::layers::{Autoregressive, AutoregressiveConfig};
use tissot::nets::{Activation, CausalConditioner, ContextRule, Made, MadeConfig, Order};
use tissot::univariate::{Affine, AnyUnivariate, RationalQuadratic, SplineParams, Univariate};
use tissot::{Bijection, Context, Place};
use tissot_kernels::made;

/// A layer to invert, its features and context features, and rows.
struct Case {
    univariate: AnyUnivariate,
    made: MadeConfig,
    features: usize,
    context: usize,
    rows: usize,
}

impl Case {
    fn new(features: usize, rows: usize, made: MadeConfig) -> Self {
        Self { univariate: Affine::default().into(), made, features, context: 0, rows }
    }

    fn under(self, context: usize) -> Self {
        Self { context, ..self }
    }

    fn moved_by(self, univariate: impl Into<AnyUnivariate>) -> Self {
        Self { univariate: univariate.into(), ..self }
    }

    fn check(self) {
        let Some(gpu) = gpu() else { return };
        let Self { univariate, made, features, context, rows } = self;
        let name = format!("{univariate:?} {made:?}, {features} and {context}, {rows} rows");
        let config = AutoregressiveConfig { univariate, made };
        let rng = &mut ChaCha8Rng::seed_from_u64(5);
        let layer = config.init(&Place::table(features, context, &Device::flex()), rng).expect("a layer");
        let layer: Autoregressive<Made, AnyUnivariate> = randomize(layer, 7, 0.7);
        let run = |device: &Device| {
            let layer = layer.clone().fork(device);
            let z = random([rows, features], device, 1);
            let c = random([rows, context], device, 2);
            let context = if context > 0 { Context::of(&c) } else { Context::NONE };
            let net = layer.net.incremental(context).expect("a network that says how");
            let kernel = made::inverse(z.clone(), &net, &*univariate.column_inverse().expect("a kernel"));
            let (x, log_det) = kernel.expect("a kernel for the device");
            let (z_again, back) = layer.forward(x.clone(), context);
            let error = (z_again - z).abs().max().into_scalar::<f32>();
            assert!(error < 1e-3, "{name}: forward of the inverse is off by {error}");
            [host(x), host(log_det), host(back.neg())]
        };
        let (found, expected) = (run(&gpu), run(&Device::flex()));
        for (found, expected) in found.iter().zip(&expected) {
            for (a, b) in found.iter().zip(expected) {
                assert!((a - b).abs() <= 5e-4 * b.abs().max(1.0), "{name}: found {a}, expected {b}");
            }
        }
    }
}

fn random(dims: [usize; 2], device: &Device, seed: u64) -> Tensor<2> {
    let rng = &mut ChaCha8Rng::seed_from_u64(seed);
    let values: Vec<f32> = StandardNormal.sample_iter(rng).take(dims[0] * dims[1]).collect();
    Tensor::from_data(TensorData::new(values, dims), device)
}

fn net(hidden: &[usize]) -> MadeConfig {
    MadeConfig { hidden: hidden.to_vec(), ..MadeConfig::default() }
}

#[test]
fn depths_orders_and_rows_agree() {
    Case::new(2, 1, net(&[])).check();
    Case::new(5, 3, net(&[7])).check();
    Case::new(4, 2, net(&[300, 290])).check(); // several sums for each unit
    let order = Order::Given(vec![4, 0, 2, 5, 1, 3]);
    Case::new(6, 257, MadeConfig { order, ..net(&[20, 13, 20]) }).check(); // tiles of rows, the last one not full
    Case::new(5, 9, net(&[12])).under(3).check();
}

#[test]
fn residual_networks_agree() {
    for blocks in [1, 2] {
        let made = MadeConfig { blocks, activation: Activation::Tanh, ..net(&[23]) };
        Case::new(5, 5, made.clone()).check();
        Case::new(5, 5, MadeConfig { context_rule: ContextRule::Nflows, ..made }).under(2).check();
    }
}

#[test]
fn splines_agree() {
    let order = Order::Descending;
    Case::new(5, 6, MadeConfig { order, ..net(&[16]) }).moved_by(RationalQuadratic::default()).check();
    let nflows =
        RationalQuadratic { parameters: SplineParams::nflows(1.0), bound: 3.0, ..Default::default() };
    Case::new(3, 300, net(&[16])).moved_by(nflows).check();
}

#[test]
fn activations_agree() {
    let all = [
        Activation::LeakyRelu { slope: 0.25 },
        Activation::Elu,
        Activation::Silu,
        Activation::Gelu,
        Activation::Mish,
        Activation::Sigmoid,
        Activation::Softplus,
    ];
    for activation in all {
        Case::new(4, 3, MadeConfig { activation, ..net(&[12]) }).check();
    }
}

/// With gradients, and without a kernel for the univariate, a pass for each feature does it.
#[test]
fn the_rest_goes_feature_by_feature() {
    let Some(device) = gpu() else { return };
    let config = AutoregressiveConfig { made: net(&[8]), ..Default::default() };
    let layer = config
        .init(&Place::table(3, 0, &Device::flex()), &mut ChaCha8Rng::seed_from_u64(5))
        .expect("a layer");
    let layer = randomize(layer, 7, 0.7);
    let run = |device: &Device| {
        let layer = layer.clone().fork(device).train();
        let z = random([4, 3], &device.clone().autodiff(), 1).require_grad();
        let (x, log_det) = layer.inverse(z.clone(), Context::NONE);
        let grads = (x.square().sum() + log_det.clone().sum()).backward();
        [host(log_det), host(z.grad(&grads).expect("z"))].concat()
    };
    for (a, b) in run(&device).iter().zip(&run(&Device::flex())) {
        assert!((a - b).abs() <= 5e-4 * b.abs().max(1.0), "found {a}, expected {b}");
    }
}
