//! Layers at half the resolution and four times the channels.

use super::tangent;
use super::window::{Window, Windowed};
use crate::bijection::{AtPositions, Bijection, Context, PositionSink, Sink, same_rank};
use crate::chain::Chain;
use crate::error::Error;
use crate::inspect::{Part, Sign, push};
use crate::layer::{Layer, LayerConfig, Place};
use burn::module::Module;
use burn::tensor::Tensor;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// Which new channel a pixel's place inside its block of 2 x 2 becomes; `(dy, dx)` is the place, each 0 or 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SqueezeOrder {
    /// `4 channel + 2 dy + dx`: what nflows, normflows, openai/glow and FrEIA do.
    #[default]
    ChannelMajor,
    /// `channels (2 dy + dx) + channel`: space to depth as TensorFlow has it, and FrEIA with `legacy_backend`.
    PositionMajor,
}

impl SqueezeOrder {
    /// Space to depth: `[batch, channels, height, width]` to `[batch, 4 channels, height / 2, width / 2]`.
    ///
    /// # Panics
    /// For an odd height or width.
    pub fn squeeze(self, x: Tensor<4>) -> Tensor<4> {
        let [batch, c, height, width] = x.dims();
        assert!(
            height.is_multiple_of(2) && width.is_multiple_of(2),
            "only an even height and width can be squeezed; found {height} x {width}"
        );
        let (h, w) = (height / 2, width / 2);
        let order = match self {
            Self::ChannelMajor => [0, 1, 3, 5, 2, 4],
            Self::PositionMajor => [0, 3, 5, 1, 2, 4],
        };
        x.reshape([batch, c, h, 2, w, 2]).permute(order).reshape([batch, 4 * c, h, w])
    }

    /// Depth to space: undoes [`SqueezeOrder::squeeze`].
    ///
    /// # Panics
    /// Where the channels are no multiple of 4.
    pub fn unsqueeze(self, x: Tensor<4>) -> Tensor<4> {
        let [batch, channels, h, w] = x.dims();
        assert!(
            channels.is_multiple_of(4),
            "channels to be unsqueezed must be a multiple of 4; found {channels}"
        );
        let c = channels / 4;
        let (blocks, order) = match self {
            Self::ChannelMajor => ([batch, c, 2, 2, h, w], [0, 1, 4, 2, 5, 3]),
            Self::PositionMajor => ([batch, 2, 2, c, h, w], [0, 3, 4, 1, 5, 2]),
        };
        x.reshape(blocks).permute(order).reshape([batch, c, 2 * h, 2 * w])
    }
}

/// How to make a [`Squeezed`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SqueezedConfig {
    /// Which place becomes which channel.
    pub order: SqueezeOrder,
    /// The layers inside, the one that sees the data first.
    pub layers: Vec<LayerConfig>,
}

impl SqueezedConfig {
    /// The layers at half the resolution.
    ///
    /// # Errors
    /// [`Error::Config`] for tables, for an odd height or width, and where a layer inside describes nothing that works.
    pub fn init(&self, place: &Place<'_>, rng: &mut dyn Rng) -> Result<Squeezed<Chain<Layer>>, Error> {
        let &[height, width] = place.positions else {
            return Err(Error::config(
                "Squeezed",
                "a table",
                "images: FlowConfig::positions with height and width",
            ));
        };
        if !(height.is_multiple_of(2) && width.is_multiple_of(2)) {
            let found = format!("{height} x {width} pixels");
            return Err(Error::config(
                "Squeezed",
                found,
                "an even height and width; use fewer levels, or resize",
            ));
        }
        let inside = Place {
            features: 4 * place.features,
            positions: &[height / 2, width / 2],
            context_maps: 4 * place.context_maps,
            ..*place
        };
        Ok(Squeezed::new(inside.chain(&self.layers, rng)?, self.order))
    }
}

/// Squeezes an image (space to depth), goes through what is inside, and un-squeezes it: shape and rank stay.
///
/// With `s` the squeeze, which only moves numbers: `forward` is `z = s^-1(f(s(x)))`, `inverse` `x = s^-1(f^-1(s(z)))`; the
/// log-dets are the inside's. Context maps are squeezed, too. A multi-scale architecture (Dinh et al. 2017, section 3.6;
/// Kingma and Dhariwal 2018, figure 2b) is `Squeezed` around steps and a [`Split`](crate::layers::Split), in which the next
/// level is `Squeezed` again.
///
/// # Shapes
/// `[batch, channels, height, width]`, height and width even; inside `[batch, 4 channels, height / 2, width / 2]`.
///
/// # Panics
/// On tensors of another rank than 4.
#[derive(Module, Debug)]
pub struct Squeezed<T> {
    /// What is inside.
    pub inner: T,
    #[module(skip)]
    order: SqueezeOrder,
}

