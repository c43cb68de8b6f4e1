//! Flows that are bent, without training.

use burn::module::{ModuleMapper, Param};
use burn::tensor::{Tensor, TensorData};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::Rng;

/// Moves every weight by up to half of a number, either way.
pub struct Shake(pub ChaCha8Rng, pub f64);

impl ModuleMapper for Shake {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        param.map(|value| {
            let part = |_| self.1 * (f64::from(self.0.next_u32()) / f64::from(u32::MAX) - 0.5);
            let moves: Vec<f64> = (0..value.dims().iter().product()).map(part).collect();
            let moves = Tensor::from_data(TensorData::new(moves, value.dims()), &value.device());
            value + moves
        })
    }
}
