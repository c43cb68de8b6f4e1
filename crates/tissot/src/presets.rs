//! The usual architectures, as functions that return a [`FlowConfig`]: the zoo is data.
//!
//! Each of tables starts as the identity up to a permutation of the features; those of images say how they start.

mod circular;
mod images;

pub use circular::{nsf_circular_autoregressive, nsf_circular_coupling};
pub use images::{ImageSize, Mixing, dequantiser, glow, glow_of, nsf_image, real_nvp_image};

use crate::config::FlowConfig;
use crate::layer::LayerConfig;
use crate::layers::{
    ActNormConfig, AutoregressiveConfig, CouplingConfig, LuLinearConfig, Mask, PermutationConfig,
    PermutationPlace,
};
use crate::nets::{ConditionerConfig, MadeConfig, MlpConfig};
use crate::univariate::{Affine, AnyUnivariate, RationalQuadratic, Shift};

/// How large a flow is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Size {
    /// Features of a sample.
    pub features: usize,
    /// Features of the context; 0 for none.
    pub context: usize,
    /// How many transforms follow one another.
    pub transforms: usize,
    /// The widths of each conditioner's hidden layers.
    pub hidden: Vec<usize>,
    /// Bins of a spline.
    pub bins: usize,
}

impl Size {
    /// For `features`: 6 transforms with two hidden layers of 64 units, 8 bins, no context.
    pub fn new(features: usize) -> Self {
        Self { features, context: 0, transforms: 6, hidden: vec![64, 64], bins: 8 }
    }

    /// Under `context` features of context.
    #[must_use]
    pub fn with_context(self, context: usize) -> Self {
        Self { context, ..self }
    }

    /// With `transforms` transforms.
    #[must_use]
    pub fn with_transforms(self, transforms: usize) -> Self {
        Self { transforms, ..self }
    }

    /// With hidden layers of these widths.
    #[must_use]
    pub fn with_hidden(self, hidden: impl Into<Vec<usize>>) -> Self {
        Self { hidden: hidden.into(), ..self }
    }

    /// With splines of `bins` bins.
    #[must_use]
    pub fn with_bins(self, bins: usize) -> Self {
        Self { bins, ..self }
    }

    fn flow(&self, layers: Vec<LayerConfig>) -> FlowConfig {
        let (features, context) = (self.features, self.context);
        FlowConfig { features, context, layers, ..FlowConfig::default() }
    }

    fn coupling(&self, k: usize, univariate: AnyUnivariate) -> LayerConfig {
        LayerConfig::Coupling(CouplingConfig {
            mask: if k.is_multiple_of(2) { Mask::Even } else { Mask::Odd },
            univariate,
            conditioner: ConditionerConfig::Mlp(MlpConfig {
                hidden: self.hidden.clone(),
                ..Default::default()
            }),
            kept_univariate: None,
        })
    }

    fn autoregressive(&self, univariate: AnyUnivariate) -> LayerConfig {
        LayerConfig::Autoregressive(AutoregressiveConfig {
            univariate,
            made: MadeConfig { hidden: self.hidden.clone(), ..Default::default() },
        })
    }

    fn spline(&self) -> AnyUnivariate {
        RationalQuadratic { bins: self.bins, ..Default::default() }.into()
    }

    /// `transforms` times what `layer(k)` gives.
    fn repeat(&self, layers: impl Fn(usize) -> Vec<LayerConfig>) -> Vec<LayerConfig> {
        (0..self.transforms).flat_map(layers).collect()
    }
}

/// NICE: additive couplings, then a learned scale of each feature (Dinh et al. 2015, "NICE: Non-linear Independent
/// Components Estimation").
///
/// The couplings keep volume, so it changes only by the one scale a feature: it cannot make one region of a density
/// more concentrated than another (Draxler et al. 2024). Needs two features.
pub fn nice(size: &Size) -> FlowConfig {
    let mut layers = size.repeat(|k| vec![size.coupling(k, Shift.into())]);
    layers.push(LayerConfig::ActNorm(ActNormConfig::default()));
    size.flow(layers)
}

/// Real NVP: affine couplings with alternating masks (Dinh et al. 2017, "Density estimation using Real NVP"), with
/// ActNorm in the place of batch normalisation (Kingma and Dhariwal 2018). Needs two features.
pub fn real_nvp(size: &Size) -> FlowConfig {
    let norm = || LayerConfig::ActNorm(ActNormConfig::default());
    size.flow(size.repeat(|k| vec![norm(), size.coupling(k, Affine::default().into())]))
}

/// MAF: affine autoregressive layers, the order of the features reversed between them (Papamakarios et al. 2017,
/// "Masked Autoregressive Flow for Density Estimation"), with ActNorm in the place of batch normalisation.
///
/// A density takes one pass a transform; so does a sample on the CPU (Flex), elsewhere it takes one a feature and transform.
pub fn maf(size: &Size) -> FlowConfig {
    size.flow(size.repeat(|k| {
        let mut layers = vec![LayerConfig::ActNorm(ActNormConfig::default())];
        layers.extend(reversed(k));
        layers.push(size.autoregressive(Affine::default().into()));
        layers
    }))
}

/// IAF: affine autoregressive layers turned round (Kingma et al. 2016, "Improving Variational Inference with Inverse
/// Autoregressive Flow").
///
/// A sample takes one pass a transform; so does the density of a given point on the CPU (Flex), elsewhere it takes one a
/// feature and transform.
pub fn iaf(size: &Size) -> FlowConfig {
    size.flow(size.repeat(|k| {
        let mut layers = reversed(k);
        layers.push(LayerConfig::Inverse(vec![size.autoregressive(Affine::default().into())]));
        layers
    }))
}

/// NSF with couplings: an LU-parameterised linear map, then a coupling by rational-quadratic splines, in turn (Durkan
/// et al. 2019, "Neural Spline Flows", RQ-NSF (C)). Needs two features.
pub fn nsf_coupling(size: &Size) -> FlowConfig {
    size.flow(size.repeat(|k| vec![linear(), size.coupling(k, size.spline())]))
}

/// NSF, autoregressive: rational-quadratic splines, an LU-parameterised linear map after a reversal between them
/// (Durkan et al. 2019, RQ-NSF (AR)).
///
/// A density takes one pass a transform; so does a sample on the CPU (Flex), elsewhere it takes one a feature and transform.
pub fn nsf_autoregressive(size: &Size) -> FlowConfig {
    size.flow(size.repeat(|k| {
        let mut layers = reversed(k);
        if size.features > 1 {
            layers.push(linear());
        }
        layers.push(size.autoregressive(size.spline()));
        layers
    }))
}

/// A linear map without a permutation: masks and orders alternate in any case.
fn linear() -> LayerConfig {
    LayerConfig::LuLinear(LuLinearConfig { place: PermutationPlace::None, ..LuLinearConfig::default() })
}

/// A reversal of the features before every transform but the first.
fn reversed(k: usize) -> Vec<LayerConfig> {
    if k == 0 { Vec::new() } else { vec![LayerConfig::Permutation(PermutationConfig::Reverse)] }
}
