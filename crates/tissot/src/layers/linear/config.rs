//! How an LU-parameterised linear map is made.

use super::LuLinear;
use super::rotation::{Factors, Matrix, random_rotation};
use crate::error::Error;
use crate::layers::permutation::{Permutation, PermutationConfig};
use burn::module::Param;
use burn::tensor::activation::softplus_with_threshold;
use burn::tensor::{Device, Tensor, TensorData};
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Where the permutation of an [`LuLinear`] stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PermutationPlace {
    /// Nowhere: `W = L U`.
    None,
    /// The features are permuted first: `W = L U P`.
    Before,
    /// The features are permuted last: `W = P L U`.
    #[default]
    After,
}

/// How the size of a diagonal entry follows from its free parameter `u`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum DiagonalLaw {
    /// `exp(u)` (Kingma and Dhariwal 2018, eq. 11): 1 at `u = 0`, to the last digit.
    #[default]
    Exp,
    /// `ln(1 + exp(u)) + epsilon`.
    Softplus {
        /// What the size stays above; between 0 and 1.
        #[serde(default = "default_epsilon")]
        epsilon: f64,
    },
}

fn default_epsilon() -> f64 {
    1e-3
}

impl DiagonalLaw {
    /// The sizes and their logarithms.
    pub(super) fn sizes(self, u: Tensor<1>) -> (Tensor<1>, Tensor<1>) {
        match self {
            Self::Exp => (u.clone().exp(), u),
            Self::Softplus { epsilon } => {
                // Beyond 40 the softplus is its argument, to the last digit of an f64.
                let size = softplus_with_threshold(u, 1.0, 40.0).add_scalar(epsilon);
                (size.clone(), size.log())
            }
        }
    }

    /// The size at one free parameter, and its logarithm.
    pub(super) fn size(self, u: f64) -> (f64, f64) {
        match self {
            Self::Exp => (u.exp(), u),
            Self::Softplus { epsilon } => {
                let size = u.max(0.0) + (-u.abs()).exp().ln_1p() + epsilon;
                (size, size.ln())
            }
        }
    }

    /// The free parameter of a size; sizes that the law cannot reach are moved to 2 epsilon.
    fn free(self, size: f64) -> f64 {
        match self {
            Self::Exp => size.ln(),
            Self::Softplus { epsilon } => {
                let s = (size - epsilon).max(epsilon);
                s + (-(-s).exp_m1()).ln()
            }
        }
    }
}

/// What an [`LuLinear`] is at its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinearStart {
    /// The permutation alone: `L = U = 1`.
    #[default]
    Identity,
    /// A random rotation, as in Glow: `P L U` with the permutation P that its pivots make, so the configured one is not
    /// read. With P first, or none, it is `L U P` or `L U`: other orthogonal matrices.
    RandomRotation,
}

/// How to make an [`LuLinear`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LuLinearConfig {
    /// Where the permutation stands.
    pub place: PermutationPlace,
    /// The permutation; without meaning where `place` is `None`.
    pub permutation: PermutationConfig,
    /// The law of the diagonal.
    pub diagonal: DiagonalLaw,
    /// Whether a bias is added.
    pub bias: bool,
    /// What it is at its start.
    pub start: LinearStart,
}

impl Default for LuLinearConfig {
    fn default() -> Self {
        Self {
            place: PermutationPlace::default(),
            permutation: PermutationConfig::default(),
            diagonal: DiagonalLaw::default(),
            bias: true,
            start: LinearStart::default(),
        }
    }
}

