//! The univariates that a configuration can name.

use super::{Affine, RationalQuadratic, Shift, Univariate};
use crate::Error;
use crate::inspect::Sign;
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};
use tissot_kernels::made::ColumnInverse;
use tissot_kernels::univariate as fused;

/// Makes the enum, its conversions and its [`Univariate`]: a new univariate is one row here.
macro_rules! any_univariate {
    ($($(#[$doc:meta])* $variant:ident),* $(,)?) => {
        /// Any univariate of this crate, as configurations and files name it.
        #[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
        pub enum AnyUnivariate {
            $($(#[$doc])* $variant($variant),)*
        }

        $(impl From<$variant> for AnyUnivariate {
            fn from(univariate: $variant) -> Self {
                Self::$variant(univariate)
            }
        })*

        impl AnyUnivariate {
            /// Checks the configuration.
            ///
            /// # Errors
            /// [`Error::Config`] where a constant is outside its range.
            pub fn validate(&self) -> Result<(), Error> {
                match self {
                    $(Self::$variant(univariate) => univariate.validate(),)*
                }
            }
        }

        impl Univariate for AnyUnivariate {
            fn num_params(&self) -> usize {
                match self {
                    $(Self::$variant(univariate) => univariate.num_params(),)*
                }
            }

            fn start(&self) -> Vec<f64> {
                match self {
                    $(Self::$variant(univariate) => univariate.start(),)*
                }
            }

            fn elementwise(&self, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
                match self {
                    $(Self::$variant(univariate) => univariate.elementwise(x, params),)*
                }
            }

            fn elementwise_inverse(&self, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
                match self {
                    $(Self::$variant(univariate) => univariate.elementwise_inverse(y, params),)*
                }
            }

            fn forward(&self, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<1>) {
                match self {
                    $(Self::$variant(univariate) => univariate.forward(x, params),)*
                }
            }

            fn inverse(&self, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<1>) {
                match self {
                    $(Self::$variant(univariate) => univariate.inverse(y, params),)*
                }
            }

            fn fused(&self) -> Option<fused::Univariate> {
                match self {
                    $(Self::$variant(univariate) => univariate.fused(),)*
                }
            }

            fn examine(&self, x: &Tensor<2>, params: &Tensor<3>, note: &mut dyn FnMut(Sign)) {
                match self {
                    $(Self::$variant(univariate) => univariate.examine(x, params, note),)*
                }
            }

            fn column_inverse(&self) -> Option<Box<dyn ColumnInverse>> {
                match self {
                    $(Self::$variant(univariate) => univariate.column_inverse(),)*
                }
            }
        }
    };
}

any_univariate! {
    /// A shift.
    Shift,
    /// A scale and a shift.
    Affine,
    /// A rational-quadratic spline.
    RationalQuadratic,
}

impl Default for AnyUnivariate {
    fn default() -> Self {
        Self::RationalQuadratic(RationalQuadratic::default())
    }
}