impl<T> Squeezed<T> {
    /// Goes through `inner` at half the resolution.
    pub fn new(inner: T, order: SqueezeOrder) -> Self {
        Self { inner, order }
    }

    /// What is inside sees: `[batch, 4 channels, height / 2, width / 2]` of `[batch, channels, height, width]`.
    ///
    /// # Panics
    /// On tensors of another rank than 4, and for an odd height or width.
    pub fn squeeze<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        assert_eq!(D, 4, "only images, rank 4, are squeezed; found rank {D}");
        same_rank(self.order.squeeze(same_rank(x)))
    }

    /// Undoes [`Squeezed::squeeze`].
    ///
    /// # Panics
    /// On tensors of another rank than 4, and where the channels are no multiple of 4.
    pub fn unsqueeze<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        same_rank(self.order.unsqueeze(same_rank(x)))
    }

    /// Runs `go` under the context as it is inside: its maps are squeezed, too.
    pub fn inside<R>(&self, context: Context<'_>, go: impl FnOnce(Context<'_>) -> R) -> R {
        let maps = context.maps.map(|maps| self.order.squeeze(maps.clone()));
        go(Context { maps: maps.as_ref(), ..context })
    }
}

impl<const D: usize, T: Bijection<D>> Bijection<D> for Squeezed<T> {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (z, log_det) = self.inside(context, |context| self.inner.forward(self.squeeze(x), context));
        (self.unsqueeze(z), log_det)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (x, log_det) = self.inside(context, |context| self.inner.inverse(self.squeeze(z), context));
        (self.unsqueeze(x), log_det)
    }

    fn depends_on_data(&self) -> bool {
        self.inner.depends_on_data()
    }

    fn initialize(self, x: Tensor<D>, context: Context<'_>) -> (Self, Tensor<D>) {
        let (order, x) = (self.order, self.squeeze(x));
        let maps = context.maps.map(|maps| order.squeeze(maps.clone()));
        let (inner, z) = self.inner.initialize(x, Context { maps: maps.as_ref(), ..context });
        let outer = Self { inner, order };
        let z = outer.unsqueeze(z);
        (outer, z)
    }

    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        let outside = x.dims();
        let (x, tangents) = (self.squeeze(x), tangent::each(tangents, outside, |t| self.squeeze(t)));
        let inside = x.dims();
        let (z, tangents) = self.inside(context, |context| push(&self.inner, x, tangents, context));
        Some((self.unsqueeze(z), tangent::each(tangents, inside, |t| self.unsqueeze(t))))
    }

    /// Every output is handed on at the resolution of `x`.
    fn walk(&self, x: Tensor<D>, context: Context<'_>, sink: &mut Sink<'_, D>) -> Tensor<D> {
        let z = self.inside(context, |context| {
            let sink = &mut |name: &str, z: &Tensor<D>, log_det: &Tensor<1>| {
                sink(name, &self.unsqueeze(z.clone()), log_det);
            };
            self.inner.walk(self.squeeze(x), context, sink)
        });
        self.unsqueeze(z)
    }

    fn walk_positions(
        &self,
        x: Tensor<D>,
        context: Context<'_>,
        sink: &mut PositionSink<'_, D>,
    ) -> Tensor<D> {
        let z = self.inside(context, |context| {
            self.inner.walk_positions(self.squeeze(x), context, &mut |at| {
                let quarters = at.log_det.mul_scalar(0.25).repeat_dim(1, 4);
                sink(AtPositions { squeezes: at.squeezes + 1, log_det: self.unsqueeze(quarters), ..at });
            })
        });
        self.unsqueeze(z)
    }

    fn parts(&self, visit: &mut dyn FnMut(&str, &dyn Part<D>)) {
        let window = |x: Tensor<D>| Window::new(self.squeeze(x));
        let maps = |maps: Tensor<4>| self.order.squeeze(maps);
        self.inner.parts(&mut |name, part| visit(name, &Windowed { part, window: &window, maps: &maps }));
    }

    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        self.inside(context, |context| self.inner.examine(&self.squeeze(x.clone()), context, note));
    }
}
