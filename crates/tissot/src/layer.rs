//! The closed set of layers that a file or a command can name.

mod place;

pub use place::Place;

use crate::bijection::{Bijection, Context, PositionSink, Sink};
use crate::chain::Chain;
use crate::error::Error;
use crate::inspect::{Part, Sign};
use crate::inverse::Inverse;
use crate::layers::{
    ActNorm, ActNormConfig, Autoregressive, AutoregressiveConfig, Checkerboard, CheckerboardConfig,
    CircularAutoregressive, CircularAutoregressiveConfig, CircularCoupling, CircularCouplingConfig, Coupling,
    CouplingConfig, FullLinear, FullLinearConfig, LuLinear, LuLinearConfig, Permutation, PermutationConfig,
    Rotation, RotationConfig, Split, SplitConfig, Squeezed, SqueezedConfig, TailConfig, TailTransform,
};
use crate::nets::{AnyConditioner, Made};
use crate::univariate::AnyUnivariate;
use burn::module::Module;
use burn::tensor::Tensor;
use rand::Rng;
use serde::{Deserialize, Serialize};
use tissot_kernels::few::Rows;
use tissot_kernels::univariate::Direction;

/// Lists each variant once: its name, its module, its configuration, and how one makes the other.
macro_rules! layers {
    ($($(#[$doc:meta])* $variant:ident($layer:ty, $config:ty) $make:expr;)+) => {
        /// One of the layers of this crate, as a module.
        #[allow(clippy::large_enum_variant)] // burn has no `Module` for `Box`.
        #[derive(Module, Debug)]
        pub enum Layer { $($(#[$doc])* $variant($layer)),+ }

        /// One of the layers of this crate, as data.
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        pub enum LayerConfig { $($(#[$doc])* $variant($config)),+ }

        impl LayerConfig {
            /// The layer at a place in a flow; draws its weights from `rng`.
            ///
            /// # Errors
            /// [`Error::Config`] where the configuration describes nothing that works there.
            pub fn init(&self, place: &Place<'_>, rng: &mut dyn Rng) -> Result<Layer, Error> {
                match self { $(Self::$variant(config) => {
                    let make: fn(&$config, &Place<'_>, &mut dyn Rng) -> Result<$layer, Error> = $make;
                    make(config, place, rng).map(Layer::$variant)
                }),+ }
            }
        }

        impl<const D: usize> Bijection<D> for Layer {
            fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
                match self { $(Self::$variant(layer) => layer.forward(x, context)),+ }
            }
            fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
                match self { $(Self::$variant(layer) => layer.inverse(z, context)),+ }
            }
            fn depends_on_data(&self) -> bool {
                match self { $(Self::$variant(layer) => Bijection::<D>::depends_on_data(layer)),+ }
            }
            fn initialize(self, x: Tensor<D>, context: Context<'_>) -> (Self, Tensor<D>) {
                match self { $(Self::$variant(layer) => {
                    let (layer, z) = layer.initialize(x, context);
                    (Self::$variant(layer), z)
                }),+ }
            }
            fn push(&self, x: Tensor<D>, tangents: Tensor<3>, context: Context<'_>) -> Option<(Tensor<D>, Tensor<3>)> {
                match self { $(Self::$variant(layer) => layer.push(x, tangents, context)),+ }
            }
            fn pass(&self, rows: &mut Rows, context: Context<'_>, direction: Direction) -> Option<()> {
                match self { $(Self::$variant(layer) => Bijection::<D>::pass(layer, rows, context, direction)),+ }
            }
            fn walk(&self, x: Tensor<D>, context: Context<'_>, sink: &mut Sink<'_, D>) -> Tensor<D> {
                match self { $(Self::$variant(layer) => layer.walk(x, context, sink)),+ }
            }
            fn walk_positions(&self, x: Tensor<D>, context: Context<'_>, sink: &mut PositionSink<'_, D>) -> Tensor<D> {
                match self { $(Self::$variant(layer) => layer.walk_positions(x, context, sink)),+ }
            }
            fn parts(&self, visit: &mut dyn FnMut(&str, &dyn Part<D>)) {
                match self { $(Self::$variant(layer) => Bijection::<D>::parts(layer, visit)),+ }
            }
            fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
                match self { $(Self::$variant(layer) => layer.examine(x, context, note)),+ }
            }
        }
    };
}

layers! {
    /// A shift and a scale for each feature, set from a first batch.
    ActNorm(ActNorm, ActNormConfig) |c, s, _| c.init(s.features, s.device);
    /// A fixed order of the features.
    Permutation(Permutation, PermutationConfig) |c, s, rng| c.init(s.features, s.device, rng);
    /// A linear map, LU-parameterised.
    LuLinear(LuLinear, LuLinearConfig) |c, s, rng| c.init(s.features, s.device, rng);
    /// A linear map by its whole matrix.
    FullLinear(FullLinear, FullLinearConfig) |c, s, rng| c.init(s.features, s.device, rng);
    /// Some features are kept and move the others.
    Coupling(Coupling<AnyConditioner, AnyUnivariate>, CouplingConfig) |c, s, rng| c.init(s, rng);
    /// Heavy tails become the normal distribution's.
    Tail(TailTransform, TailConfig) |c, s, _| c.init(s.features, s.device);
    /// Every other pixel is kept and moves the others.
    Checkerboard(Checkerboard<AnyConditioner, AnyUnivariate>, CheckerboardConfig) |c, s, rng| c.init(s, rng);
    /// Each feature is moved by those before it.
    Autoregressive(Autoregressive<Made, AnyUnivariate>, AutoregressiveConfig) |c, s, rng| c.init(s, rng);
    /// Some features are kept and move the others; some lie on circles.
    CircularCoupling(CircularCoupling, CircularCouplingConfig) |c, s, rng| c.init(s, rng);
    /// Each feature is moved by those before it; some lie on circles.
    CircularAutoregressive(CircularAutoregressive, CircularAutoregressiveConfig) |c, s, rng| c.init(s, rng);
    /// Circles are turned.
    Rotation(Rotation, RotationConfig) |c, s, _| c.init(s.features, s.device);
    /// Layers on half of the features; the others are done.
    Split(Split<Chain<Layer>>, SplitConfig) |c, s, rng| c.init(s, rng);
    /// Layers at half the resolution of an image.
    Squeezed(Squeezed<Chain<Layer>>, SqueezedConfig) |c, s, rng| c.init(s, rng);
    /// Layers one after another.
    Chain(Chain<Layer>, Vec<LayerConfig>) |c, s, rng| s.chain(c, rng);
    /// Layers turned round.
    Inverse(Inverse<Chain<Layer>>, Vec<LayerConfig>) |c, s, rng| Inverse::new::<2>(s.chain(c, rng)?);
}
