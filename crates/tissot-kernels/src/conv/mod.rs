//! Convolutions with stride 1, padded with zeros so that height and width stay, as matrix products.
//!
//! On burn's Flex backend, for f32 and f64, the images inside a network are rows `[batch * height * width, channels]`, so
//! that a 1x1 convolution is one [`dense`] with its bias, its activation and its gradients. With `U` the
//! patches of an image (`unfold`) and `U^T` the sum of patches (`fold`), a larger one is either of
//!
//! ```text
//! y = U(x) W          few inputs: patches [rows, size^2 inputs], then the product
//! y = U^T(x W')       few outputs: the product [rows, size^2 outputs], then their sum
//! ```
//!
//! whichever moves fewer numbers, `W'` being `W` turned by 180 degrees. Each of `U` and `U^T` is the other's gradient, and neither
//! form keeps more for the gradient than `x` and `W`: patches and matrices are made again. Both read and write the layout of images (channels before positions)
//! where they begin and end a network, so that no copy changes it. On any other device convolutions are burn's own.

#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "flex")]
mod grid;
mod layer;
#[cfg(feature = "flex")]
mod net;
#[cfg(feature = "flex")]
mod net_passes;
#[cfg(feature = "flex")]
mod op;
#[cfg(feature = "flex")]
mod patches;
#[cfg(feature = "flex")]
mod turned;
#[cfg(feature = "flex")]
mod weights;

pub use layer::Layer;

use layer::Way;

use crate::activation::{Activation, apply};
use crate::dense::dense;
use crate::device::is_on_host;
use burn::tensor::Tensor;
use burn::tensor::module::conv2d;
use burn::tensor::ops::ConvOptions;

/// Images inside a convolutional network: on Flex as rows where that is cheaper.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tissot_kernels::conv::{Layer, Maps};
///
/// let x = Tensor::<4>::ones([2, 3, 4, 5], &Device::flex());
/// let weight = Tensor::<4>::ones([6, 3, 3, 3], &Device::flex());
/// let y = Maps::new(x).convolve(Layer { weight, factors: None, bias: None, activation: None });
/// assert_eq!(y.into_image().dims(), [2, 6, 4, 5]);
/// ```
#[derive(Clone, Debug)]
pub struct Maps(Form);

#[derive(Clone, Debug)]
enum Form {
    /// `[batch, channels, height, width]`.
    Image(Tensor<4>),
    /// `[batch * height * width, channels]`, and the image's batch, height and width.
    Rows(Tensor<2>, [usize; 3]),
}

impl Maps {
    /// Of images `[batch, channels, height, width]`.
    pub fn new(x: Tensor<4>) -> Self {
        Self(Form::Image(x))
    }

    /// As images `[batch, channels, height, width]`.
    pub fn into_image(self) -> Tensor<4> {
        match self.0 {
            Form::Image(x) => x,
            Form::Rows(rows, shape) => fold(rows, shape),
        }
    }

    /// `act(f (W * x) + b)`.
    ///
    /// # Panics
    /// Where the shapes or number types do not fit together.
    #[must_use]
    pub fn convolve(self, layer: Layer) -> Self {
        let (way, shape, activation) = (self.way(&layer), self.shape(), layer.activation);
        match way {
            Way::Burn => {
                let pad = layer.weight.dims()[2] / 2;
                let options = ConvOptions::new([1, 1], [pad; 2], [1, 1], 1);
                let y = conv2d(self.into_image(), layer.scaled_weight(), layer.bias, options);
                Self(Form::Image(activated(y, activation)))
            }
            Way::Positions => {
                let weight = layer.matrix();
                Self(Form::Rows(dense(self.into_rows().0, weight, layer.bias, activation), shape))
            }
            Way::Patches => Self(Form::Rows(patches_dense(self.into_image(), layer), shape)),
            Way::Sums => {
                let y = dense_fold(self.into_rows().0, layer, shape);
                Self(Form::Image(activated(y, activation)))
            }
        }
    }

    /// `act(x)`.
    #[must_use]
    pub fn activate(self, activation: Activation) -> Self {
        Self(match self.0 {
            Form::Image(x) => Form::Image(apply(x, activation)),
            Form::Rows(rows, shape) => Form::Rows(apply(rows, activation), shape),
        })
    }

    /// The sum of both.
    ///
    /// # Panics
    /// Where the shapes differ.
    #[allow(clippy::should_implement_trait)] // By value alone: no operator.
    #[must_use]
    pub fn add(self, other: Self) -> Self {
        self.with(other, |a, b| a + b, |a, b| a + b)
    }

    /// The product of both, element by element.
    ///
    /// # Panics
    /// Where the shapes differ.
    #[must_use]
    pub fn multiply(self, other: Self) -> Self {
        self.with(other, |a, b| a * b, |a, b| a * b)
    }

    fn with(
        self,
        other: Self,
        rows: impl FnOnce(Tensor<2>, Tensor<2>) -> Tensor<2>,
        images: impl FnOnce(Tensor<4>, Tensor<4>) -> Tensor<4>,
    ) -> Self {
        match (self.0, other.0) {
            (Form::Rows(a, shape), Form::Rows(b, _)) => Self(Form::Rows(rows(a, b), shape)),
            (a, b) => Self(Form::Image(images(Self(a).into_image(), Self(b).into_image()))),
        }
    }

    fn way(&self, layer: &Layer) -> Way {
        match &self.0 {
            Form::Image(x) => layer.way(x.dims()[1], x.dtype()),
            Form::Rows(rows, _) => layer.way(rows.dims()[1], rows.dtype()),
        }
    }

