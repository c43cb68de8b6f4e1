//! What is audited: a flow at rows.

use super::thresholds::{Effort, Thresholds};
use crate::base::{Base, Site};
use crate::bijection::{Bijection, Context};
use crate::flow::Flow;
use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use rand::Rng;

/// Rows that go through the flow at a time.
const BLOCK: usize = 4_096;

/// The conditions of some rows, as the layers see them: embedded.
#[derive(Clone)]
pub(super) struct Conditions {
    pub features: Option<Tensor<2>>,
    pub maps: Option<Tensor<4>>,
}

impl Conditions {
    pub fn of(context: Context<'_>) -> Self {
        Self { features: context.features.cloned(), maps: context.maps.cloned() }
    }

    pub fn context(&self) -> Context<'_> {
        Context { features: self.features.as_ref(), maps: self.maps.as_ref() }
    }

    /// Whether the density depends on anything.
    pub fn any(&self) -> bool {
        self.features.is_some() || self.maps.is_some()
    }

    /// Those of some rows.
    pub fn select(&self, rows: &[usize]) -> Self {
        Self {
            features: self.features.as_ref().map(|v| select(v, rows)),
            maps: self.maps.as_ref().map(|v| select(v, rows)),
        }
    }

    pub fn cast(&self, dtype: DType) -> Self {
        Self {
            features: self.features.clone().map(|v| v.cast(dtype)),
            maps: self.maps.clone().map(|v| v.cast(dtype)),
        }
    }
}

/// The rows of a tensor at these indices.
pub(super) fn select<const D: usize>(x: &Tensor<D>, rows: &[usize]) -> Tensor<D> {
    let rows: Vec<i64> = rows.iter().map(|&row| row as i64).collect();
    let n = rows.len();
    x.clone().select(0, Tensor::<1, Int>::from_data(TensorData::new(rows, [n]), &x.device()))
}

/// `most` of `n` rows, evenly spaced; all where there are fewer.
pub(super) fn spaced(n: usize, most: usize) -> Vec<usize> {
    let most = most.min(n);
    (0..most).map(|k| k * n / most).collect()
}

/// A flow without gradients, at rows.
pub(super) struct Subject<'a, const D: usize, T, B> {
    pub flow: &'a Flow<T, B>,
    pub x: Tensor<D>,
    pub given: Conditions,
    /// Whether the rows are data; the model's own samples otherwise.
    pub data: bool,
    pub thresholds: &'a Thresholds,
    pub effort: &'a Effort,
}

impl<const D: usize, T: Bijection<D>, B: Base<D>> Subject<'_, D, T, B> {
    /// How many rows.
    pub fn rows(&self) -> usize {
        self.x.dims()[0]
    }

    /// How many numbers a sample has.
    pub fn width(&self) -> usize {
        self.x.dims()[1..].iter().product()
    }

    /// Forward of all of `x`, in blocks of bounded memory.
    pub fn forward(&self, x: &Tensor<D>, given: &Conditions) -> (Tensor<D>, Tensor<1>) {
        in_blocks(x, given, |x, context| self.flow.bijection.forward(x, context))
    }

    /// Inverse of all of `z`.
    pub fn inverse(&self, z: &Tensor<D>, given: &Conditions) -> (Tensor<D>, Tensor<1>) {
        in_blocks(z, given, |z, context| self.flow.bijection.inverse(z, context))
    }

    /// The same places, those on circles within one turn: what distances and distributions are measured on.
    pub fn one_turn(&self, x: Tensor<D>) -> Tensor<D> {
        match self.flow.base.circles() {
            Some(circles) => circles.wrap(x),
            None => x,
        }
    }

    /// `n` latents; with conditions one a row of them.
    pub fn latents(&self, n: usize, given: &Conditions, rng: &mut dyn Rng) -> Tensor<D> {
        let device: Device = self.x.device();
        let site = Site { device: &device, dtype: self.x.dtype() };
        self.flow.base.sample(n, given.context(), 1.0, site, rng)
    }

    /// `n` row numbers to take conditions from, over and over.
    pub fn repeated(&self, n: usize) -> Vec<usize> {
        (0..n).map(|k| k % self.rows().max(1)).collect()
    }
}

fn in_blocks<const D: usize>(
    x: &Tensor<D>,
    given: &Conditions,
    map: impl Fn(Tensor<D>, Context<'_>) -> (Tensor<D>, Tensor<1>),
) -> (Tensor<D>, Tensor<1>) {
    let n = x.dims()[0];
    if n <= BLOCK {
        return map(x.clone(), given.context());
    }
    let (values, log_dets) = (0..n)
        .step_by(BLOCK)
        .map(|start| {
            let rows: Vec<usize> = (start..n.min(start + BLOCK)).collect();
            map(select(x, &rows), given.select(&rows).context())
        })
        .unzip();
    (Tensor::cat(values, 0), Tensor::cat(log_dets, 0))
}

#[cfg(test)]
mod tests {
    use super::spaced;

    #[test]
    fn rows_are_spaced_evenly() {
        assert_eq!(spaced(10, 4), [0, 2, 5, 7]);
        assert_eq!(spaced(3, 5), [0, 1, 2]);
        assert!(spaced(0, 5).is_empty());
    }
}
