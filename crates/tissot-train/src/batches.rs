//! The rows of each step: which ones, and their dequantisation, from (seed, step) alone.

use crate::rows::Rows;
use burn::tensor::{DType, Device, Tensor, TensorData};
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use tissot::columns::Columns;

/// What randomness is for: each purpose has streams of its own.
#[derive(Clone, Copy)]
pub(crate) enum Purpose {
    Weights,
    Epoch,
    Step,
    Report,
}

/// The randomness of the `k`-th use for a purpose in the run of `seed`.
pub(crate) fn rng(seed: u64, purpose: Purpose, k: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed.wrapping_mul(4).wrapping_add(purpose as u64));
    rng.set_stream(k);
    rng
}

/// The randomness of the loss of step `k`, beside that of its batch.
pub(crate) fn noise(seed: u64, k: u64) -> ChaCha8Rng {
    rng(seed, Purpose::Step, k | 1 << 63)
}

/// Rows as the flow sees them, on a device, with the log-det of the preprocessing of each.
pub(crate) struct Batch {
    pub x: Tensor<2>,
    pub context: Option<Tensor<2>>,
    pub log_det: Vec<f64>,
}

/// Rows in the user's units that become batches of standardised ones.
pub(crate) struct Batches<'a> {
    pub rows: &'a Rows,
    pub columns: &'a Columns,
    pub context: &'a Columns,
    pub device: &'a Device,
    pub dtype: DType,
}

impl Batches<'_> {
    /// The rows at `indices`; whole numbers are dequantised by `rng`.
    pub fn at(&self, indices: &[usize], rng: &mut ChaCha8Rng) -> Batch {
        let (d, c) = (self.columns.len(), self.context.len());
        let mut x = Vec::with_capacity(indices.len() * d);
        let mut context = Vec::with_capacity(indices.len() * c);
        let log_det = indices
            .iter()
            .map(|&i| {
                // Out of its domain a context value is taken as the mean (zeros), a row has no density.
                let _ = self.context.forward(&self.rows.context[i * c..(i + 1) * c], &mut context, rng);
                self.columns
                    .forward(&self.rows.values[i * d..(i + 1) * d], &mut x, rng)
                    .unwrap_or(f64::NEG_INFINITY)
            })
            .collect();
        let tensor = |values: Vec<f64>, width: usize| {
            Tensor::from_data(TensorData::new(values, [indices.len(), width]), (self.device, self.dtype))
        };
        Batch { x: tensor(x, d), context: (c > 0).then(|| tensor(context, c)), log_det }
    }

    /// All rows, `size` at a time.
    pub fn all(&self, size: usize, seed: u64) -> impl Iterator<Item = Batch> + '_ {
        (0..self.rows.n).step_by(size).map(move |start| {
            let indices: Vec<usize> = (start..self.rows.n.min(start + size)).collect();
            self.at(&indices, &mut rng(seed, Purpose::Report, start as u64))
        })
    }
}

/// Which rows a step takes: epochs in seeded orders, cut in batches, a last part of an epoch left out.
pub(crate) struct Shuffle {
    seed: u64,
    rows: usize,
    batch: usize,
    epoch: Option<(u64, Vec<usize>)>,
}

impl Shuffle {
    pub fn new(seed: u64, rows: usize, batch: usize) -> Self {
        Self { seed, rows, batch: batch.min(rows), epoch: None }
    }

    /// The row numbers of step `step`.
    pub fn step(&mut self, step: u64) -> &[usize] {
        let steps = (self.rows / self.batch) as u64;
        let (epoch, place) = (step / steps, (step % steps) as usize);
        if self.epoch.as_ref().is_none_or(|(known, _)| *known != epoch) {
            let mut order: Vec<usize> = (0..self.rows).collect();
            order.shuffle(&mut rng(self.seed, Purpose::Epoch, epoch));
            self.epoch = Some((epoch, order));
        }
        let order = self.epoch.as_ref().map_or(&[][..], |(_, order)| order);
        &order[place * self.batch..(place + 1) * self.batch]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_takes_each_row_once_and_any_step_can_be_taken_first() {
        let mut a = Shuffle::new(7, 12, 4);
        let mut seen: Vec<usize> = (0..3).flat_map(|step| a.step(step).to_vec()).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..12).collect::<Vec<_>>());
        let fourth = a.step(4).to_vec();
        assert_eq!(Shuffle::new(7, 12, 4).step(4), fourth);
        assert_ne!(Shuffle::new(8, 12, 4).step(4), fourth);
        assert_ne!(a.step(1).to_vec(), fourth);
    }
}
