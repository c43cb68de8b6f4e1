//! The closed set of conditioners that a file or a command can name.

use super::{
    Conditioner, ConvNet, ConvNetConfig, Inputs, Mlp, MlpConfig, ResidualConvNet, ResidualConvNetConfig,
    ResidualMlp, ResidualMlpConfig, Tangents,
};
use crate::bijection::{Context, same_rank};
use crate::error::Error;
use crate::layer::Place;
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use rand::Rng;
use serde::{Deserialize, Serialize};
use tissot_kernels::few::Pass;

/// Lists each variant once: its name, its network, its configuration; those for tables, then those for images.
macro_rules! conditioners {
    (
        tables { $($(#[$doc:meta])* $table:ident($net:ty, $config:ty);)+ }
        images { $($(#[$image_doc:meta])* $image:ident($image_net:ty, $image_config:ty);)+ }
    ) => {
        /// One of the conditioners of this crate, as a module.
        ///
        /// It has every rank, so that a layer that holds one has too; which ranks a network takes is known only
        /// when it is called.
        ///
        /// # Panics
        /// On tensors of another rank than the network's: 2 for tables, 4 for images.
        #[derive(Module, Debug)]
        pub enum AnyConditioner { $($(#[$doc])* $table($net),)+ $($(#[$image_doc])* $image($image_net)),+ }

        /// One of the conditioners of this crate, as data.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum ConditionerConfig { $($(#[$doc])* $table($config),)+ $($(#[$image_doc])* $image($image_config)),+ }

        impl ConditionerConfig {
            /// A network to `last_bias.len()` outputs, which at its start gives `last_bias` whatever it sees.
            ///
            /// # Errors
            /// [`Error::Config`] where the configuration describes no network, and for context maps of tables.
            pub fn init(
                &self,
                inputs: Inputs,
                last_bias: &[f64],
                device: &Device,
                rng: &mut dyn Rng,
            ) -> Result<AnyConditioner, Error> {
                let Inputs { values, context, maps } = inputs;
                match self {
                    $(Self::$table(_) if maps > 0 => {
                        Err(Error::config(stringify!($table), "context maps", "a convolutional network"))
                    })+
                    $(Self::$table(config) => {
                        config.init(values, context, last_bias, device, rng).map(AnyConditioner::$table)
                    })+
                    $(Self::$image(config) => {
                        config.init(inputs, last_bias, device, rng).map(AnyConditioner::$image)
                    })+
                }
            }

            /// Whether it is a network for images.
            pub fn takes_images(&self) -> bool {
                match self { $(Self::$table(_) => false,)+ $(Self::$image(_) => true),+ }
            }
        }

        impl<const D: usize> Conditioner<D> for AnyConditioner {
            fn forward(&self, x: Tensor<D>, context: Context<'_>) -> Tensor<D> {
                match self {
                    $(Self::$table(net) => at_rank::<D, 2>(stringify!($net), x, |x| net.forward(x, context)),)+
                    $(Self::$image(net) => at_rank::<D, 4>(stringify!($image_net), x, |x| net.forward(x, context))),+
                }
            }

            fn pass(&self, rows: &mut Pass, context: Context<'_>) -> Option<()> {
                match self {
                    $(Self::$table(net) => Conditioner::<2>::pass(net, rows, context),)+
                    $(Self::$image(_) => None),+
                }
            }

            fn push(&self, x: Tensor<D>, tangents: Tensor<3>, context: Context<'_>) -> Option<Tangents> {
                match self {
                    $(Self::$table(net) if D == 2 => net.push(same_rank(x), tangents, context),)+
                    _ => None,
                }
            }
        }
    };
}

conditioners! {
    tables {
        /// A multilayer perceptron.
        Mlp(Mlp, MlpConfig);
        /// A residual network.
        Residual(ResidualMlp, ResidualMlpConfig);
    }
    images {
        /// Glow's convolutional network.
        Conv(ConvNet, ConvNetConfig);
        /// A gated residual network.
        ResidualConv(ResidualConvNet, ResidualConvNetConfig);
    }
}

impl ConditionerConfig {
    /// The network of a layer at a place that keeps `values` features.
    ///
    /// # Errors
    /// As [`ConditionerConfig::init`], and for a network that takes tables on images or the other way round.
    pub(crate) fn init_at(
        &self,
        place: &Place<'_>,
        values: usize,
        last_bias: &[f64],
        rng: &mut dyn Rng,
    ) -> Result<AnyConditioner, Error> {
        match (self.takes_images(), place.positions.is_empty()) {
            (true, true) => {
                return Err(Error::config(
                    "conditioner",
                    "a convolutional network",
                    "Mlp or Residual for tables",
                ));
            }
            (false, false) => {
                return Err(Error::config(
                    "conditioner",
                    "a network for tables",
                    "Conv or ResidualConv for images",
                ));
            }
            _ => {}
        }
        let inputs = Inputs { values, context: place.context, maps: place.context_maps };
        self.init(inputs, last_bias, place.device, rng)
    }
}

impl Default for ConditionerConfig {
    fn default() -> Self {
        Self::Mlp(MlpConfig::default())
    }
}

/// What `net` makes of `x`, whose rank `D` must be `E`.
fn at_rank<const D: usize, const E: usize>(
    name: &str,
    x: Tensor<D>,
    net: impl FnOnce(Tensor<E>) -> Tensor<E>,
) -> Tensor<D> {
    assert_eq!(D, E, "the {name} network conditions tensors of rank {E}; found rank {D}");
    same_rank(net(same_rank(x)))
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

impl From<ConvNetConfig> for ConditionerConfig {
    fn from(config: ConvNetConfig) -> Self {
        Self::Conv(config)
    }
}

impl From<ResidualConvNetConfig> for ConditionerConfig {
    fn from(config: ResidualConvNetConfig) -> Self {
        Self::ResidualConv(config)
    }
}
