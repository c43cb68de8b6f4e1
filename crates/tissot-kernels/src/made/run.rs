//! From tensors to slices and back.

use super::host::Stored;
use super::univariate::{ColumnInverse, Invert};
use super::{Net, row, strip};
use burn::tensor::{DType, Device, Tensor, TensorData};

/// Up to so many rows, one by one is faster than preparing the weights.
const FEW_ROWS: usize = 6;

/// See [`inverse`](super::inverse); `z` is Flex's and has rows.
pub(super) fn inverse(
    z: Tensor<2>,
    net: &Net<'_>,
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
    net: &Net<'_>,
    univariate: &dyn ColumnInverse,
    [rows, features]: [usize; 2],
    device: &Device,
) -> Option<(Tensor<2>, Tensor<1>)> {
    let host = stored.host::<T>(net)?;
    let (mut x, mut log_det) = (vec![T::default(); rows * features], vec![T::default(); rows]);
    let inverse = if rows <= FEW_ROWS { row::inverse } else { strip::inverse };
    inverse(&host, univariate, &mut x, &mut log_det);
    let options = (device, T::DTYPE);
    let x = Tensor::from_data(TensorData::new(x, [rows, features]), options);
    Some((x, Tensor::from_data(TensorData::new(log_det, [rows]), options)))
}
