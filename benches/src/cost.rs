//! The arithmetic and the memory that a flow cannot do without.

use burn::tensor::Tensor;
use tissot::layers::{Autoregressive, LuLinear};
use tissot::nets::{AnyConditioner, Made};
use tissot::univariate::AnyUnivariate;
use tissot::{AnyFlow, Layer};
use tissot_kernels::dense::Mask;

/// A linear map within a flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Map {
    /// Its inputs.
    pub inputs: usize,
    /// Its outputs.
    pub outputs: usize,
    /// Its weights in blocks that are not all 0.
    pub weights: usize,
    /// How often a sample passes it: once, or at each position of an image.
    pub times: usize,
}

/// The linear maps of a flow, in the order in which data pass them.
///
/// What is counted is the *useful* arithmetic of matrix products: blocks of masked weights that are all 0 do not
/// count, and neither do univariates, activations, biases and the optimiser. A multiplication with its addition is 2 FLOP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cost {
    /// The maps.
    pub maps: Vec<Map>,
}

/// The sizes `[m, k, n]` of a product `[m, k] [k, n]`.
pub type Product = [usize; 3];

impl Cost {
    /// The cost of `flow`, of tables or of images of so many `positions`.
    ///
    /// # Panics
    /// On layers and conditioners that no workload has.
    pub fn of(flow: &AnyFlow, positions: &[usize]) -> Self {
        let mut maps = Vec::new();
        let positions: usize = positions.iter().product();
        flow.bijection.layers.iter().for_each(|layer| add(layer, positions, &mut maps));
        Self { maps }
    }

    /// The useful FLOP of one pass over `rows` rows: of `log_prob`, and of a `sample` that needs one pass.
    pub fn pass(&self, rows: usize) -> f64 {
        2.0 * (rows * self.maps.iter().map(|map| map.times * map.weights).sum::<usize>()) as f64
    }

    /// The useful FLOP of a training step of `rows` rows: the pass, the gradients of all weights, and those of all inputs
    /// but the first map's, which are data.
    pub fn step(&self, rows: usize) -> f64 {
        let first = self.maps.first().map_or(0, |map| map.times * map.weights);
        3.0 * self.pass(rows) - 2.0 * (rows * first) as f64
    }

    /// The products of a training step as if no weight were masked: of the pass, then for the gradients.
    pub fn products(&self, rows: usize) -> Vec<Product> {
        let maps = || self.maps.iter();
        let pass = maps().map(|map| [rows * map.times, map.inputs, map.outputs]);
        let of_weights = maps().map(|map| [map.inputs, rows * map.times, map.outputs]);
        let of_inputs = maps().skip(1).map(|map| [rows * map.times, map.outputs, map.inputs]);
        pass.chain(of_weights).chain(of_inputs).collect()
    }

    /// The bytes that a training step of `rows` rows in f32 moves at least, where nothing stays in a cache.
    ///
    /// Each weight is read in the pass and on the way back, and with Adam's two moments read and written: 28 bytes. What
    /// each map gives is written in the pass and read on the way back: 8 bytes.
    pub fn step_bytes(&self, rows: usize) -> f64 {
        let weights: usize = self.maps.iter().map(|map| map.weights).sum();
        (28 * weights + 8 * rows * self.units()) as f64
    }

    /// The bytes that a training step holds: weights, gradients and moments, and what each map gave.
    pub fn step_memory(&self, rows: usize) -> usize {
        let weights: usize = self.maps.iter().map(|map| map.weights).sum();
        16 * weights + 4 * rows * self.units()
    }

    /// What all maps give for a row.
    fn units(&self) -> usize {
        self.maps.iter().map(|map| map.times * map.outputs).sum()
    }
}

/// The maps of a layer where a sample has so many positions.
fn add(layer: &Layer, positions: usize, maps: &mut Vec<Map>) {
    match layer {
        Layer::Permutation(_) | Layer::ActNorm(_) => {}
        Layer::Autoregressive(layer) => maps.extend(masked(layer)),
        Layer::LuLinear(layer) => maps.extend(triangles(layer).map(|map| Map { times: positions, ..map })),
        Layer::Coupling(layer) => match &layer.net {
            AnyConditioner::Mlp(net) => {
                let weights = net.hidden.iter().chain([&net.last]).map(|map| map.weight.val());
                maps.extend(weights.map(|weight| whole(weight.dims())));
            }
            AnyConditioner::Conv(net) => {
                let maps_of = [&net.first, &net.middle, &net.last].map(|convolution| {
                    let [outputs, inputs, h, w] = convolution.weight.dims();
                    Map { times: positions, ..whole([inputs * h * w, outputs]) }
                });
                maps.extend(maps_of);
            }
            other => panic!("the cost of {other} is not known"),
        },
        Layer::Squeezed(layer) => {
            layer.inner.layers.iter().for_each(|layer| add(layer, positions / 4, maps));
        }
        Layer::Split(layer) => layer.inner.layers.iter().for_each(|layer| add(layer, positions, maps)),
        other => panic!("the cost of {other} is not known"),
    }
}

