//! The central trait: an invertible map that keeps account of the volume it changes.

use crate::inspect::{Part, Sign, Whole};
use burn::module::{Module, ModuleDisplay};
use burn::tensor::Tensor;
use std::any::Any;
use std::ops::Range;
use tissot_kernels::few::Rows;
use tissot_kernels::univariate::Direction;

/// What a density is conditioned on; nothing, for an unconditional one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Context<'a> {
    /// One vector a sample, `[batch, context]`.
    pub features: Option<&'a Tensor<2>>,
    /// One map a sample, `[batch, channels, height, width]`, for images.
    pub maps: Option<&'a Tensor<4>>,
}

impl<'a> Context<'a> {
    /// No context.
    pub const NONE: Context<'static> = Context { features: None, maps: None };

    /// A context vector for each sample, `[batch, context]`.
    pub fn of(features: &'a Tensor<2>) -> Self {
        Self { features: Some(features), maps: None }
    }

    /// What `f` makes of the context of these samples.
    ///
    /// # Panics
    /// Where there are not so many.
    pub(crate) fn at<R>(self, samples: Range<usize>, f: impl FnOnce(Context<'_>) -> R) -> R {
        let features = self.features.map(|c| c.clone().slice_dim(0, samples.clone()));
        let maps = self.maps.map(|c| c.clone().slice_dim(0, samples));
        f(Context { features: features.as_ref(), maps: maps.as_ref() })
    }
}

/// What [`Bijection::walk`] hands to its caller at each elementary layer: the layer's path, its output and its
/// log-determinant `[batch]`.
pub type Sink<'a, const D: usize> = dyn FnMut(&str, &Tensor<D>, &Tensor<1>) + 'a;

/// What [`Bijection::walk_positions`] hands to its caller at each elementary layer.
pub type PositionSink<'a, const D: usize> = dyn FnMut(AtPositions<'_, D>) + 'a;

/// The log-determinant of one layer, position by position.
#[derive(Clone, Debug)]
pub struct AtPositions<'a, const D: usize> {
    /// The layer's path, as [`Bijection::walk`] has it.
    pub name: &'a str,
    /// How many squeezes the layer lies behind: it sees the data at `1 / 2^squeezes` of their resolution.
    pub squeezes: usize,
    /// What each position adds to the log-determinant, `[batch, 1, positions..]`.
    pub log_det: Tensor<D>,
}

/// An invertible map `x -> z` with the logarithm of its Jacobian's determinant.
///
/// Axis 0 is the batch, axis 1 the features (channels), further axes are positions. Both directions return the
/// value and `log_det = log |det J|` of *the direction just taken*, one number a sample, `[batch]`; so the log-dets of
/// `forward` at `x` and of `inverse` at `z = forward(x)` cancel. A forward `log_det > 0` means that density in data
/// space is amplified: `log p(x) = log p_base(z) + log_det`.
///
/// # Shapes
/// `x`, `z`: `[batch, features, ..]`, the same shape; `log_det`: `[batch]`.
///
/// # Panics
/// An implementation may panic where shapes are wrong (they are the caller's), never because of values.
pub trait Bijection<const D: usize>: Module + ModuleDisplay + Sync {
    /// Data to latent: `z = f(x)` and `log |det df/dx|`.
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>);

    /// Latent to data: `x = f^-1(z)` and `log |det df^-1/dz|`.
    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>);

    /// Whether [`Bijection::initialize`] sets anything here.
    fn depends_on_data(&self) -> bool {
        false
    }

    /// Sets parameters that depend on data (such as ActNorm's) from a first batch, and hands on what the next layer
    /// sees. Nothing to set, by default.
    #[must_use]
    fn initialize(self, x: Tensor<D>, context: Context<'_>) -> (Self, Tensor<D>)
    where
        Self: Sized,
    {
        let (z, _) = self.forward(x, context);
        (self, z.detach())
    }

    /// Goes forward with tangents: `z = f(x)` and `J t` of each direction `t` at `x`, by a rule of the layer's own that
    /// is cheaper than differentiation; `None`, as by default, where there is none.
    ///
    /// Call [`inspect::push`](crate::inspect::push()), which knows what to do without a rule. Weights
    /// are constants.
    ///
    /// # Shapes
    /// `tangents`: `[batch, directions, n]`, `n` the features times positions in memory order; so is `J t`.
    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        let _ = (x, tangents, context);
        None
    }

    /// Takes a few rows of a table through the layer, as [`Bijection::forward`] or [`Bijection::inverse`] does, on the host
    /// and without gradients, where the calls between operations cost more than these.
    ///
    /// `None`, as by default, for a layer that cannot and for rows that it cannot take so; then they are as they were.
    ///
    /// # Panics
    /// Where the direction's own method would.
    fn pass(&self, rows: &mut Rows, context: Context<'_>, direction: Direction) -> Option<()> {
        let _ = (rows, context, direction);
        None
    }

    /// Goes forward and names each elementary layer that was passed; returns the last output.
    ///
    /// The log-dets given to `sink` add up to the one of [`Bijection::forward`]. Containers override it.
    fn walk(&self, x: Tensor<D>, context: Context<'_>, sink: &mut Sink<'_, D>) -> Tensor<D> {
        let (z, log_det) = self.forward(x, context);
        sink(type_name::<Self>(), &z, &log_det);
        z
    }

    /// Goes forward and hands on how much each position adds to each elementary layer's log-determinant; returns the last
    /// output.
    ///
    /// A position's part of an elementwise map is the sum of its elements' log-derivatives. A layer that acts alike at all
    /// positions adds the same everywhere, which is the default. What a layer does behind a squeeze belongs to a block of the
    /// pixels outside, and is shared evenly among them. The parts of a layer add up to its log-det.
    fn walk_positions(
        &self,
        x: Tensor<D>,
        context: Context<'_>,
        sink: &mut PositionSink<'_, D>,
    ) -> Tensor<D> {
        let dims = x.dims();
        let (z, log_det) = self.forward(x, context);
        sink(AtPositions { name: type_name::<Self>(), squeezes: 0, log_det: evenly(log_det, &dims) });
        z
    }

    /// Hands each elementary layer to `visit`, first to last, under the name that [`Bijection::walk`] gives it.
    ///
    /// Containers that override `walk` override it too.
    fn parts(&self, visit: &mut dyn FnMut(&str, &dyn Part<D>)) {
        visit(type_name::<Self>(), &Whole(self));
    }

    /// What the layer has to say about its own health at the inputs `x`, for the [audit](crate::inspect::audit): what a
    /// look from outside does not show, such as a pivot near 0. Nothing, by default.
    ///
    /// It is asked before the layer is evaluated, so that an index out of range is found and not stumbled over.
    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let _ = (x, context, note);
    }
}

