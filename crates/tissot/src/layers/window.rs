//! A layer that acts on some of a sample's numbers, seen as one that acts on all of them.

use crate::bijection::Context;
use crate::inspect::jacobian::{Derivatives, Jacobian, host};
use crate::inspect::{BadWeights, Part, Sign};
use crate::layers::indices;
use burn::tensor::{Tensor, TensorData};

/// Which numbers of a sample are seen inside, and in which shape.
pub(super) struct Window<const D: usize> {
    /// Their places in the sample outside, in the memory order of the inside.
    places: Vec<usize>,
    /// The shape inside, for one sample.
    dims: [usize; D],
}

impl<const D: usize> Window<D> {
    /// From what is seen of a sample that holds the number of each place.
    pub fn new(seen: Tensor<D>) -> Self {
        let dims = seen.dims();
        Self { places: host(seen).into_iter().map(|place| place.round() as usize).collect(), dims }
    }

    /// What is seen of `x`.
    fn enter(&self, x: &Tensor<D>) -> Tensor<D> {
        let (flat, mut dims) = (rows(x), self.dims);
        dims[0] = x.dims()[0];
        flat.select(1, indices(&self.places, &x.device())).reshape(dims)
    }

    /// `x` with `z` in the place of what is seen of it.
    fn leave(&self, z: Tensor<D>, x: &Tensor<D>) -> Tensor<D> {
        let n: usize = x.dims()[1..].iter().product();
        let mut from: Vec<usize> = (0..n).collect();
        self.places.iter().enumerate().for_each(|(k, &place)| from[place] = n + k);
        Tensor::cat(vec![rows(x), rows(&z)], 1).select(1, indices(&from, &x.device())).reshape(x.dims())
    }

    /// The derivatives of the whole by the whole, from those of what is seen.
    fn widen(&self, at: &Derivatives, n: usize) -> Derivatives {
        let (by_x, by_context) = (&at.by_x, at.by_context.as_ref());
        let mut values = vec![0.0; n * n];
        (0..n).for_each(|i| values[i * n + i] = 1.0);
        for (i, &row) in self.places.iter().enumerate() {
            for (j, &column) in self.places.iter().enumerate() {
                values[row * n + column] = by_x.entry(i, j);
            }
        }
        let by_context = by_context.map(|inside| {
            let width = inside.inputs();
            let mut values = vec![0.0; n * width];
            for (i, &row) in self.places.iter().enumerate() {
                (0..width).for_each(|j| values[row * width + j] = inside.entry(i, j));
            }
            Jacobian::new(n, width, values)
        });
        Derivatives { by_x: Jacobian::new(n, n, values), by_context }
    }
}

/// `[batch, ..]` as `[batch, n]`.
fn rows<const D: usize>(x: &Tensor<D>) -> Tensor<2> {
    let dims = x.dims();
    x.clone().reshape([dims[0], dims[1..].iter().product()])
}

/// A part that is seen through a window; the rest of the sample stays.
pub(super) struct Windowed<'a, const D: usize> {
    /// The part inside.
    pub part: &'a dyn Part<D>,
    /// The window, from a sample of the outside that holds the number of each place.
    pub window: &'a dyn Fn(Tensor<D>) -> Window<D>,
    /// What the context maps are inside.
    pub maps: &'a dyn Fn(Tensor<4>) -> Tensor<4>,
}

impl<const D: usize> Windowed<'_, D> {
    fn window(&self, x: &Tensor<D>) -> Window<D> {
        let mut dims = x.dims();
        dims[0] = 1;
        let n: usize = dims.iter().product();
        let places: Vec<f64> = (0..n).map(|place| place as f64).collect();
        let site = (&x.device().without_autodiff(), x.dtype());
        (self.window)(Tensor::from_data(TensorData::new(places, dims), site))
    }

    fn inside<R>(&self, context: Context<'_>, go: impl FnOnce(Context<'_>) -> R) -> R {
        let maps = context.maps.map(|maps| (self.maps)(maps.clone()));
        go(Context { maps: maps.as_ref(), ..context })
    }
}

impl<const D: usize> Part<D> for Windowed<'_, D> {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let window = self.window(&x);
        let (z, log_det) = self.inside(context, |context| self.part.forward(window.enter(&x), context));
        (window.leave(z, &x), log_det)
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        let window = self.window(&z);
        let (x, log_det) = self.inside(context, |context| self.part.inverse(window.enter(&z), context));
        (window.leave(x, &z), log_det)
    }

    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let window = self.window(x);
        self.inside(context, |context| self.part.examine(&window.enter(x), context, note));
    }

    fn derivatives(&self, x: &Tensor<D>, context: Context<'_>) -> Vec<Derivatives> {
        let (window, n) = (self.window(x), x.dims()[1..].iter().product());
        let inside = self.inside(context, |context| self.part.derivatives(&window.enter(x), context));
        inside.iter().map(|at| window.widen(at, n)).collect()
    }

    fn bad_weights(&self) -> Vec<BadWeights> {
        self.part.bad_weights()
    }
}
