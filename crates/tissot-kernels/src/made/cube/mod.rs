//! The inverse of an autoregressive network on a GPU, all steps of all rows in one kernel.

mod kernel;
mod op;

use super::{ColumnInverse, Net};
use crate::activation::Activation;
use crate::cube::Fixed;
use crate::univariate::cube::FixedUnivariate;
use burn::backend::DispatchDevice;
use burn::tensor::{Device, Int, Tensor, TensorData};
use burn_cubecl::cubecl::ir::HardwareProperties;

/// So many units (threads) at most work on a tile of rows.
const MOST_UNITS: usize = 256;

/// The rows of a tile, where there are enough of them: each weight that is read serves all of them.
const TILE: usize = 4;

/// From so many rows on there are tiles of several.
const MANY_ROWS: usize = 256;

/// A masked map, as the kernel is compiled for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Map {
    pub inputs: usize,
    pub units: usize,
    /// Where its weight, `[inputs, units]`, starts in the numbers of the network.
    pub weight: usize,
    /// Where its bias starts.
    pub bias: Option<usize>,
    /// Where in a row's sums its own are.
    pub sums: usize,
    /// Where in a row's part of what is added from outside its own is.
    pub added: Option<usize>,
    /// The most units that become known in one step.
    pub most: usize,
    /// Where in a tile's shared memory those of a step are, `[most, tile]`.
    pub fresh: usize,
    /// What its units are due when their sums are complete.
    pub finish: Finish,
}

/// What is done to units of a hidden layer when their sums are complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Finish {
    /// The activation.
    Activate,
    /// They start the stream of the residual blocks; then the activation.
    Start,
    /// They are added to the stream; then the activation.
    Join,
    /// They are added to the stream, which the last layer sees as it is.
    JoinLast,
    /// Nothing.
    Keep,
}

/// What the kernel is compiled for.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Plan {
    pub univariate: FixedUnivariate,
    pub activation: Fixed<Activation>,
    pub features: usize,
    pub num_params: usize,
    /// The hidden layers and the last one, whose units are in the order in which they are needed.
    pub maps: Vec<Map>,
    /// The rows of a tile.
    pub tile: usize,
    /// The units that work on it.
    pub units: usize,
    /// Where in a row's sums the stream of the residual blocks is.
    pub stream: usize,
    /// How many sums a row has.
    pub sums: usize,
    /// Where what is added from outside starts in the numbers of the network, and how much of it a row has.
    pub added: [usize; 2],
    /// Where in a tile's shared memory the parameters of a feature are, and its values.
    pub params: usize,
    pub found: usize,
    /// How many numbers that memory has.
    pub shared: usize,
}

impl Plan {
    fn new(net: &Net, univariate: FixedUnivariate, tile: usize, units: usize) -> Self {
        let (features, num_params) = (net.order.len(), univariate.0.num_params());
        let end = net.hidden.len();
        let (mut maps, mut numbers, mut sums, mut fresh, mut added) = (Vec::new(), 0, 0, 0, 0);
        for (i, layer) in net.hidden.iter().chain([&net.last]).enumerate() {
            let [inputs, width] = layer.weight.dims();
            let most = net.degrees.get(i).map_or(0, |degrees| most_alike(degrees));
            let finish = match (net.blocks, i) {
                (true, 0) if end == 1 => Finish::Keep,
                (true, 0) => Finish::Start,
                (true, i) if i % 2 == 0 && i + 1 == end => Finish::JoinLast,
                (true, i) if i % 2 == 0 => Finish::Join,
                _ => Finish::Activate,
            };
            let bias = layer.bias.as_ref().map(|_| numbers + inputs * width);
            let own = layer.added.as_ref().map(|_| added);
            maps.push(Map {
                inputs,
                units: width,
                weight: numbers,
                bias,
                sums,
                added: own,
                most,
                fresh,
                finish,
            });
            numbers += inputs * width + bias.map_or(0, |_| width);
            sums += width;
            fresh += most * tile;
            added += own.map_or(0, |_| width);
        }
        let stream = sums;
        sums += if net.blocks { maps[0].units } else { 0 };
        let (params, found) = (fresh, fresh + num_params * tile);
        Self {
            univariate,
            activation: Fixed(net.activation),
            features,
            num_params,
            maps,
            tile,
            units,
            stream,
            sums,
            added: [numbers, added],
            params,
            found,
            shared: found + tile,
        }
    }

    /// Whether a device has the memory and the units.
    fn fits(&self, hardware: &HardwareProperties) -> bool {
        self.shared * size_of::<f32>() <= hardware.max_shared_memory_size
            && self.units <= hardware.max_units_per_cube as usize
            && self.units <= hardware.max_cube_dim.0 as usize
    }
}

/// The length of the longest run of equal numbers.
fn most_alike(degrees: &[usize]) -> usize {
    degrees.chunk_by(|a, b| a == b).map(<[usize]>::len).max().unwrap_or(0)
}

/// See [`inverse`](super::inverse); `z` is a GPU's, in f32, and has rows.
pub(super) fn inverse(
    z: Tensor<2>,
    net: &Net,
    univariate: &dyn ColumnInverse,
) -> Option<(Tensor<2>, Tensor<1>)> {
    let [rows, features] = z.dims();
    net.check([rows, features], univariate.num_params());
    let device = z.device();
    let univariate = Fixed(univariate.on_gpu()?);
    let DispatchDevice::Cube(cube) = device.as_dispatch() else { return None };
    let client = cube.client();
    let hardware = &client.properties().hardware;
    let units = MOST_UNITS.min(hardware.max_units_per_cube as usize);
    let tiles = if rows < MANY_ROWS { [1, 1] } else { [TILE, 1] };
    let plans = tiles.map(|tile| Plan::new(net, univariate, tile, units));
    let plan = plans.into_iter().find(|plan| plan.fits(hardware))?;
    Some(op::inverse(z, numbers(net), tables(net, &device), plan))
}

/// Weights and biases of each layer, then what is added to each from outside, row by row.
fn numbers(net: &Net) -> Tensor<1> {
    let flat = |tensor: &Tensor<2>| tensor.clone().reshape([-1]);
    let layers = || net.hidden.iter().chain([&net.last]);
    let mut parts: Vec<Tensor<1>> = Vec::new();
    for layer in layers() {
        parts.push(flat(&layer.weight));
        parts.extend(layer.bias.clone());
    }
    let added: Vec<Tensor<2>> = layers().filter_map(|layer| layer.added.clone()).collect();
    if !added.is_empty() {
        parts.push(flat(&Tensor::cat(added, 1)));
    }
    Tensor::cat(parts, 0)
}

/// The order of the features; then for each hidden layer how many units are known at the start of each step, and at the end.
fn tables(net: &Net, device: &Device) -> Tensor<1, Int> {
    let mut table: Vec<i32> = net.order.iter().map(|&i| i as i32).collect();
    for degrees in &net.degrees {
        table.extend((0..=net.order.len()).map(|k| degrees.partition_point(|&d| d < k) as i32));
    }
    let n = table.len();
    Tensor::from_data(TensorData::new(table, [n]), device)
}
