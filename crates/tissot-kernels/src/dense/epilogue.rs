//! What follows a product on GPUs: bias and activation in one kernel, and the gradient of the activation in another; that of the
//! bias is burn's sum over rows.
//!
//! The products themselves are burn's, which has them tuned for each device; with their own gradients they stand beside this
//! operation in the graph.

use super::composed::activated;
use crate::activation::Activation;
use crate::activation::cube::{apply, follows_from_value, pull_back};
use crate::cube::{Fixed, Target, buffer, enter, leave, like};
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::Tensor;
use burn_cubecl::cubecl;
use burn_cubecl::cubecl::calculate_cube_count_elemwise;
use cubecl::prelude::*;

/// `act(u + bias)` for rows as long as `bias`, of a GPU's tensors in f32.
pub(super) fn epilogue(u: Tensor<2>, bias: Tensor<1>, activation: Option<Activation>) -> Tensor<2> {
    let inside = activation.filter(|&activation| follows_from_value(activation));
    let (u, bias) = (u.into_dispatch(), bias.into_dispatch());
    let y = Tensor::from_dispatch(<Dispatch as EpilogueOps>::epilogue(u, bias, inside));
    if inside == activation { y } else { activated(y, activation) }
}

#[backend_extension(Cube, Autodiff, Fusion: cfg(feature = "fusion"))]
pub(super) trait EpilogueOps: Backend {
    /// `act(u + bias)`; `u`: `[rows, width]`, `bias`: `[width]`.
    #[fusion(dtype = u, shape = u)]
    fn epilogue(
        u: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
    ) -> FloatTensor<Self>;

    /// `grad act'(u)`, where `y = act(u)`.
    #[fusion(dtype = grad, shape = grad)]
    fn epilogue_backward(
        grad: FloatTensor<Self>,
        y: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self>;
}

impl EpilogueOps for Target {
    fn epilogue(
        u: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
    ) -> FloatTensor<Self> {
        let (u, bias) = (enter(u), enter(bias));
        let y = like(&u);
        let (count, width) = (u.meta.num_elements(), bias.meta.num_elements());
        if count == 0 {
            return leave(y);
        }
        let units = CubeDim::new(&u.client, count);
        let grid = calculate_cube_count_elemwise(&u.client, count, units);
        let activation = activation.map(Fixed);
        finish::launch(
            &u.client,
            grid,
            units,
            buffer(&u),
            buffer(&bias),
            buffer(&y),
            count,
            width,
            activation,
        );
        leave(y)
    }

    fn epilogue_backward(
        grad: FloatTensor<Self>,
        y: FloatTensor<Self>,
        activation: Activation,
    ) -> FloatTensor<Self> {
        let (grad, y) = (enter(grad), enter(y));
        let of_u = like(&grad);
        let count = grad.meta.num_elements();
        if count == 0 {
            return leave(of_u);
        }
        let units = CubeDim::new(&grad.client, count);
        let grid = calculate_cube_count_elemwise(&grad.client, count, units);
        let activation = Fixed(activation);
        pull::launch(&grad.client, grid, units, buffer(&grad), buffer(&y), buffer(&of_u), count, activation);
        leave(of_u)
    }
}

#[cube(launch)]
fn finish(
    u: &[f32],
    bias: &[f32],
    y: &mut [f32],
    count: usize,
    width: usize,
    #[comptime] activation: Option<Fixed<Activation>>,
) {
    let i = ABSOLUTE_POS;
    if i < count {
        let sum = u[i] + bias[i % width];
        if comptime!(activation.is_some()) {
            y[i] = apply(sum, comptime!(activation.unwrap()));
        } else {
            y[i] = sum;
        }
    }
}

#[cube(launch)]
fn pull(grad: &[f32], y: &[f32], of_u: &mut [f32], count: usize, #[comptime] activation: Fixed<Activation>) {
    let i = ABSOLUTE_POS;
    if i < count {
        of_u[i] = pull_back(grad[i], y[i], activation);
    }
}

#[derive(Debug)]
struct EpilogueBackward;

impl<B: EpilogueOps> Backward<B, 2> for EpilogueBackward {
    /// The output and the activation, where there is one.
    type State = Option<(FloatTensor<B>, Activation)>;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let grad = grads.consume::<B>(&ops.node);
        let of_u = match ops.state {
            Some((y, activation)) => B::epilogue_backward(grad, y, activation),
            None => grad,
        };
        let [u, bias] = ops.parents;
        if let Some(bias) = bias {
            let shape = of_u.shape();
            let sums = B::float_sum_dim(of_u.clone(), 0);
            grads.register::<B>(bias.id, B::float_reshape(sums, [shape[1]].into()));
        }
        if let Some(u) = u {
            grads.register::<B>(u.id, of_u);
        }
    }
}

impl<B: EpilogueOps, C: CheckpointStrategy> EpilogueOps for Autodiff<B, C> {
    fn epilogue(
        u: FloatTensor<Self>,
        bias: FloatTensor<Self>,
        activation: Option<Activation>,
    ) -> FloatTensor<Self> {
        let prep = EpilogueBackward.prepare::<C>([u.node(), bias.node()]).compute_bound().stateful();
        let y = B::epilogue(u.into_primitive(), bias.into_primitive(), activation);
        match prep {
            OpsKind::UnTracked(prep) => prep.finish(y),
            OpsKind::Tracked(prep) => prep.finish(activation.map(|activation| (y.clone(), activation)), y),
        }
    }

    fn epilogue_backward(_: FloatTensor<Self>, _: FloatTensor<Self>, _: Activation) -> FloatTensor<Self> {
        unimplemented!("burn's autodiff is of first order")
    }
}
