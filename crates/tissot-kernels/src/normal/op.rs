//! The operation on Flex, with its place in the autodiff graph.

use crate::flex::{contiguous, numbers, tensor};
use crate::real::{Real, sum};
use burn::backend::autodiff::Autodiff;
use burn::backend::autodiff::checkpoint::base::Checkpointer;
use burn::backend::autodiff::checkpoint::strategy::CheckpointStrategy;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::{Backward, Ops, OpsKind};
use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::{DType, Tensor};

/// log(2 pi) / 2.
const HALF_LOG_TWO_PI: f64 = 0.918_938_533_204_672_7;

/// See [`log_prob`](super::log_prob).
pub(super) fn log_prob(z: &Tensor<2>) -> Tensor<1> {
    Tensor::from_dispatch(<Dispatch as NormalOps>::normal(z.clone().into_dispatch()))
}

#[backend_extension(Flex, Autodiff)]
pub(super) trait NormalOps: Backend {
    /// The log-density of each row of `z`.
    fn normal(z: FloatTensor<Self>) -> FloatTensor<Self>;

    /// The gradient of `z` for that of the log-densities: `-z g`.
    fn normal_backward(z: FloatTensor<Self>, grad: FloatTensor<Self>) -> FloatTensor<Self>;
}

impl NormalOps for Flex {
    fn normal(z: FlexTensor) -> FlexTensor {
        match z.dtype() {
            DType::F64 => forward::<f64>(z),
            _ => forward::<f32>(z),
        }
    }

    fn normal_backward(z: FlexTensor, grad: FlexTensor) -> FlexTensor {
        match z.dtype() {
            DType::F64 => backward::<f64>(z, grad),
            _ => backward::<f32>(z, grad),
        }
    }
}

fn forward<T: Real>(z: FlexTensor) -> FlexTensor {
    let z = contiguous(z);
    let [rows, n] = [0, 1].map(|axis| z.layout().shape()[axis]);
    let values: &[T] = numbers(&z);
    let constant = n as f64 * HALF_LOG_TWO_PI;
    let squares = |row: &[T]| sum(row, |z| z * z);
    let of = |row: usize| T::of(-0.5 * squares(&values[row * n..(row + 1) * n]) - constant);
    tensor((0..rows).map(of).collect(), &[rows])
}

fn backward<T: Real>(z: FlexTensor, grad: FlexTensor) -> FlexTensor {
    let (z, grad) = (contiguous(z), contiguous(grad));
    let [rows, n] = [0, 1].map(|axis| z.layout().shape()[axis]);
    let (values, grad): (&[T], &[T]) = (numbers(&z), numbers(&grad));
    let rows_of = values.chunks_exact(n.max(1)).zip(grad);
    tensor(rows_of.flat_map(|(row, &g)| row.iter().map(move |&z| -z * g)).collect(), &[rows, n])
}

#[derive(Debug)]
struct NormalBackward;

impl<B: NormalOps> Backward<B, 1> for NormalBackward {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [node] = ops.parents;
        let grad = grads.consume::<B>(&ops.node);
        if let Some(node) = node {
            grads.register::<B>(node.id, B::normal_backward(ops.state, grad));
        }
    }
}

impl<B: NormalOps, C: CheckpointStrategy> NormalOps for Autodiff<B, C> {
    fn normal(z: FloatTensor<Self>) -> FloatTensor<Self> {
        let prep = NormalBackward.prepare::<C>([z.node()]).compute_bound().stateful();
        let z = z.into_primitive();
        match prep {
            OpsKind::Tracked(prep) => {
                let out = B::normal(z.clone());
                prep.finish(z, out)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::normal(z)),
        }
    }

    fn normal_backward(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        unimplemented!("burn's autodiff is of first order")
    }
}