impl LuLinearConfig {
    /// A linear map of `features`.
    ///
    /// Weights of other libraries go into the fields of the result: of `lower` only what is below the diagonal is read, of
    /// `upper` only what is above.
    ///
    /// # Errors
    /// [`Error::Config`] for no features, an `epsilon` outside (0, 1), or an order that is no permutation.
    pub fn init(&self, features: usize, device: &Device, rng: &mut dyn Rng) -> Result<LuLinear, Error> {
        if features == 0 {
            return Err(Error::config("features", features, "at least 1"));
        }
        if let DiagonalLaw::Softplus { epsilon } = self.diagonal
            && !(epsilon > 0.0 && epsilon < 1.0)
        {
            return Err(Error::config(
                "diagonal.epsilon",
                epsilon,
                "more than 0 and less than 1, such as 1e-3",
            ));
        }
        let Start { permutation, lower, upper } = self.start(features, device, rng)?;
        let matrix = |m: &Matrix, keep: fn(usize, usize) -> bool| {
            let n = features;
            let values = (0..n * n).map(|k| if keep(k / n, k % n) { m[k / n][k % n] } else { 0.0 }).collect();
            Param::from_tensor(Tensor::from_data(TensorData::new(values, [n, n]), device))
        };
        let vector = |of: &dyn Fn(f64) -> f64| {
            let values: Vec<f64> = (0..features).map(|i| of(upper[i][i])).collect();
            Param::from_tensor(Tensor::from_data(TensorData::new(values, [features]), device))
        };
        Ok(LuLinear {
            lower: matrix(&lower, |i, j| j < i),
            upper: matrix(&upper, |i, j| j > i),
            diagonal: vector(&|d| self.diagonal.free(d.abs())),
            sign: vector(&f64::signum).set_require_grad(false),
            bias: self.bias.then(|| Param::from_tensor(Tensor::zeros([features], device))),
            permutation,
            place: self.place,
            law: self.diagonal,
        })
    }

    /// The factors at the start.
    fn start(&self, features: usize, device: &Device, rng: &mut dyn Rng) -> Result<Start, Error> {
        let placed = self.place != PermutationPlace::None;
        match self.start {
            LinearStart::Identity => {
                let made =
                    || self.permutation.init(features, device, rng).map_err(|e| e.within("permutation"));
                let row = |i| (0..features).map(|j| f64::from(i == j)).collect();
                let identity: Matrix = (0..features).map(row).collect();
                let permutation = placed.then(made).transpose()?;
                Ok(Start { permutation, lower: identity.clone(), upper: identity })
            }
            LinearStart::RandomRotation => {
                let Factors { order, lower, upper } = random_rotation(features, rng);
                let permutation = placed.then(|| Permutation::of(&order, device).inverted());
                Ok(Start { permutation, lower, upper })
            }
        }
    }
}

/// `P`, `L` and `U` on the host.
struct Start {
    permutation: Option<Permutation>,
    lower: Matrix,
    upper: Matrix,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bijection::{Bijection, Context};
    use crate::layers::linear::rotation::random_orthogonal;
    use rand::SeedableRng;
    use rand_chacha::ChaCha8Rng;

    #[test]
    fn a_rotation_is_the_one_that_was_drawn() {
        let (n, device) = (7, Device::flex());
        let config = LuLinearConfig { start: LinearStart::RandomRotation, ..Default::default() };
        let layer = config.init(n, &device, &mut ChaCha8Rng::seed_from_u64(2)).unwrap();
        let (transposed, _) = layer.forward(Tensor::<2>::eye(n, &device), Context::NONE);
        let found = transposed.transpose().into_data().iter::<f64>().collect::<Vec<_>>();
        let drawn = random_orthogonal(n, &mut ChaCha8Rng::seed_from_u64(2)).concat();
        for (k, (found, drawn)) in found.into_iter().zip(drawn).enumerate() {
            // The last column may have been reflected.
            let same = if k % n == n - 1 { found.abs() - drawn.abs() } else { found - drawn };
            assert!(same.abs() < 1e-5, "entry {k}: {found} for {drawn}");
        }
    }

    #[test]
    fn the_free_parameter_gives_the_size_back() {
        for size in [0.01, 0.5, 1.0, 3.0, 60.0] {
            for law in [DiagonalLaw::Exp, DiagonalLaw::Softplus { epsilon: 1e-3 }] {
                let u = Tensor::<1>::from_data([law.free(size)], &Device::flex());
                let (found, log) = law.sizes(u);
                assert!((found.into_scalar::<f64>() / size - 1.0).abs() < 1e-5);
                assert!((log.into_scalar::<f64>() - size.ln()).abs() < 1e-5);
            }
        }
    }
}
