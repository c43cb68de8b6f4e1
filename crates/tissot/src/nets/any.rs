//! The closed set of conditioners that a file or a command can name.

use super::{Conditioner, Mlp, MlpConfig, ResidualMlp, ResidualMlpConfig, Tangents};
use crate::bijection::Context;
use crate::error::Error;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};
use std::any::Any;

/// Lists each variant once: its name, its network, its configuration.
macro_rules! tables {
    ($($(#[$doc:meta])* $variant:ident($net:ty, $config:ty);)+) => {
        /// One of the conditioners of this crate, as a module.
        ///
        /// It has every rank, so that a layer that holds one has too; which ranks a network takes is known only
        /// when it is called.
        ///
        /// # Panics
        /// On tensors of another rank than 2, because all of these networks condition tables.
        #[derive(Module, Debug)]
        pub enum AnyConditioner { $($(#[$doc])* $variant($net)),+ }

        /// One of the conditioners of this crate, as data.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum ConditionerConfig { $($(#[$doc])* $variant($config)),+ }

        impl ConditionerConfig {
            /// A network from `inputs` values and `context` context features to `last_bias.len()` outputs, which
            /// at its start gives `last_bias` whatever it sees.
            ///
            /// # Errors
            /// [`Error::Config`] where the configuration describes no network.
            pub fn init(
                &self,
                inputs: usize,
                context: usize,
                last_bias: &[f64],
                device: &Device,
                rng: &mut dyn Rng,
            ) -> Result<AnyConditioner, Error> {
                match self {
                    $(Self::$variant(config) => {
                        config.init(inputs, context, last_bias, device, rng).map(AnyConditioner::$variant)
                    })+
                }
            }
        }

        impl<const D: usize> Conditioner<D> for AnyConditioner {
            fn forward(&self, x: Tensor<D>, context: Context<'_>) -> Tensor<D> {
                match self {
                    $(Self::$variant(net) => table(stringify!($net), x, |x| net.forward(x, context))),+
                }
            }

            fn push(&self, x: Tensor<D>, tangents: Tensor<3>, context: Context<'_>) -> Option<Tangents> {
                match self {
                    $(Self::$variant(net) if D == 2 => net.push(same(x), tangents, context),)+
                    _ => None,
                }
            }
        }
    };
}

tables! {
    /// A multilayer perceptron, for tables.
    Mlp(Mlp, MlpConfig);
    /// A residual network, for tables.
    Residual(ResidualMlp, ResidualMlpConfig);
}

impl Default for ConditionerConfig {
    fn default() -> Self {
        Self::Mlp(MlpConfig::default())
    }
}

/// What `net` makes of `x`, a table of rank `D`, which must be 2.
fn table<const D: usize>(name: &str, x: Tensor<D>, net: impl FnOnce(Tensor<2>) -> Tensor<2>) -> Tensor<D> {
    assert_eq!(D, 2, "the {name} network conditions tables, rank 2; found rank {D}");
    same(net(same(x)))
}

/// The tensor as one of rank `E`, which is `D` though the compiler cannot know: no operation, and so no step in the graph
/// of gradients.
fn same<const D: usize, const E: usize>(x: Tensor<D>) -> Tensor<E> {
    let mut x = Some(x);
    let x: &mut dyn Any = &mut x;
    x.downcast_mut::<Option<Tensor<E>>>().and_then(Option::take).expect("tensors of one rank")
}

impl From<MlpConfig> for ConditionerConfig {
    fn from(config: MlpConfig) -> Self {
        Self::Mlp(config)
    }
}

impl From<ResidualMlpConfig> for ConditionerConfig {
    fn from(config: ResidualMlpConfig) -> Self {
        Self::Residual(config)
    }
}
