//! From tensors to slices and back.

use super::host::Stored;
use super::univariate::{ColumnInverse, Invert};
use super::{Net, row, strip};
use crate::flex::{contiguous, tensor};
use burn::backend::flex::FlexTensor;
use burn::tensor::{DType, Device, Tensor, TensorData};

/// Up to so many rows, one by one is faster than preparing the weights.
const FEW_ROWS: usize = 6;

/// See [`inverse`](super::inverse); `z` is Flex's and has rows.
pub(super) fn inverse(
    z: Tensor<2>,
    net: &Net,
    univariate: &dyn ColumnInverse,
) -> Option<(Tensor<2>, Tensor<1>)> {
    let (device, dims, dtype) = (z.device(), z.dims(), z.dtype());
    net.check(dims, univariate.num_params());
    let stored = Stored::new(net, z)?;
    match dtype {
        DType::F32 => typed::<f32>(&stored, net, univariate, dims, &device),
        _ => typed::<f64>(&stored, net, univariate, dims, &device),
    }
}

fn typed<T: Invert>(
    stored: &Stored,
    net: &Net,
    univariate: &dyn ColumnInverse,
    [rows, features]: [usize; 2],
    device: &Device,
) -> Option<(Tensor<2>, Tensor<1>)> {
    let host = stored.host::<T>(net)?;
    let (mut x, mut log_det) = (vec![T::default(); rows * features], vec![T::default(); rows]);
    if rows <= FEW_ROWS {
        row::inverse(&host, univariate, &mut x, &mut log_det);
    } else {
        strip::inverse(&host, univariate, None, &mut x, &mut log_det);
    }
    let options = (device, T::DTYPE);
    let x = Tensor::from_data(TensorData::new(x, [rows, features]), options);
    Some((x, Tensor::from_data(TensorData::new(log_det, [rows]), options)))
}

/// The gradient of `z` under that of the inverse's `x`, and its negative; `z` is one that [`inverse`] could take.
pub(super) fn solve(
    z: Tensor<2>,
    net: &Net,
    univariate: &dyn ColumnInverse,
    gradient: FlexTensor,
) -> [FlexTensor; 2] {
    let (dims, dtype) = (z.dims(), z.dtype());
    let stored = Stored::new(net, z).expect("the inverse was taken");
    match dtype {
        DType::F32 => typed_solve::<f32>(&stored, net, univariate, gradient, dims),
        _ => typed_solve::<f64>(&stored, net, univariate, gradient, dims),
    }
}

fn typed_solve<T: Invert>(
    stored: &Stored,
    net: &Net,
    univariate: &dyn ColumnInverse,
    gradient: FlexTensor,
    [rows, features]: [usize; 2],
) -> [FlexTensor; 2] {
    let host = stored.host::<T>(net).expect("the inverse was taken");
    let gradient = contiguous(gradient);
    let gradient = T::slice(&gradient).expect("a gradient of the values' type");
    let (mut found, mut unused) = (vec![T::ZERO; rows * features], vec![T::ZERO; rows]);
    strip::inverse(&host, univariate, Some(gradient), &mut found, &mut unused);
    let negative = found.iter().map(|&s| -s).collect();
    [found, negative].map(|values| tensor(values, &[rows, features]))
}