/// The last part of a type's path without its generics: `Coupling` of `tissot::layers::Coupling<N, U>`.
fn type_name<T: ?Sized>() -> &'static str {
    let full = std::any::type_name::<T>();
    let bare = full.split('<').next().unwrap_or(full);
    bare.rsplit("::").next().unwrap_or(bare)
}

/// A log-det of zero for each sample of `x`, on its device and in its type.
pub(crate) fn zero_log_det<const D: usize>(x: &Tensor<D>) -> Tensor<1> {
    Tensor::zeros([x.dims()[0]], (&x.device(), x.dtype()))
}

/// A log-det `[batch]` shared evenly among the positions of samples of shape `dims`: `[batch, 1, positions..]`.
fn evenly<const D: usize>(log_det: Tensor<1>, dims: &[usize; D]) -> Tensor<D> {
    let (mut one, mut all) = ([1; D], *dims);
    one[0] = dims[0];
    all[1] = 1;
    expanded(log_det.mul_scalar(1.0 / positions(dims) as f64).reshape(one), all)
}

/// Log-derivatives of elements, `[batch, features * positions]` of samples of shape `dims`, summed over the features:
/// `[batch, 1, positions..]`.
pub(crate) fn over_features<const D: usize>(slopes: Tensor<2>, dims: &[usize; D]) -> Tensor<D> {
    let mut shape = *dims;
    shape[1] = slopes.dims()[1] / positions(dims);
    slopes.reshape(shape).sum_dim(1)
}

/// The tensor expanded to a shape, which may be that of no samples: burn refuses that one.
pub(crate) fn expanded<const D: usize>(x: Tensor<D>, shape: [usize; D]) -> Tensor<D> {
    if shape.contains(&0) { Tensor::zeros(shape, (&x.device(), x.dtype())) } else { x.expand(shape) }
}

/// The tensor as one of rank `E`, which is `D` though the compiler cannot know: no operation, and so no step in the graph
/// of gradients.
pub(crate) fn same_rank<const D: usize, const E: usize>(x: Tensor<D>) -> Tensor<E> {
    let mut x = Some(x);
    let x: &mut dyn Any = &mut x;
    x.downcast_mut::<Option<Tensor<E>>>().and_then(Option::take).expect("tensors of one rank")
}

/// The number of positions of a shape `[batch, features, positions..]`: 1 for tables.
pub(crate) fn positions<const D: usize>(dims: &[usize; D]) -> usize {
    dims[2..].iter().product()
}

/// `[features]` as `[1, features, 1, ..]`, to broadcast along axis 1.
pub(crate) fn along_features<const D: usize>(v: Tensor<1>) -> Tensor<D> {
    let mut shape = [1; D];
    shape[1] = v.dims()[0];
    v.reshape(shape)
}
