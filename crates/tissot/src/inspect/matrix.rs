//! One Jacobian as a matrix on the host.

use serde::Serialize;

/// The derivatives of one sample's outputs by some inputs, in f64 on the host.
///
/// Features of events of a higher rank are counted in memory order: `(channel * height + row) * width + column`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Jacobian {
    outputs: usize,
    inputs: usize,
    values: Vec<f64>,
}

impl Jacobian {
    /// A Jacobian of `outputs` rows.
    ///
    /// # Panics
    /// Where `values` are not `outputs * inputs`.
    pub fn new(outputs: usize, inputs: usize, values: Vec<f64>) -> Self {
        assert_eq!(values.len(), outputs * inputs, "a Jacobian of {outputs} x {inputs}");
        Self { outputs, inputs, values }
    }

    /// The number of outputs, the rows.
    pub fn n(&self) -> usize {
        self.outputs
    }

    /// The number of inputs, the columns.
    pub fn inputs(&self) -> usize {
        self.inputs
    }

    /// The numbers, row after row.
    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// `dz_i / dx_j`.
    ///
    /// # Panics
    /// Outside the matrix.
    pub fn entry(&self, i: usize, j: usize) -> f64 {
        assert!(
            i < self.outputs && j < self.inputs,
            "entry ({i}, {j}) of {} x {}",
            self.outputs,
            self.inputs
        );
        self.values[i * self.inputs + j]
    }

    /// Column `j` times `scales[j]`: the derivatives by other lengths of the inputs.
    ///
    /// # Panics
    /// Where there is not one scale a column.
    #[must_use]
    pub fn with_columns_scaled(&self, scales: &[f64]) -> Self {
        assert_eq!(scales.len(), self.inputs, "a scale for each column");
        let values = self.values.iter().zip(scales.iter().cycle()).map(|(value, scale)| value * scale);
        Self { values: values.collect(), ..*self }
    }

    /// `log |det J|`, -infinity where `J` is singular; O(n^3).
    ///
    /// # Panics
    /// Where the matrix is not square.
    pub fn log_abs_det(&self) -> f64 {
        self.factored().0.iter().enumerate().map(|(k, row)| row[k].abs().ln()).sum()
    }

    /// The 1-norm `|J|`, the largest sum of a column.
    pub fn norm(&self) -> f64 {
        let column = |j| (0..self.outputs).map(|i| self.entry(i, j).abs()).sum();
        (0..self.inputs).map(column).fold(0.0, f64::max)
    }

    /// The condition number in the 1-norm, `|J| |J^-1|`: how much `J` can amplify a relative error. Infinite where
    /// `J` is singular, NaN where an entry is; O(n^3).
    ///
    /// # Panics
    /// Where the matrix is not square.
    pub fn condition(&self) -> f64 {
        self.norm() * self.inverse_norm()
    }

    /// The 1-norm of the inverse, `|J^-1|`. Infinite where `J` is singular, NaN where an entry is; O(n^3).
    ///
    /// # Panics
    /// Where the matrix is not square.
    pub fn inverse_norm(&self) -> f64 {
        let n = self.outputs;
        let (lu, order) = self.factored();
        if self.values.iter().any(|v| v.is_nan()) {
            return f64::NAN;
        }
        if lu.iter().enumerate().any(|(k, row)| row[k] == 0.0) {
            return f64::INFINITY;
        }
        (0..n)
            .map(|column| {
                // P J = L U, so column `c` of J^-1 solves L U x = P e_c.
                let mut x: Vec<f64> = order.iter().map(|&from| f64::from(u8::from(from == column))).collect();
                for i in 0..n {
                    x[i] -= (0..i).map(|k| lu[i][k] * x[k]).sum::<f64>();
                }
                for i in (0..n).rev() {
                    x[i] = (x[i] - (i + 1..n).map(|k| lu[i][k] * x[k]).sum::<f64>()) / lu[i][i];
                }
                x.iter().map(|v| v.abs()).sum()
            })
            .fold(0.0, f64::max)
    }

    /// Gaussian elimination with partial pivoting: `L` (below the diagonal) and `U` in one, and where each row came
    /// from.
    fn factored(&self) -> (Vec<Vec<f64>>, Vec<usize>) {
        let n = self.outputs;
        assert_eq!(n, self.inputs, "only a square Jacobian has a determinant");
        let mut a: Vec<Vec<f64>> = self.values.chunks(n.max(1)).map(<[f64]>::to_vec).collect();
        let mut order: Vec<usize> = (0..n).collect();
        for k in 0..n {
            let pivot = (k..n).max_by(|&i, &j| a[i][k].abs().total_cmp(&a[j][k].abs())).unwrap_or(k);
            a.swap(k, pivot);
            order.swap(k, pivot);
            if a[k][k] == 0.0 {
                continue;
            }
            let (done, rest) = a.split_at_mut(k + 1);
            for row in rest {
                row[k] /= done[k][k];
                let factor = row[k];
                row[k + 1..].iter_mut().zip(&done[k][k + 1..]).for_each(|(v, u)| *v -= factor * u);
            }
        }
        (a, order)
    }
}