fn whole([inputs, outputs]: [usize; 2]) -> Map {
    Map { inputs, outputs, weights: inputs * outputs, times: 1 }
}

/// The blocks that are not all 0 are those that `tissot_kernels` multiplies.
fn masked(layer: &Autoregressive<Made, AnyUnivariate>) -> Vec<Map> {
    let net = &layer.net;
    assert!(net.blocks.is_empty(), "no workload has residual blocks");
    let map = |map: &tissot::nets::MaskedLinear| {
        let forbidden = map.forbidden();
        let [inputs, outputs] = forbidden.dims();
        let forbidden: Vec<bool> = forbidden.into_data().iter().collect();
        let mask = Mask::new(inputs, outputs, |i, j| !forbidden[i * outputs + j]);
        Map { inputs, outputs, weights: mask.multiplied(), times: 1 }
    };
    net.layers.iter().chain([&net.last]).map(map).collect()
}

/// U with its diagonal, then L without.
fn triangles(layer: &LuLinear) -> [Map; 2] {
    let [n, _] = Tensor::dims(&layer.lower.val());
    let map = |weights| Map { inputs: n, outputs: n, weights, times: 1 };
    [map(n * (n + 1) / 2), map(n * (n - 1) / 2)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::module::Module;
    use burn::tensor::Device;
    use rand::SeedableRng;

    fn cost(spec: &str) -> Cost {
        let config = crate::workload(spec).unwrap().config;
        let flow = config.init(&Device::flex(), &mut rand_chacha::ChaCha8Rng::seed_from_u64(0)).unwrap();
        Cost::of(&flow, &config.positions)
    }

    #[test]
    fn a_coupling_is_counted_by_hand() {
        // 2 layers of 1-64-64-2.
        let cost = cost("W1:layers=2");
        let weights = 64 + 64 * 64 + 64 * 2;
        assert_eq!(cost.pass(10), (2 * 10 * 2 * weights) as f64);
        assert_eq!(cost.step(10), (6 * 10 * 2 * weights - 2 * 10 * 64) as f64);
        assert_eq!(cost.products(10).len(), 6 + 6 + 5);
        assert_eq!(cost.step_bytes(10), (28 * 2 * weights + 8 * 10 * 2 * (64 + 64 + 2)) as f64);
    }

    #[test]
    fn masks_leave_about_half() {
        let cost = cost("W3");
        let dense: usize = cost.maps.iter().map(|map| map.inputs * map.outputs).sum();
        let share = cost.maps.iter().map(|map| map.weights).sum::<usize>() as f64 / dense as f64;
        assert!((0.51..0.6).contains(&share), "{share}");
        assert_eq!(dense, 5 * (43 * 512 + 512 * 512 + 512 * 86));
    }

    #[test]
    fn a_convolution_is_counted_at_every_position() {
        // One level of one step on 3 x 4 x 4: 12 channels at 2 x 2, of which 6 move 6.
        let cost = cost("W6:side=4,levels=1,layers=1,hidden=8");
        let weights = 12 * 12 + 6 * 9 * 8 + 8 * 8 + 8 * 9 * 12;
        assert_eq!(cost.pass(5), (2 * 5 * 4 * weights) as f64);
        assert_eq!(cost.products(5)[2], [20, 54, 8]);
    }

    #[test]
    fn glow_has_the_parameters_of_nflows() {
        let config = crate::workload("W6").unwrap().config;
        let flow = config.init(&Device::flex(), &mut rand_chacha::ChaCha8Rng::seed_from_u64(0)).unwrap();
        // The halves of L and U that are not read, and the signs, which are not trained.
        let stored = [12, 24, 48].map(|n| 8 * (n * n + 2 * n)).iter().sum::<usize>();
        assert_eq!(flow.num_params() - stored, 1_587_456);
    }

    #[test]
    fn two_triangles_are_a_square() {
        assert_eq!(cost("W7").pass(1), (2 * 64 * 64) as f64);
    }
}
