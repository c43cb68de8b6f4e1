//! The same flows without the kernels for univariates and inverses: composed of tensor operations.

use burn::module::Module;
use burn::tensor::Tensor;
use tissot::base::AnyBase;
use tissot::layers::{Autoregressive, Coupling};
use tissot::nets::{AnyConditioner, Made};
use tissot::univariate::{AnyUnivariate, Univariate};
use tissot::{AnyFlow, Bijection, Chain, Context, Flow, FlowConfig, Layer, LayerConfig};

/// A univariate that knows no kernels.
#[derive(Clone, Copy, Debug)]
pub struct Composed(AnyUnivariate);

impl Univariate for Composed {
    fn num_params(&self) -> usize {
        self.0.num_params()
    }

    fn start(&self) -> Vec<f64> {
        self.0.start()
    }

    fn elementwise(&self, x: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
        self.0.elementwise(x, params)
    }

    fn elementwise_inverse(&self, y: Tensor<2>, params: Tensor<3>) -> (Tensor<2>, Tensor<2>) {
        self.0.elementwise_inverse(y, params)
    }
}

/// A layer whose univariate knows no kernels.
#[allow(clippy::large_enum_variant)] // burn has no `Module` for `Box`.
#[derive(Module, Debug)]
pub enum Plain {
    Coupling(Coupling<AnyConditioner, Composed>),
    Autoregressive(Autoregressive<Made, Composed>),
    Other(Layer),
}

impl Bijection<2> for Plain {
    fn forward(&self, x: Tensor<2>, context: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        match self {
            Self::Coupling(layer) => layer.forward(x, context),
            Self::Autoregressive(layer) => layer.forward(x, context),
            Self::Other(layer) => layer.forward(x, context),
        }
    }

    fn inverse(&self, z: Tensor<2>, context: Context<'_>) -> (Tensor<2>, Tensor<1>) {
        match self {
            Self::Coupling(layer) => layer.inverse(z, context),
            Self::Autoregressive(layer) => layer.inverse(z, context),
            Self::Other(layer) => layer.inverse(z, context),
        }
    }
}

/// A flow of such layers.
pub type PlainFlow = Flow<Chain<Plain>, AnyBase>;

/// `flow`, made of `config`, with its weights but without kernels.
pub fn plain(config: &FlowConfig, flow: AnyFlow) -> PlainFlow {
    let Flow { bijection, base, embedding } = flow;
    let each = bijection.layers.into_iter().zip(&config.layers);
    let layers = each.map(|(layer, config_of)| match (layer, config_of) {
        (Layer::Coupling(layer), LayerConfig::Coupling(coupling)) => {
            let device = layer.devices().remove(0);
            let kept = coupling.mask.kept(config.features).unwrap_or_else(|error| panic!("{error}"));
            let univariate = Composed(*layer.univariate());
            Plain::Coupling(Coupling::new(layer.net, univariate, &kept, &device))
        }
        (Layer::Autoregressive(layer), _) => {
            let univariate = Composed(*layer.univariate());
            Plain::Autoregressive(Autoregressive::new(layer.net, univariate))
        }
        (layer, _) => Plain::Other(layer),
    });
    Flow { bijection: Chain::new(layers.collect()), base, embedding }
}