    /// Batch, height and width.
    fn shape(&self) -> [usize; 3] {
        match &self.0 {
            Form::Image(x) => {
                let [batch, _, height, width] = x.dims();
                [batch, height, width]
            }
            Form::Rows(_, shape) => *shape,
        }
    }

    fn into_rows(self) -> (Tensor<2>, [usize; 3]) {
        let shape = self.shape();
        match self.0 {
            Form::Image(x) => (unfold(x), shape),
            Form::Rows(rows, _) => (rows, shape),
        }
    }
}

/// Images `[batch, channels, height, width]` through three layers, one after the other.
///
/// Where the first has few inputs, the second is 1x1 and the third has few outputs, as in Glow's network, this is one operation on Flex:
/// fewer passes over memory, and for the gradient it keeps only what the second layer gives. What the first gives is made again on the
/// way back, about 6 % of the arithmetic of a training step.
///
/// # Panics
/// Where the shapes or number types do not fit together.
///
/// ```
/// use burn::tensor::{Device, Tensor};
/// use tissot_kernels::conv::{Layer, network};
///
/// let layers = [[6, 3, 3], [6, 6, 1], [4, 6, 3]].map(|[outputs, inputs, size]| Layer {
///     weight: Tensor::ones([outputs, inputs, size, size], &Device::flex()),
///     factors: None,
///     bias: None,
///     activation: None,
/// });
/// let x = Tensor::<4>::ones([2, 3, 4, 5], &Device::flex());
/// assert_eq!(network(x, layers).dims(), [2, 4, 4, 5]);
/// ```
pub fn network(x: Tensor<4>, layers: [Layer; 3]) -> Tensor<4> {
    let [first, second, third] = &layers;
    let ways = [
        first.way(x.dims()[1], x.dtype()),
        second.way(first.outputs(), x.dtype()),
        third.way(second.outputs(), x.dtype()),
    ];
    let one_size = first.weight.dims()[2] == third.weight.dims()[2];
    if ways != [Way::Patches, Way::Positions, Way::Sums] || !one_size {
        return layers.into_iter().fold(Maps::new(x), Maps::convolve).into_image();
    }
    let activation = third.activation;
    activated(conv_net(x, layers), activation)
}

/// Channels behind positions: `[batch, channels, height, width]` to `[batch, height * width, channels]`.
///
/// ```
/// use burn::tensor::{Device, Tensor};
///
/// let x = Tensor::<4>::from_floats([[[[1.0, 2.0]], [[3.0, 4.0]]]], &Device::flex());
/// let y = tissot_kernels::conv::channels_last(x);
/// assert_eq!(y.into_data().iter::<f32>().collect::<Vec<_>>(), [1.0, 3.0, 2.0, 4.0]);
/// ```
pub fn channels_last(x: Tensor<4>) -> Tensor<3> {
    let [batch, channels, height, width] = x.dims();
    if is_on_host(&x.device(), x.dtype()) {
        return unfold(x).reshape([batch, height * width, channels]);
    }
    x.reshape([batch, channels, height * width]).swap_dims(1, 2)
}

fn activated(x: Tensor<4>, activation: Option<Activation>) -> Tensor<4> {
    match activation {
        Some(activation) => apply(x, activation),
        None => x,
    }
}

/// `act(f U(image) W + b)`. Only on Flex.
fn patches_dense(image: Tensor<4>, layer: Layer) -> Tensor<2> {
    #[cfg(feature = "flex")]
    return patches::patches_dense(image, layer.scaled_weight(), layer.bias_or_zeros(), layer.activation);
    #[cfg(not(feature = "flex"))]
    unreachable!("patches of {image:?} for {layer:?} without Flex")
}

/// Three layers as one operation, without the last activation. Only on Flex.
fn conv_net(image: Tensor<4>, [first, second, third]: [Layer; 3]) -> Tensor<4> {
    #[cfg(feature = "flex")]
    return net::conv_net(
        image,
        (first.scaled_weight(), first.bias_or_zeros()),
        (second.matrix(), second.bias_or_zeros()),
        (third.weight.clone(), third.factors_or_ones(), third.bias_or_zeros()),
        [first.activation, second.activation],
    );
    #[cfg(not(feature = "flex"))]
    unreachable!("{image:?} through {first:?}, {second:?} and {third:?} without Flex")
}

/// `U^T(f x W') + b`, without the activation. Only on Flex.
fn dense_fold(rows: Tensor<2>, layer: Layer, shape: [usize; 3]) -> Tensor<4> {
    #[cfg(feature = "flex")]
    return {
        let (factors, bias) = (layer.factors_or_ones(), layer.bias_or_zeros());
        turned::dense_fold(rows, layer.weight, factors, bias, shape)
    };
    #[cfg(not(feature = "flex"))]
    unreachable!("rows {rows:?} of {shape:?} for {layer:?} without Flex")
}

/// The channels of each position: `rows[(b, y, x), c] = image[b, c, y, x]`. Only on Flex.
fn unfold(image: Tensor<4>) -> Tensor<2> {
    #[cfg(feature = "flex")]
    return op::unfold(image);
    #[cfg(not(feature = "flex"))]
    unreachable!("rows of {image:?} without Flex")
}

/// The inverse of [`unfold`]. Only on Flex.
fn fold(rows: Tensor<2>, shape: [usize; 3]) -> Tensor<4> {
    #[cfg(feature = "flex")]
    return op::fold(rows, shape);
    #[cfg(not(feature = "flex"))]
    unreachable!("rows {rows:?} of {shape:?} without Flex")
}
