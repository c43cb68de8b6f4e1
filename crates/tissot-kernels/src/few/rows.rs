//! A few rows between layers.

#[cfg(feature = "flex")]
use super::host::Host;
use super::{Factors, Layer, Norm, Pass};
use crate::univariate::Direction;
use burn::tensor::{Int, Tensor};

/// A few rows on their way through layers, with the sum of the log-dets so far.
///
/// They are tensors until a layer asks for the host, and again from the next one on that works on tensors.
#[derive(Debug)]
pub struct Rows {
    held: Held,
}

#[allow(clippy::large_enum_variant)] // Boxes of tensors would cost an allocation a layer.
#[derive(Debug)]
enum Held {
    /// Without a log-det before the first layer.
    Tensors(Tensor<2>, Option<Tensor<1>>),
    #[cfg(feature = "flex")]
    F32(Box<Host<f32>>),
    #[cfg(feature = "flex")]
    F64(Box<Host<f64>>),
}

#[cfg_attr(not(feature = "flex"), allow(unused_variables, clippy::unused_self))]
impl Rows {
    /// The rows of `x`, before any layer.
    ///
    /// # Shapes
    /// `[rows, features]`.
    pub fn new(x: Tensor<2>) -> Self {
        Self { held: Held::Tensors(x, None) }
    }

    /// Moves some columns as `network` makes of others, and adds the log-derivatives to the log-det of each row.
    ///
    /// `network` takes what the layer sees through its maps; it is asked only if the rows are suitable. `None` where it gives
    /// `None`, and where there is no kernel: for more than [`ROWS`](super::ROWS) rows and for none, for other devices than Flex
    /// and those with autodiff. Then the rows are as they were.
    ///
    /// # Panics
    /// Where the network gives another number of parameters than the columns that move need.
    pub fn layer(&mut self, network: impl FnOnce(&mut Pass) -> Option<()>, layer: Layer<'_>) -> Option<()> {
        #[cfg(feature = "flex")]
        return match self.on_host()? {
            Held::F32(host) => host.layer(network, layer),
            Held::F64(host) => host.layer(network, layer),
            Held::Tensors(..) => None,
        };
        #[cfg(not(feature = "flex"))]
        None
    }

    /// Puts the columns in another order: column `i` becomes what column `order[i]` was. `None` where [`Rows::layer`] has no
    /// kernel, and for an `order` of other columns than there are; then the rows are as they were.
    ///
    /// # Shapes
    /// `[features]`.
    pub fn permute(&mut self, order: Tensor<1, Int>) -> Option<()> {
        #[cfg(feature = "flex")]
        return match self.on_host()? {
            Held::F32(host) => host.permute(order),
            Held::F64(host) => host.permute(order),
            Held::Tensors(..) => None,
        };
        #[cfg(not(feature = "flex"))]
        None
    }

    /// Scales and shifts the columns, or undoes it, and adds the log-det. `None` where [`Rows::layer`] has no kernel, and for
    /// another number of columns; then the rows are as they were.
    pub fn norm(&mut self, norm: Norm, direction: Direction) -> Option<()> {
        #[cfg(feature = "flex")]
        return match self.on_host()? {
            Held::F32(host) => host.norm(norm, direction),
            Held::F64(host) => host.norm(norm, direction),
            Held::Tensors(..) => None,
        };
        #[cfg(not(feature = "flex"))]
        None
    }

    /// Maps the rows by triangular factors, or solves for what they map to the rows, one factor after the other, and adds the
    /// log-det. `None` where [`Rows::layer`] has no kernel, and for factors of another size; then the rows are as they were.
    ///
    /// Cost: `features^2` multiplications a row.
    pub fn factors(&mut self, factors: Factors<'_>, direction: Direction) -> Option<()> {
        #[cfg(feature = "flex")]
        return match self.on_host()? {
            Held::F32(host) => host.factors(factors, direction),
            Held::F64(host) => host.factors(factors, direction),
            Held::Tensors(..) => None,
        };
        #[cfg(not(feature = "flex"))]
        None
    }

    /// Takes the rows through a layer of tensors, which gives them with its log-det.
    #[must_use]
    pub fn composed(self, layer: impl FnOnce(Tensor<2>) -> (Tensor<2>, Tensor<1>)) -> Self {
        let (x, total) = self.finish();
        let (x, log_det) = layer(x);
        let total = match total {
            None => log_det,
            Some(total) => total + log_det,
        };
        Self { held: Held::Tensors(x, Some(total)) }
    }

    /// The rows and the sum of their log-dets, if they passed a layer.
    ///
    /// # Shapes
    /// `[rows, features]`, `[rows]`.
    pub fn finish(self) -> (Tensor<2>, Option<Tensor<1>>) {
        match self.held {
            Held::Tensors(x, total) => (x, total),
            #[cfg(feature = "flex")]
            Held::F32(host) => host.into_tensors(),
            #[cfg(feature = "flex")]
            Held::F64(host) => host.into_tensors(),
        }
    }

    /// Brings the rows to the host, if they are suitable.
    #[cfg(feature = "flex")]
    fn on_host(&mut self) -> Option<&mut Held> {
        use burn::tensor::DType;
        if let Held::Tensors(x, total) = &self.held {
            let [rows, features] = x.dims();
            if !(1..=super::ROWS).contains(&rows) || features == 0 {
                return None;
            }
            let x = crate::flex::inside(x.clone())?;
            self.held = match x.dtype() {
                DType::F32 => Held::F32(Box::new(Host::new(&x, total.as_ref())?)),
                DType::F64 => Held::F64(Box::new(Host::new(&x, total.as_ref())?)),
                _ => return None,
            };
        }
        Some(&mut self.held)
    }
}
