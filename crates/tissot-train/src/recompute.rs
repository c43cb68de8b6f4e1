//! Gradients of a flow with the activations of one layer at a time: gradient checkpointing (Chen et al. 2016, "Training Deep
//! Nets with Sublinear Memory Cost").
//!
//! A step that differentiates the whole flow holds the activations of all layers. Here the way forward keeps the input of
//! each layer alone, and the way back computes a layer anew from it, differentiates it, and forgets it. With `g_z` the
//! gradient by a layer's output and `g` that by its log-det, those by its input and its weights are the gradients of
//! `sum(g_z z) + sum(g log_det)`. Both ways are seeded alike, so that dropout drops the same units.

use burn::module::{Module, ModuleVisitor, Param};
use burn::optim::GradientsParams;
use burn::tensor::{Device, Tensor};
use tissot::base::Base;
use tissot::{AnyFlow, Bijection, Chain, Context, Layer};

/// What differentiating a flow gives.
pub(crate) struct Differentiated<const D: usize> {
    /// The log-density of each sample, `[n]`, without a graph.
    pub log_prob: Tensor<1>,
    /// The gradient by what the flow sees.
    pub by_x: Tensor<D>,
    /// The gradients by the weights.
    pub grads: GradientsParams,
}

/// The gradients of `weight * sum log p(x)`.
///
/// # Cost
/// A third more than that of the whole at once; memory of one layer's activations and of each layer's input.
pub(crate) fn gradients<const D: usize>(
    flow: &AnyFlow,
    x: Tensor<D>,
    context: Context<'_>,
    weight: f64,
    seed: u64,
) -> Differentiated<D> {
    let batch = x.dims()[0];
    let embedded = flow.embed(context);
    let seen = embedded.as_ref().map(|features| features.clone().detach());
    let within = Context { features: seen.as_ref(), ..context };
    let mut ahead = Ahead { context: within, device: x.device(), seed, layers: 0 };
    // Weights that ask for no gradient keep nothing; autodiff itself stays, for dropout.
    let still = flow.bijection.clone().no_grad();
    let (z, log_det, kept) = ahead.chain(&still, x.detach());
    let mut back = Back {
        device: ahead.device,
        seed,
        slope: Tensor::full([batch], weight, (&log_det.device(), log_det.dtype())),
        by_features: None,
        grads: GradientsParams::new(),
    };
    let (log_base, by_z) = back.base(flow, z, within, weight);
    let by_x = back.chain(&flow.bijection, kept, by_z, within);
    if let (Some(embedded), Some(by_features)) = (embedded, back.by_features.take())
        && embedded.is_tracked()
        && let Some(net) = &flow.embedding
    {
        let mut found = (embedded * by_features).sum().backward();
        add(&mut back.grads, GradientsParams::from_module(&mut found, net), net);
    }
    Differentiated { log_prob: log_base + log_det, by_x, grads: back.grads }
}

/// The inputs of layers, as they are nested.
enum Kept<const D: usize> {
    /// The input of an elementary layer, and its number.
    Layer(Box<Tensor<D>>, u64),
    /// Of what is inside of a layer, or of layers one after the other.
    Inside(Vec<Kept<D>>),
}

/// The way forward.
struct Ahead<'a> {
    context: Context<'a>,
    device: Device,
    seed: u64,
    layers: u64,
}

impl Ahead<'_> {
    fn chain<const D: usize>(
        &mut self,
        chain: &Chain<Layer>,
        x: Tensor<D>,
    ) -> (Tensor<D>, Tensor<1>, Vec<Kept<D>>) {
        let mut total = Tensor::zeros([x.dims()[0]], (&x.device(), x.dtype()));
        let (mut x, mut all) = (x, Vec::with_capacity(chain.layers.len()));
        for layer in &chain.layers {
            let (z, log_det, kept) = self.layer(layer, x);
            total = total + log_det;
            x = z;
            all.push(kept);
        }
        (x, total, all)
    }

    fn layer<const D: usize>(&mut self, layer: &Layer, x: Tensor<D>) -> (Tensor<D>, Tensor<1>, Kept<D>) {
        match layer {
            Layer::Chain(chain) => {
                let (z, log_det, kept) = self.chain(chain, x);
                (z, log_det, Kept::Inside(kept))
            }
            Layer::Squeezed(squeezed) => squeezed.inside(self.context, |context| {
                let Ahead { device, seed, layers, .. } = &*self;
                let mut inside = Ahead { context, device: device.clone(), seed: *seed, layers: *layers };
                let (z, log_det, kept) = inside.chain(&squeezed.inner, squeezed.squeeze(x));
                self.layers = inside.layers;
                (squeezed.unsqueeze(z), log_det, Kept::Inside(kept))
            }),
            Layer::Split(split) => {
                let (on, aside) = split.apart(x);
                let (on, log_det, kept) = self.chain(&split.inner, on);
                (split.together(on, aside), log_det, Kept::Inside(kept))
            }
            layer => {
                self.layers += 1;
                self.device.seed(of_layer(self.seed, self.layers));
                let (z, log_det) = layer.forward(x.clone(), self.context);
                (z.detach(), log_det.detach(), Kept::Layer(Box::new(x), self.layers))
            }
        }
    }
}

