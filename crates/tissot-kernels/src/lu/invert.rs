//! Inverses of triangular matrices in few, large matrix products.

use burn::tensor::ops::PadMode;
use burn::tensor::{Int, Tensor};

/// The inverses of `k` lower triangular matrices, given by what is below their diagonals and by the reciprocals of
/// what is on them.
///
/// With the inverses of all diagonal blocks of one size known, those of twice the size are
///
/// ```text
/// [A 0]^-1   [    A^-1        0   ]
/// [B C]    = [-C^-1 B A^-1   C^-1 ]
/// ```
///
/// so sizes 1, 2, 4, .. need `2 log2(n)` batched products of `n^3 / 3` multiplications altogether. Rounding grows as in
/// substitution (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, section 14.2); powers of `I - L` would
/// overflow what they cancel.
///
/// # Shapes
/// `strict`: `[k, n, n]`, zero on and above the diagonals; `reciprocal`: `[k, n]`; the inverses `[k, n, n]`.
pub(super) fn invert_lower(strict: Tensor<3>, reciprocal: Tensor<2>) -> Tensor<3> {
    let [k, n] = reciprocal.dims();
    let size = n.next_power_of_two();
    let (mut strict, mut reciprocal) = (strict, reciprocal);
    if size > n {
        // Ones on the diagonal, alone in their rows and columns: they leave the rest as it is.
        let extra = (0, size - n);
        strict = strict.pad([extra, extra], PadMode::Constant(0.0));
        reciprocal = reciprocal.pad([extra], PadMode::Constant(1.0));
    }
    let mut inverse: Tensor<4> = reciprocal.reshape([k, size, 1, 1]);
    let mut block = 1;
    while block < size {
        let pairs = size / (2 * block);
        let stacked = inverse.reshape([k, pairs, 2 * block, block]);
        let a = stacked.clone().narrow(2, 0, block);
        let c = stacked.narrow(2, block, block);
        let b = below_diagonal_blocks(&strict, block);
        let corner = c.clone().matmul(b.matmul(a.clone())).neg();
        let left = Tensor::cat(vec![a.clone(), corner], 2);
        let right = Tensor::cat(vec![a.zeros_like(), c], 2);
        inverse = Tensor::cat(vec![left, right], 3);
        block *= 2;
    }
    inverse.reshape([k, size, size]).narrow(1, 0, n).narrow(2, 0, n)
}

/// The lower left block of each diagonal block of size `2 block`, `[k, pairs, block, block]`.
fn below_diagonal_blocks(matrices: &Tensor<3>, block: usize) -> Tensor<4> {
    let [k, size, _] = matrices.dims();
    let pairs = size / (2 * block);
    let blocks = matrices
        .clone()
        .reshape([k, pairs, 2 * block, pairs, 2 * block])
        .narrow(2, block, block)
        .narrow(4, 0, block)
        .swap_dims(2, 3)
        .reshape([k, pairs * pairs, block, block]);
    let diagonal = Tensor::<1, Int>::arange(0..pairs as i64, &matrices.device()).mul_scalar(pairs as i64 + 1);
    blocks.select(1, diagonal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use burn::tensor::{DType, Device, TensorData};

    /// Entries of either sign, some of them large, from a linear congruence.
    fn entries(n: usize, seed: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * 7919 + seed * 104_729) % 1009) as f64 / 504.5 - 1.0).collect()
    }

    #[test]
    fn times_the_matrix_is_one() {
        let device = Device::flex();
        for n in [1, 2, 3, 5, 8, 13] {
            let strict = Tensor::<3>::from_data(
                TensorData::new(entries(2 * n * n, n), [2, n, n]),
                (&device, DType::F64),
            )
            .tril(-1);
            let reciprocal =
                Tensor::<2>::from_data(TensorData::new(entries(2 * n, n + 1), [2, n]), (&device, DType::F64))
                    .add_scalar(2.0);
            let eye = Tensor::<2>::eye(n, &device).cast(DType::F64).unsqueeze::<3>();
            let inverse = invert_lower(strict.clone(), reciprocal.clone());
            let matrix = strict + eye.clone() * reciprocal.recip().reshape([2, n, 1]);
            let residual = (matrix.matmul(inverse) - eye).abs().max().into_scalar::<f64>();
            assert!(residual < 1e-11, "n = {n}: {residual:e}");
        }
    }

    #[test]
    fn ones_invert_exactly() {
        let (n, device) = (64, Device::flex());
        let strict = Tensor::<3>::ones([1, n, n], &device).tril(-1);
        let inverse = invert_lower(strict, Tensor::ones([1, n], &device)).reshape([n, n]);
        let below = Tensor::<2>::ones([n, n], &device).tril(-1).triu(-1);
        let expected = Tensor::<2>::eye(n, &device) - below;
        assert_eq!((inverse - expected).abs().max().into_scalar::<f32>(), 0.0);
    }
}
