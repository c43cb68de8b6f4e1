//! Activations of whole tensors on burn's Flex backend.

use super::Activation;
use super::loops::{Pull, Show, Values, ValuesAndKept};
use super::op::ActivationOps;
use crate::flex::{chunks, contiguous, for_chunks, numbers, own, rows_per_task, tensor};
use crate::real::Real;
use crate::simd::dispatch;
use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::DType;

impl ActivationOps for Flex {
    fn activate(u: FlexTensor, activation: Activation) -> FlexTensor {
        match u.dtype() {
            DType::F64 => values::<f64>(u, activation),
            _ => values::<f32>(u, activation),
        }
    }

    fn activate_and_keep(u: FlexTensor, activation: Activation) -> (FlexTensor, FlexTensor) {
        match u.dtype() {
            DType::F64 => values_and_kept::<f64>(u, activation),
            _ => values_and_kept::<f32>(u, activation),
        }
    }

    fn activate_backward(grad: FlexTensor, kept: FlexTensor, activation: Activation) -> FlexTensor {
        match grad.dtype() {
            DType::F64 => pull::<f64>(grad, kept, activation),
            _ => pull::<f32>(grad, kept, activation),
        }
    }
}

fn values<T: Real>(u: FlexTensor, activation: Activation) -> FlexTensor {
    let mut y = own::<T>(u);
    let values = T::storage_mut(&mut y);
    let size = rows_per_task(values.len(), 1);
    chunks(true, values, size, |_, values| dispatch(Show(Some(activation), Values(values))));
    y
}

fn values_and_kept<T: Real>(u: FlexTensor, activation: Activation) -> (FlexTensor, FlexTensor) {
    let mut y = own::<T>(u);
    let shape: Vec<usize> = y.layout().shape().iter().copied().collect();
    let values = T::storage_mut(&mut y);
    let mut kept = vec![T::ZERO; values.len()];
    let size = rows_per_task(values.len(), 1);
    for_chunks(true, (values, size), (&mut kept, size), |_, values, kept| {
        dispatch(Show(Some(activation), ValuesAndKept(values, kept)));
    });
    (y, tensor(kept, &shape))
}

fn pull<T: Real>(grad: FlexTensor, kept: FlexTensor, activation: Activation) -> FlexTensor {
    let (mut grad, kept) = (own::<T>(grad), contiguous(kept));
    let (gradients, kept) = (T::storage_mut(&mut grad), numbers::<T>(&kept));
    let size = rows_per_task(gradients.len(), 1);
    chunks(true, gradients, size, |i, gradients| {
        let kept = &kept[i * size..i * size + gradients.len()];
        dispatch(Show(Some(activation), Pull(gradients, kept)));
    });
    grad
}
