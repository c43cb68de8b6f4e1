//! Architectures for images: multi-scale flows.

use crate::config::FlowConfig;
use crate::layer::LayerConfig;
use crate::layers::{
    ActNormConfig, CheckerboardConfig, CouplingConfig, FullLinearConfig, Half, LinearStart, LuLinearConfig,
    Mask, PermutationConfig, SplitConfig, SqueezeOrder, SqueezedConfig,
};
use crate::nets::{ConditionerConfig, ConvNetConfig, ResidualConvNetConfig};
use crate::univariate::{Affine, AnyUnivariate, RationalQuadratic};

/// How large a flow of images is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageSize {
    /// Channels of an image.
    pub channels: usize,
    /// Its height.
    pub height: usize,
    /// Its width.
    pub width: usize,
    /// Features of the context, such as the number of classes; 0 for none.
    pub context: usize,
    /// Channels of the context maps; 0 for none.
    pub context_maps: usize,
    /// Levels, at least 1: at each the resolution is halved, so that height and width must be multiples of `2^levels`.
    pub levels: usize,
    /// Steps a level.
    pub steps: usize,
    /// Hidden channels of each conditioner.
    pub hidden: usize,
    /// Bins of a spline.
    pub bins: usize,
    /// How Glow's steps mix the channels.
    pub mixing: Mixing,
}

/// How a step of Glow mixes the channels of an image (Kingma and Dhariwal 2018, section 3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mixing {
    /// A 1x1 convolution of triangular factors, [`LuLinear`](crate::layers::LuLinear).
    #[default]
    Lu,
    /// A 1x1 convolution of any matrix, [`FullLinear`](crate::layers::FullLinear).
    Full,
    /// A random order, which is not learned.
    Permutation,
}

impl ImageSize {
    /// For images `[channels, height, width]`: 2 levels of 8 steps with 64 hidden channels, 8 bins, no context.
    pub fn new([channels, height, width]: [usize; 3]) -> Self {
        let (levels, steps, hidden, bins) = (2, 8, 64, 8);
        let mixing = Mixing::default();
        Self { channels, height, width, context: 0, context_maps: 0, levels, steps, hidden, bins, mixing }
    }

    /// Under `context` features of context, such as classes.
    #[must_use]
    pub fn with_context(self, context: usize) -> Self {
        Self { context, ..self }
    }

    /// With context maps of so many channels, at the image's resolution.
    #[must_use]
    pub fn with_context_maps(self, context_maps: usize) -> Self {
        Self { context_maps, ..self }
    }

    /// With so many levels, of so many steps each.
    #[must_use]
    pub fn with_levels(self, levels: usize, steps: usize) -> Self {
        Self { levels, steps, ..self }
    }

    /// With conditioners of `hidden` channels.
    #[must_use]
    pub fn with_hidden(self, hidden: usize) -> Self {
        Self { hidden, ..self }
    }

    /// With splines of `bins` bins.
    #[must_use]
    pub fn with_bins(self, bins: usize) -> Self {
        Self { bins, ..self }
    }

    /// With channels mixed otherwise.
    #[must_use]
    pub fn with_mixing(self, mixing: Mixing) -> Self {
        Self { mixing, ..self }
    }

    fn mixed(&self) -> LayerConfig {
        let (bias, start) = (false, LinearStart::RandomRotation);
        match self.mixing {
            Mixing::Lu => LayerConfig::LuLinear(LuLinearConfig { start, bias, ..Default::default() }),
            Mixing::Full => LayerConfig::FullLinear(FullLinearConfig { bias, start }),
            Mixing::Permutation => LayerConfig::Permutation(PermutationConfig::Random { seed: None }),
        }
    }

    fn flow(&self, layers: Vec<LayerConfig>) -> FlowConfig {
        FlowConfig {
            features: self.channels,
            positions: vec![self.height, self.width],
            context: self.context,
            context_maps: self.context_maps,
            layers,
            ..FlowConfig::default()
        }
    }

    /// Levels inside one another: each is what `layers` gives, and unless it is the last one the first half of its channels
    /// goes on, after an affine coupling that gives the other half its prior.
    fn multiscale(&self, layers: impl Fn() -> Vec<LayerConfig>) -> Vec<LayerConfig> {
        let squeezed =
            |layers| LayerConfig::Squeezed(SqueezedConfig { order: SqueezeOrder::ChannelMajor, layers });
        let last = || [layers(), vec![norm()]].concat();
        (1..self.levels).fold(vec![squeezed(last())], |inside, _| {
            let on = LayerConfig::Split(SplitConfig { on: Half::First, layers: inside });
            vec![squeezed([layers(), vec![self.prior(), on]].concat())]
        })
    }

    fn conditioner(&self) -> ConditionerConfig {
        ConvNetConfig { hidden: self.hidden, ..ConvNetConfig::default() }.into()
    }

