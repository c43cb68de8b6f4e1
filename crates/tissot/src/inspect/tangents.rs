//! Jacobians in forward mode: tangents through the layers' own rules.

use super::jacobian::{derivatives, host};
use super::matrix::Jacobian;
use crate::bijection::{Bijection, Context};
use crate::layers::unit_tangents;
use burn::tensor::{Tensor, TensorData};
use nalgebra::DMatrix;
use rayon::prelude::*;

/// How many tangents go through the layers at a time: few enough that a network's states stay in a cache.
const TANGENTS_A_PASS: usize = 2_816;

/// Goes forward with tangents: `z = f(x)` and `J t` of each direction `t` at `x`, by [`Bijection::push`] or, where a layer
/// has no rule of its own, by the product with its Jacobian.
///
/// Weights are constants: pass `bijection.valid()`.
///
/// # Shapes
/// `x`: `[batch, features, ..]`; `tangents`: `[batch, directions, n]`, `n` the features times positions; so is `J t`.
///
/// # Panics
/// Where the shapes do not fit.
pub fn push<const D: usize, B: Bijection<D>>(
    bijection: &B,
    x: Tensor<D>,
    tangents: Tensor<3>,
    context: Context<'_>,
) -> (Tensor<D>, Tensor<3>) {
    if let Some(done) = bijection.push(x.clone(), tangents.clone(), context) {
        return done;
    }
    let [batch, _, n] = tangents.dims();
    let values =
        derivatives(bijection, &x, context).iter().flat_map(|at| at.by_x.values().to_vec()).collect();
    let site = (&tangents.device(), tangents.dtype());
    let jacobian = Tensor::<3>::from_data(TensorData::new(values, [batch, n, n]), site);
    (bijection.forward(x, context).0, tangents.matmul(jacobian.swap_dims(1, 2)))
}

/// The Jacobian of `forward` at every sample of `x`, exact, in forward mode.
///
/// The unit vectors are sent through the layers as tangents. Layers of this crate have rules of their own (see
/// [`Bijection::push`]): the network of a coupling is passed once for each *kept* feature and up to its last map only;
/// elsewhere a layer is differentiated. [`derivatives`] takes the other way, reverse-mode differentiation of the whole, for
/// several times the cost, and trusts no rule: the two are tested against each other. Weights are constants: pass
/// `bijection.valid()`.
///
/// # Shapes
/// `x`: `[batch, features, ..]`; one Jacobian a sample, square, of as many rows as features times positions.
///
/// # Panics
/// Where the shapes do not fit the bijection.
///
/// # Cost
/// Up to `n` passes through the networks a sample, in parallel over blocks of samples on a CPU.
pub fn jacobians<const D: usize, B: Bijection<D>>(
    bijection: &B,
    x: &Tensor<D>,
    context: Context<'_>,
) -> Vec<Jacobian> {
    let dims = x.dims();
    let [batch, n] = [dims[0], dims[1..].iter().product()];
    let rows = (TANGENTS_A_PASS / n.max(1)).max(1);
    let x = x.clone().detach().without_autodiff();
    let cut = |start: usize| {
        let rows = rows.min(batch - start);
        Block {
            bijection: bijection.clone(),
            x: x.clone().narrow(0, start, rows),
            features: context.features.map(|c| c.clone().detach().without_autodiff().narrow(0, start, rows)),
            maps: context.maps.map(|c| c.clone().detach().without_autodiff().narrow(0, start, rows)),
        }
    };
    let blocks: Vec<_> = (0..batch).step_by(rows).map(cut).collect();
    if tissot_kernels::made::is_supported(&x.device(), x.dtype()) {
        blocks.into_par_iter().flat_map_iter(|block| block.jacobians(n)).collect()
    } else {
        blocks.into_iter().flat_map(|block| block.jacobians(n)).collect()
    }
}

/// The tangents `t'` with `J t' = t` for each of `tangents`, by elimination in f64 on the host; NaN where `J` is
/// singular.
///
/// # Shapes
/// `columns`: `[batch, n, n]`, the columns of each `J` as tangents; `tangents` and the result: `[batch, directions, n]`.
pub(crate) fn solve(columns: &Tensor<3>, tangents: &Tensor<3>) -> Tensor<3> {
    let [batch, directions, n] = tangents.dims();
    let (jacobians, right) = (host(columns.clone()), host(tangents.clone()));
    let one = |b: usize| {
        let j = DMatrix::from_column_slice(n, n, &jacobians[b * n * n..(b + 1) * n * n]);
        let size = directions * n;
        let t = DMatrix::from_column_slice(n, directions, &right[b * size..(b + 1) * size]);
        j.lu().solve(&t).map_or_else(|| vec![f64::NAN; size], |found| found.as_slice().to_vec())
    };
    let values = (0..batch).into_par_iter().flat_map_iter(one).collect();
    let site = (&tangents.device(), tangents.dtype());
    Tensor::from_data(TensorData::new(values, [batch, directions, n]), site)
}

/// Samples that go through the layers together.
struct Block<const D: usize, B> {
    bijection: B,
    x: Tensor<D>,
    features: Option<Tensor<2>>,
    maps: Option<Tensor<4>>,
}

impl<const D: usize, B: Bijection<D>> Block<D, B> {
    fn jacobians(self, n: usize) -> Vec<Jacobian> {
        let batch = self.x.dims()[0];
        let context = Context { features: self.features.as_ref(), maps: self.maps.as_ref() };
        let tangents = unit_tangents(batch, n, &self.x);
        let (_, tangents) = push(&self.bijection, self.x, tangents, context);
        // Row j of the tangents is column j of the Jacobian.
        let values = host(tangents.detach().without_autodiff().swap_dims(1, 2));
        (0..batch).map(|b| Jacobian::new(n, n, values[b * n * n..(b + 1) * n * n].to_vec())).collect()
    }
}
