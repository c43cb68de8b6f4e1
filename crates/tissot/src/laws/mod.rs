//! The laws that every bijection keeps, for tests of the layers here and of your own.
//!
//! [`Laws`] runs them all on one bijection; each is also a function of its own. They compare with what can be known
//! exactly: the Jacobian by automatic differentiation, its determinant in f64, the other direction, the same row alone.
//!
//! ```
//! use burn::module::{Module, Param};
//! use burn::tensor::{Device, Tensor};
//! use tissot::laws::Laws;
//! use tissot::{Bijection, Context};
//!
//! /// `z = x e^s`.
//! #[derive(Module, Debug)]
//! struct Scale {
//!     s: Param<Tensor<1>>,
//! }
//!
//! impl Bijection<2> for Scale {
//!     fn forward(&self, x: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
//!         let batch = x.dims()[0];
//!         (x * self.s.val().exp().unsqueeze(), self.s.val().sum().expand([batch]))
//!     }
//!     fn inverse(&self, z: Tensor<2>, _: Context<'_>) -> (Tensor<2>, Tensor<1>) {
//!         let batch = z.dims()[0];
//!         (z * self.s.val().neg().exp().unsqueeze(), self.s.val().sum().neg().expand([batch]))
//!     }
//! }
//!
//! let scale = Scale { s: Param::from_tensor(Tensor::from_floats([0.5, 0.75], &Device::flex())) };
//! Laws::new("scale").features(2).check::<2, _>(&scale)?;
//! # Ok::<(), tissot::laws::Violation>(())
//! ```

mod case;
mod extremes;
mod flows;
mod gradients;
mod maps;
mod randomize;
mod rows;
mod run;
mod start;
mod violation;
mod volume;

pub use case::Case;
pub use extremes::{extremes, withstands_extremes};
pub use flows::{Grid, devices_agree, sums_to_one, survives_a_file};
pub use gradients::parameters_learn;
pub use maps::{inverts, keeps_shapes, log_dets_cancel, strong_enough, walk_adds_up};
pub use randomize::randomize;
pub use rows::rows_are_independent;
pub use run::Laws;
pub use start::{initializes, starts_as_permutation};
pub use violation::{Law, Violation};
pub use volume::{Allowed, depends_as_allowed, log_det_is_exact, tangents_are_exact};
