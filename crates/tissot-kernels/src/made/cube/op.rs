//! The inverse as an operation of burn's CubeCL backend.

use super::Plan;
use super::kernel::made_inverse;
use crate::cube::{Target, buffer, empty, enter, leave, like};
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{Int, Tensor};
use burn_cubecl::cubecl::calculate_cube_count_elemwise;
use burn_cubecl::cubecl::prelude::CubeDim;

/// The operation on tensors: `x` and `log |det dx/dz|`.
pub(super) fn inverse(
    z: Tensor<2>,
    net: Tensor<1>,
    tables: Tensor<1, Int>,
    plan: Plan,
) -> (Tensor<2>, Tensor<1>) {
    let (z, net, tables) = (z.into_dispatch(), net.into_dispatch(), tables.into_dispatch());
    let (x, log_dets) = <Dispatch as InverseOps>::made_inverse(z, net, tables, plan);
    (Tensor::from_dispatch(x), Tensor::from_dispatch(log_dets))
}

#[backend_extension(Cube, Fusion: cfg(feature = "fusion"))]
pub(super) trait InverseOps: Backend {
    /// `x`, `[rows, features]`, and the log-dets, `[rows]`, for `z`, the numbers of a network and its tables.
    #[fusion(meta = |z, _, _, _| {
        let mut sums = z.clone();
        sums.shape = burn::tensor::Shape::from(vec![z.shape[0]]);
        (z.clone(), sums)
    })]
    fn made_inverse(
        z: FloatTensor<Self>,
        net: FloatTensor<Self>,
        tables: IntTensor<Self>,
        plan: Plan,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
}

impl InverseOps for Target {
    fn made_inverse(
        z: FloatTensor<Self>,
        net: FloatTensor<Self>,
        tables: IntTensor<Self>,
        plan: Plan,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let (z, net, tables) = (enter(z), enter(net), enter(tables));
        let rows = z.meta.shape()[0];
        let tiles = rows.div_ceil(plan.tile);
        let (x, log_dets) = (like(&z), empty(&z, &[rows]));
        let sums = empty(&z, &[tiles * plan.tile, plan.sums]);
        let units = CubeDim::new_1d(plan.units as u32);
        made_inverse::launch(
            &z.client,
            calculate_cube_count_elemwise(&z.client, tiles * plan.units, units),
            units,
            buffer(&z),
            buffer(&net),
            buffer(&tables),
            buffer(&sums),
            buffer(&x),
            buffer(&log_dets),
            rows,
            plan,
        );
        (leave(x), leave(log_dets))
    }
}
