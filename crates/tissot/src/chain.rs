//! Composition: one bijection after another, as a list or as a tuple.

use crate::bijection::{AtPositions, Bijection, Context, PositionSink, Sink, zero_log_det};
use crate::few;
use crate::inspect::{Part, Sign, push};
use burn::module::Module;
use burn::tensor::Tensor;
use std::ops::Range;
use tissot_kernels::univariate::Direction;

/// A list of bijections of one type, applied first to last: `f = f_n . .. . f_1`.
///
/// `forward`: `z = f_n(..f_1(x))`, `log_det` the sum of the layers'; `inverse` goes last to first. An empty chain is
/// the identity.
#[derive(Module, Debug)]
pub struct Chain<T> {
    /// The layers, the one that sees the data first.
    pub layers: Vec<T>,
}

impl<T> Chain<T> {
    /// A chain of `layers`, the one that sees the data first.
    pub fn new(layers: Vec<T>) -> Self {
        Self { layers }
    }

    /// The chain of some of the layers, such as `2..5`; weights are shared, not copied.
    ///
    /// # Panics
    /// Outside the chain.
    #[must_use]
    pub fn part(&self, layers: Range<usize>) -> Self
    where
        T: Clone,
    {
        Self { layers: self.layers[layers].to_vec() }
    }

    /// Goes forward one layer at a time: an iterator over each layer's output and log-det.
    pub fn steps<'a, const D: usize>(
        &'a self,
        x: Tensor<D>,
        context: Context<'a>,
    ) -> impl Iterator<Item = (Tensor<D>, Tensor<1>)> + 'a
    where
        T: Bijection<D>,
    {
        self.layers.iter().scan(x, move |x, layer| {
            let (z, log_det) = layer.forward(x.clone(), context);
            *x = z.clone();
            Some((z, log_det))
        })
    }
}

impl<const D: usize, T: Bijection<D>> Bijection<D> for Chain<T> {
    fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        match few::rows(x) {
            Ok(rows) => {
                let through = |rows, layer| few::through(rows, layer, context, Direction::Forward);
                few::finish(self.layers.iter().fold(rows, through))
            }
            Err(x) => through(self.layers.iter(), x, |layer, x| layer.forward(x, context)),
        }
    }

    fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
        match few::rows(z) {
            Ok(rows) => {
                let through = |rows, layer| few::through(rows, layer, context, Direction::Inverse);
                few::finish(self.layers.iter().rev().fold(rows, through))
            }
            Err(z) => through(self.layers.iter().rev(), z, |layer, z| layer.inverse(z, context)),
        }
    }

    fn depends_on_data(&self) -> bool {
        self.layers.iter().any(Bijection::depends_on_data)
    }

    fn initialize(self, x: Tensor<D>, context: Context<'_>) -> (Self, Tensor<D>) {
        let mut x = x;
        let layers = self
            .layers
            .into_iter()
            .map(|layer| {
                let (layer, z) = layer.initialize(x.clone(), context);
                x = z;
                layer
            })
            .collect();
        (Self { layers }, x)
    }

    fn push(
        &self,
        x: Tensor<D>,
        tangents: Tensor<3>,
        context: Context<'_>,
    ) -> Option<(Tensor<D>, Tensor<3>)> {
        Some(self.layers.iter().fold((x, tangents), |(x, tangents), layer| push(layer, x, tangents, context)))
    }

    fn walk(&self, x: Tensor<D>, context: Context<'_>, sink: &mut Sink<'_, D>) -> Tensor<D> {
        self.layers.iter().enumerate().fold(x, |x, (index, layer)| {
            layer.walk(x, context, &mut |name, z, log_det| sink(&format!("{index}.{name}"), z, log_det))
        })
    }

    fn walk_positions(
        &self,
        x: Tensor<D>,
        context: Context<'_>,
        sink: &mut PositionSink<'_, D>,
    ) -> Tensor<D> {
        self.layers.iter().enumerate().fold(x, |x, (index, layer)| {
            layer.walk_positions(x, context, &mut |at| {
                sink(AtPositions { name: &format!("{index}.{}", at.name), ..at })
            })
        })
    }

    fn parts(&self, visit: &mut dyn FnMut(&str, &dyn Part<D>)) {
        for (index, layer) in self.layers.iter().enumerate() {
            layer.parts(&mut |name, part| visit(&format!("{index}.{name}"), part));
        }
    }

    fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
        let (mut x, mut possible) = (x.clone(), true);
        for layer in &self.layers {
            layer.examine(&x, context, &mut |sign| {
                possible &= !matches!(sign, Sign::Order { .. });
                note(sign);
            });
            if !possible {
                return;
            }
            x = layer.forward(x, context).0;
        }
    }
}