/// The way back.
struct Back {
    device: Device,
    seed: u64,
    /// The gradient by each sample's log-det.
    slope: Tensor<1>,
    by_features: Option<Tensor<2>>,
    grads: GradientsParams,
}

impl Back {
    /// The base's log-density, and the gradient by the latent.
    fn base<const D: usize>(
        &mut self,
        flow: &AnyFlow,
        z: Tensor<D>,
        context: Context<'_>,
        weight: f64,
    ) -> (Tensor<1>, Tensor<D>) {
        let z = z.autodiff().require_grad();
        let features = context.features.map(|c| c.clone().autodiff().require_grad());
        let log_base = flow.base.log_prob(z.clone(), Context { features: features.as_ref(), ..context });
        let mut found = log_base.clone().sum().mul_scalar(weight).backward();
        add(&mut self.grads, GradientsParams::from_module(&mut found, &flow.base), &flow.base);
        self.add_features(features.as_ref().and_then(|c| c.grad(&found)));
        let by_z = z.grad(&found).unwrap_or_else(|| z.zeros_like().without_autodiff());
        (log_base.detach().without_autodiff(), by_z)
    }

    fn chain<const D: usize>(
        &mut self,
        chain: &Chain<Layer>,
        kept: Vec<Kept<D>>,
        by_z: Tensor<D>,
        context: Context<'_>,
    ) -> Tensor<D> {
        let layers = chain.layers.iter().zip(kept).rev();
        layers.fold(by_z, |by_z, (layer, kept)| self.layer(layer, kept, by_z, context))
    }

    fn layer<const D: usize>(
        &mut self,
        layer: &Layer,
        kept: Kept<D>,
        by_z: Tensor<D>,
        context: Context<'_>,
    ) -> Tensor<D> {
        match (layer, kept) {
            (Layer::Chain(chain), Kept::Inside(kept)) => self.chain(chain, kept, by_z, context),
            (Layer::Squeezed(squeezed), Kept::Inside(kept)) => squeezed.inside(context, |context| {
                squeezed.unsqueeze(self.chain(&squeezed.inner, kept, squeezed.squeeze(by_z), context))
            }),
            (Layer::Split(split), Kept::Inside(kept)) => {
                let (on, aside) = split.apart(by_z);
                split.together(self.chain(&split.inner, kept, on, context), aside)
            }
            (layer, Kept::Layer(x, number)) => self.elementary(layer, *x, number, by_z, context),
            // Only the three above keep what is inside of them.
            (_, Kept::Inside(_)) => by_z,
        }
    }

    fn elementary<const D: usize>(
        &mut self,
        layer: &Layer,
        x: Tensor<D>,
        number: u64,
        by_z: Tensor<D>,
        context: Context<'_>,
    ) -> Tensor<D> {
        let x = x.autodiff().require_grad();
        let features = context.features.map(|c| c.clone().autodiff().require_grad());
        self.device.seed(of_layer(self.seed, number));
        let (z, log_det) = layer.forward(x.clone(), Context { features: features.as_ref(), ..context });
        let moved = (z * by_z.autodiff()).sum() + (log_det * self.slope.clone().autodiff()).sum();
        let mut found = moved.backward();
        add(&mut self.grads, GradientsParams::from_module(&mut found, layer), layer);
        self.add_features(features.as_ref().and_then(|c| c.grad(&found)));
        x.grad(&found).unwrap_or_else(|| x.zeros_like().without_autodiff())
    }

    fn add_features(&mut self, more: Option<Tensor<2>>) {
        self.by_features = match (self.by_features.take(), more) {
            (Some(sum), Some(more)) => Some(sum + more),
            (sum, more) => sum.or(more),
        };
    }
}

/// The seed of a layer in a step.
fn of_layer(seed: u64, layer: u64) -> u64 {
    seed.wrapping_add(layer.wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Adds the gradients of a module to those of others.
pub(crate) fn add<M: Module>(all: &mut GradientsParams, of: GradientsParams, module: &M) {
    struct Add<'a>(&'a mut GradientsParams, GradientsParams);
    impl ModuleVisitor for Add<'_> {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let Some(grad) = self.1.remove::<D>(param.id) else { return };
            let sum = match self.0.remove::<D>(param.id) {
                Some(before) => before + grad,
                None => grad,
            };
            self.0.register(param.id, sum);
        }
    }
    module.visit(&mut Add(all, of));
}

#[cfg(test)]
mod tests;