    /// The learned prior of the half that is set aside, given the half that goes on.
    fn prior(&self) -> LayerConfig {
        LayerConfig::Coupling(CouplingConfig {
            mask: Mask::FirstHalf,
            univariate: Affine::default().into(),
            conditioner: self.conditioner(),
            kept_univariate: None,
        })
    }
}

fn norm() -> LayerConfig {
    LayerConfig::ActNorm(ActNormConfig::default())
}

/// Glow: at each level steps of ActNorm, an invertible 1x1 convolution and an affine coupling (Kingma and Dhariwal 2018, "Glow:
/// Generative Flow with Invertible 1x1 Convolutions", figure 2).
///
/// The channels are mixed by 1x1 convolutions or a fixed order ([`Mixing`]). Convolutions start as random rotations, everything else as the identity; ActNorms are set from a first batch.
pub fn glow(size: &ImageSize) -> FlowConfig {
    glow_of(size, Affine::default().into())
}

/// Glow with rational-quadratic splines in its couplings (Durkan et al. 2019, "Neural Spline Flows", section 5.3).
pub fn nsf_image(size: &ImageSize) -> FlowConfig {
    glow_of(size, RationalQuadratic { bins: size.bins, ..RationalQuadratic::default() }.into())
}

/// Glow with any univariate in its couplings.
///
/// With [`Shift`](crate::univariate::Shift) it is the additive Glow of the paper's figures. Additive couplings alone keep
/// volume, so that only ActNorms and 1x1 convolutions change it, by a constant: such a flow cannot make one region of
/// the density more concentrated than another (Draxler et al. 2024).
pub fn glow_of(size: &ImageSize, univariate: AnyUnivariate) -> FlowConfig {
    let step = || {
        let coupling = CouplingConfig {
            mask: Mask::FirstHalf,
            univariate,
            conditioner: size.conditioner(),
            kept_univariate: None,
        };
        [norm(), size.mixed(), LayerConfig::Coupling(coupling)]
    };
    size.flow(size.multiscale(|| (0..size.steps).flat_map(|_| step()).collect()))
}

/// Real NVP for images: at each level affine couplings of pixels (checkerboards), then, at half the resolution, of channels
/// (Dinh et al. 2017, "Density estimation using Real NVP", section 3.6), with ActNorm in the place of batch normalisation and
/// gated residual networks of two blocks.
///
/// `steps` couplings of each kind a level, their masks in turn; 3 in the paper, whose last level has four of pixels only, where ours
/// is as the others.
pub fn real_nvp_image(size: &ImageSize) -> FlowConfig {
    let univariate = AnyUnivariate::from(Affine::default());
    let conditioner =
        || ConditionerConfig::from(ResidualConvNetConfig { hidden: size.hidden, ..Default::default() });
    let board = |k: usize| {
        let config = CheckerboardConfig { odd: k % 2 == 1, univariate, conditioner: conditioner() };
        [norm(), LayerConfig::Checkerboard(config)]
    };
    let channels = |k: usize| {
        let mask = if k.is_multiple_of(2) { Mask::FirstHalf } else { Mask::SecondHalf };
        let coupling = CouplingConfig { mask, univariate, conditioner: conditioner(), kept_univariate: None };
        [norm(), LayerConfig::Coupling(coupling)]
    };
    let boards = || (0..size.steps).flat_map(board).collect::<Vec<_>>();
    let level = |inside: Vec<LayerConfig>| {
        let squeezed = (0..size.steps).flat_map(channels).chain(inside).collect();
        let squeezed = SqueezedConfig { order: SqueezeOrder::ChannelMajor, layers: squeezed };
        [boards(), vec![LayerConfig::Squeezed(squeezed)]].concat()
    };
    let layers = (1..size.levels).fold(level(vec![norm()]), |inside, _| {
        let on = LayerConfig::Split(SplitConfig { on: Half::First, layers: inside });
        level(vec![size.prior(), on])
    });
    size.flow(layers)
}

/// The flow of the noise of a variational dequantisation, for images of this size: four couplings of pixels that see the image as
/// context maps (after Ho et al. 2019, "Flow++", section 3.1).
///
/// Its draws go through a sigmoid, see [`ImageFlow`](crate::image::ImageFlow).
pub fn dequantiser(size: &ImageSize) -> FlowConfig {
    let size = size.clone().with_context_maps(size.channels);
    let board = |k: usize| {
        let univariate = AnyUnivariate::from(Affine::default());
        let config = CheckerboardConfig { odd: k % 2 == 1, univariate, conditioner: size.conditioner() };
        LayerConfig::Checkerboard(config)
    };
    let layers = (0..4).map(board).chain([norm()]).collect();
    size.flow(layers)
}
