//! Half of the features go on, the rest is done.

use super::tangent;
use super::window::{Window, Windowed};
use crate::bijection::{Bijection, Context, PositionSink, Sink};
use crate::chain::Chain;
use crate::error::Error;
use crate::inspect::{Part, Sign, push};
use crate::layer::{Layer, LayerConfig, Place};
use burn::module::Module;
use burn::tensor::Tensor;
use rand::Rng;
use serde::{Deserialize, Serialize};

/// A half of the features; the first one is the larger where they are odd.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Half {
    /// The first, as in openai/glow and normflows.
    #[default]
    First,
    /// The second, as in nflows.
    Second,
}

/// How to make a [`Split`].
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SplitConfig {
    /// The half that goes on.
    pub on: Half,
    /// The layers that it goes through, the one that sees the data first.
    pub layers: Vec<LayerConfig>,
}

impl SplitConfig {
    /// The layers on half of the features.
    ///
    /// # Errors
    /// [`Error::Config`] for a single feature, and where a layer inside describes nothing that works.
    pub fn init(&self, place: &Place<'_>, rng: &mut dyn Rng) -> Result<Split<Chain<Layer>>, Error> {
        if place.features < 2 {
            return Err(Error::config("Split", format!("{} feature", place.features), "at least 2"));
        }
        let features = match self.on {
            Half::First => place.features.div_ceil(2),
            Half::Second => place.features / 2,
        };
        Ok(Split::new(Place { features, ..*place }.chain(&self.layers, rng)?, self.on))
    }
}

/// Sends half of the features (channels) through what is inside; the other half stays as it is.
///
/// With `x = (a, b)`, `a` the half that goes on: `forward` is `z = (f(a), b)`, `inverse` `x = (f^-1(z_a), z_b)`; the log-dets
/// are the inside's. The half that is set aside meets the base as it is: what it should be given the other half (the learned
/// prior of Glow) is an affine [`Coupling`](crate::layers::Coupling) before the split, kept half first.
///
/// Dinh et al., "Density estimation using Real NVP", 2017, section 3.6; Kingma and Dhariwal, "Glow", 2018, figure 2b.
///
/// # Shapes
/// `[batch, features, ..]`, at least 2 features.
#[derive(Module, Debug)]
pub struct Split<T> {
    /// What is inside.
    pub inner: T,
    #[module(skip)]
    on: Half,
}

impl<T> Split<T> {
    /// Sends one half through `inner`.
    pub fn new(inner: T, on: Half) -> Self {
        Self { inner, on }
    }

    /// The half that goes on, and the other.
    pub fn apart<const D: usize>(&self, x: Tensor<D>) -> (Tensor<D>, Tensor<D>) {
        let features = x.dims()[1];
        let first = features.div_ceil(2);
        let (a, b) = (x.clone().narrow(1, 0, first), x.narrow(1, first, features - first));
        match self.on {
            Half::First => (a, b),
            Half::Second => (b, a),
        }
    }

    /// Undoes [`Split::apart`].
    pub fn together<const D: usize>(&self, on: Tensor<D>, aside: Tensor<D>) -> Tensor<D> {
        match self.on {
            Half::First => Tensor::cat(vec![on, aside], 1),
            Half::Second => Tensor::cat(vec![aside, on], 1),
        }
    }
}

impl<const D: usize, T: Bijection<D>> Bijection<D> for Split<T> {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (on, aside) = self.apart(x);
        let (on, log_det) = self.inner.forward(on, context);
        (self.together(on, aside), log_det)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let (on, aside) = self.apart(z);
        let (on, log_det) = self.inner.inverse(on, context);
        (self.together(on, aside), log_det)
    }

    fn depends_on_data(&self) -> bool {
        self.inner.depends_on_data()
    }

    fn initialize(self, x: Tensor<D>, context: Context<'_>) -> (Self, Tensor<D>) {
        let (on, aside) = self.apart(x);
        let which = self.on;
        let (inner, on) = self.inner.initialize(on, context);
        let split = Self { inner, on: which };
        let z = split.together(on, aside.detach());
        (split, z)
    }

    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        let outside = x.dims();
        let (batch, directions) = (tangents.dims()[0], tangents.dims()[1]);
        let mut as_samples = outside;
        as_samples[0] = batch * directions;
        let (on, aside) = self.apart(x);
        let (moving, staying) = self.apart(tangents.reshape(as_samples));
        let inside = on.dims();
        let moving = moving.reshape([batch, directions, inside[1..].iter().product()]);
        let (on, moving) = push(&self.inner, on, moving, context);
        let moved = tangent::each(moving, inside, |t| self.together(t, staying));
        Some((self.together(on, aside), moved))
    }

    /// Every output is handed on beside the half that stays.
    fn walk(&self, x: Tensor<D>, context: Context<'_>, sink: &mut Sink<'_, D>) -> Tensor<D> {
        let (on, aside) = self.apart(x);
        let on = self.inner.walk(on, context, &mut |name, z, log_det| {
            sink(name, &self.together(z.clone(), aside.clone()), log_det);
        });
        self.together(on, aside)
    }

    fn walk_positions(
        &self,
        x: Tensor<D>,
        context: Context<'_>,
        sink: &mut PositionSink<'_, D>,
    ) -> Tensor<D> {
        let (on, aside) = self.apart(x);
        self.together(self.inner.walk_positions(on, context, sink), aside)
    }

    fn parts(&self, visit: &mut dyn FnMut(&str, &dyn Part<D>)) {
        let window = |x: Tensor<D>| Window::new(self.apart(x).0);
        let maps = |maps: Tensor<4>| maps;
        self.inner.parts(&mut |name, part| visit(name, &Windowed { part, window: &window, maps: &maps }));
    }

    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        self.inner.examine(&self.apart(x.clone()).0, context, note);
    }
}