/// What layers one after another make of `x`, and the sum of their log-dets.
fn through<const D: usize, T>(
    layers: impl Iterator<Item = T>,
    x: Tensor<D>,
    pass: impl Fn(T, Tensor<D>) -> (Tensor<D>, Tensor<1>),
) -> (Tensor<D>, Tensor<1>) {
    let (x, total) = layers.fold((x, None), |(x, total), layer| {
        let (z, log_det) = pass(layer, x);
        (
            z,
            Some(match total {
                None => log_det,
                Some(total) => total + log_det,
            }),
        )
    });
    let total = total.unwrap_or_else(|| zero_log_det(&x));
    (x, total)
}

/// Tuples are chains of bijections of different types.
macro_rules! tuple {
    ($($layer:ident . $index:tt),+ ; $($back:tt),+) => {
        impl<const D: usize, $($layer: Bijection<D>),+> Bijection<D> for ($($layer,)+) {
            fn forward(&self, x: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
                let x = match few::rows(x) {
                    Err(x) => x,
                    Ok(rows) => {
                        $(let rows = few::through(rows, &self.$index, context, Direction::Forward);)+
                        return few::finish(rows);
                    }
                };
                let total = zero_log_det(&x);
                $(let (x, log_det) = self.$index.forward(x, context); let total = total + log_det;)+
                (x, total)
            }
            fn inverse(&self, z: Tensor<D>, context: Context<'_>) -> (Tensor<D>, Tensor<1>) {
                let z = match few::rows(z) {
                    Err(z) => z,
                    Ok(rows) => {
                        $(let rows = few::through(rows, &self.$back, context, Direction::Inverse);)+
                        return few::finish(rows);
                    }
                };
                let total = zero_log_det(&z);
                $(let (z, log_det) = self.$back.inverse(z, context); let total = total + log_det;)+
                (z, total)
            }
            fn depends_on_data(&self) -> bool {
                $(Bijection::<D>::depends_on_data(&self.$index))||+
            }
            fn initialize(self, x: Tensor<D>, context: Context<'_>) -> (Self, Tensor<D>) {
                let mut x = x;
                let layers = ($({
                    let (layer, z) = self.$index.initialize(x, context);
                    x = z;
                    layer
                },)+);
                (layers, x)
            }
            fn push(&self, x: Tensor<D>, tangents: Tensor<3>, context: Context<'_>) -> Option<(Tensor<D>, Tensor<3>)> {
                $(let (x, tangents) = push(&self.$index, x, tangents, context);)+
                Some((x, tangents))
            }
            fn walk(&self, x: Tensor<D>, context: Context<'_>, sink: &mut Sink<'_, D>) -> Tensor<D> {
                $(let x = self.$index.walk(x, context, &mut |name, z, log_det| {
                    sink(&format!("{}.{name}", $index), z, log_det)
                });)+
                x
            }
            fn walk_positions(&self, x: Tensor<D>, context: Context<'_>, sink: &mut PositionSink<'_, D>) -> Tensor<D> {
                $(let x = self.$index.walk_positions(x, context, &mut |at| {
                    sink(AtPositions { name: &format!("{}.{}", $index, at.name), ..at })
                });)+
                x
            }
            fn parts(&self, visit: &mut dyn FnMut(&str, &dyn Part<D>)) {
                $(Bijection::<D>::parts(&self.$index, &mut |name, part| {
                    visit(&format!("{}.{name}", $index), part)
                });)+
            }
            fn examine(&self, x: &Tensor<D>, context: Context<'_>, note: &mut dyn FnMut(Sign)) {
                let _all = x.clone();
                $(self.$index.examine(&_all, context, note); let _all = self.$index.forward(_all, context).0;)+
            }
        }
    };
}
tuple!(A.0, B.1; 1, 0);
tuple!(A.0, B.1, C.2; 2, 1, 0);
tuple!(A.0, B.1, C.2, E.3; 3, 2, 1, 0);
tuple!(A.0, B.1, C.2, E.3, F.4; 4, 3, 2, 1, 0);
tuple!(A.0, B.1, C.2, E.3, F.4, G.5; 5, 4, 3, 2, 1, 0);
