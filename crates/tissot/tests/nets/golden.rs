//! The first layers of nflows' and zuko's autoregressive flows, with their weights, in f64.

use super::*;
use burn::nn::Linear;
use burn::tensor::FloatDType;
use safetensors::{Dtype, SafeTensors};
use tissot::dtype::cast;

/// A file of golden numbers.
struct Golden(Vec<u8>);

impl Golden {
    fn open(name: &str) -> Self {
        let path = format!("{}/tests/golden/{name}.safetensors", env!("CARGO_MANIFEST_DIR"));
        Self(std::fs::read(path).expect("golden numbers"))
    }

    /// A tensor as numbers, and its last dimension.
    fn get(&self, key: &str) -> (Vec<f64>, usize) {
        let file = SafeTensors::deserialize(&self.0).expect("a safetensors file");
        let tensor = file.tensor(key).unwrap_or_else(|error| panic!("{key}: {error}"));
        let data = tensor.data();
        let values = match tensor.dtype() {
            Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect(),
            Dtype::F32 => data.as_chunks().0.iter().map(|b| f64::from(f32::from_le_bytes(*b))).collect(),
            Dtype::U8 => data.iter().map(|&b| f64::from(b)).collect(),
            other => panic!("{key}: {other:?}"),
        };
        (values, *tensor.shape().last().expect("a dimension"))
    }

    fn table(&self, key: &str) -> Tensor<2> {
        let (values, columns) = self.get(key);
        let rows = values.len() / columns;
        Tensor::from_data(TensorData::new(values, [rows, columns]), (&Device::flex(), DType::F64))
    }

    /// A linear map whose outputs and inputs are put into the order of their degrees, where they are hidden units.
    fn linear(&self, prefix: &str, to: Option<&[usize]>, from: Option<&[usize]>) -> Linear {
        let (weight, inputs) = self.get(&format!("weights.{prefix}.weight"));
        let (bias, outputs) = self.get(&format!("weights.{prefix}.bias"));
        let order = |degrees: Option<&[usize]>, n| degrees.map_or_else(|| (0..n).collect(), sort_permutation);
        let (rows, columns) = (order(to, outputs), order(from, inputs));
        let weight: Vec<f64> = columns
            .iter()
            .flat_map(|i| rows.iter().map(|o| weight[o * inputs + i]).collect::<Vec<_>>())
            .collect();
        let bias = rows.iter().map(|&o| bias[o]).collect::<Vec<_>>();
        let options = (&Device::flex(), DType::F64);
        Linear {
            weight: Param::from_tensor(Tensor::from_data(
                TensorData::new(weight, [inputs, outputs]),
                options,
            )),
            bias: Some(Param::from_tensor(Tensor::from_data(TensorData::new(bias, [outputs]), options))),
        }
    }
}

/// A network of the peers' sizes, in f64.
fn network(config: MadeConfig, context: usize) -> Made {
    let net = config.init(6, context, &[0.0, 0.0], &Device::flex(), &mut rng(1)).expect("a network");
    cast(net, FloatDType::F64).expect("f64")
}

/// Compares `z = x scale + shift`; parameters are `[batch, 6, 2]`.
fn assert_layer(
    golden: &Golden,
    net: &Made,
    x: Tensor<2>,
    z: &str,
    law: impl Fn(f64, f64) -> (f64, f64),
    context: Option<Tensor<2>>,
) {
    let c = context.as_ref().map_or(Context::NONE, Context::of);
    let params = numbers(net.forward(x.clone(), c));
    let (z, _) = golden.get(z);
    for ((pair, x), z) in params.chunks_exact(2).zip(numbers(x)).zip(z) {
        let (scale, shift) = law(pair[0], pair[1]);
        let found = x * scale + shift;
        assert!((found - z).abs() < 1e-9 * z.abs().max(1.0), "{found}, expected {z}");
    }
}

fn nflows_law(u: f64, shift: f64) -> (f64, f64) {
    (u.exp().ln_1p() + 1e-3, shift)
}

fn nflows_degrees() -> Vec<usize> {
    (0..32).map(|unit| unit % 5 + 1).collect()
}

#[test]
fn nflows_plain_network() {
    let golden = Golden::open("nflows_maf");
    let mut net = network(MadeConfig { hidden: vec![32, 32], ..Default::default() }, 0);
    let degrees = nflows_degrees();
    let (d, at) = (Some(&degrees[..]), "_transforms.0.autoregressive_net");
    net.layers[0].linear = golden.linear(&format!("{at}.initial_layer"), d, None);
    net.layers[1].linear = golden.linear(&format!("{at}.blocks.0.linear"), d, d);
    net.last.linear = golden.linear(&format!("{at}.final_layer"), None, d);
    assert_layer(&golden, &net.rezero(), golden.table("io.x"), "io.layer_out.0", nflows_law, None);
}

#[test]
fn nflows_residual_network_under_a_context() {
    let golden = Golden::open("nflows_maf_context");
    let config =
        MadeConfig { hidden: vec![32], blocks: 2, context_rule: ContextRule::Nflows, ..Default::default() };
    let mut net = network(config, 3);
    let degrees = nflows_degrees();
    let (d, at) = (Some(&degrees[..]), "_transforms.0.autoregressive_net");
    net.layers[0].linear = golden.linear(&format!("{at}.initial_layer"), d, None);
    net.context_layer = Some(golden.linear(&format!("{at}.context_layer"), d, None));
    for (i, block) in net.blocks.iter_mut().enumerate() {
        block.first.linear = golden.linear(&format!("{at}.blocks.{i}.linear_layers.0"), d, d);
        block.second.linear = golden.linear(&format!("{at}.blocks.{i}.linear_layers.1"), d, d);
        block.context_layer = Some(golden.linear(&format!("{at}.blocks.{i}.context_layer"), d, None));
    }
    net.last.linear = golden.linear(&format!("{at}.final_layer"), None, d);
    let context = Some(golden.table("io.context"));
    assert_layer(&golden, &net.rezero(), golden.table("io.x"), "io.layer_out.0", nflows_law, context);
}

#[test]
fn zuko_network_ascending_and_descending() {
    let golden = Golden::open("zuko_maf");
    let layers = [
        (Order::Ascending, "io.x", "io.layer_out.0"),
        (Order::Descending, "io.layer_out.0", "io.layer_out.1"),
    ];
    for (k, (order, x, z)) in layers.into_iter().enumerate() {
        let mut net = network(MadeConfig { hidden: vec![32, 32], order, ..Default::default() }, 3);
        let at = format!("transform.transforms.{k}.hyper");
        // A unit's degree is the number of features that it sees.
        let (mask, inputs) = golden.get(&format!("weights.{at}.0.mask"));
        let degrees: Vec<usize> =
            mask.chunks_exact(inputs).map(|row| row[..6].iter().filter(|&&m| m != 0.0).count()).collect();
        let d = Some(&degrees[..]);
        net.layers[0].linear = golden.linear(&format!("{at}.0"), d, None);
        net.layers[1].linear = golden.linear(&format!("{at}.2"), d, d);
        net.last.linear = golden.linear(&format!("{at}.4"), None, d);
        let law = |shift: f64, u: f64| ((u / (1.0 + (u / 1e-3_f64.ln()).abs())).exp(), shift);
        assert_layer(&golden, &net.rezero(), golden.table(x), z, law, Some(golden.table("io.context")));
    }
}
