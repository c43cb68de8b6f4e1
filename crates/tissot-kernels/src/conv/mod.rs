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
//! form keeps more of its input for the gradient than `x`: the patches are made again. Both read and write the layout of images (channels before positions)
//! where they begin and end a network, so that no copy changes it. On any other device convolutions are burn's own.

#[cfg(feature = "flex")]
mod flex;
#[cfg(feature = "flex")]
mod op;
#[cfg(feature = "flex")]
mod patches;

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
/// use tissot_kernels::conv::Maps;
///
/// let x = Tensor::<4>::ones([2, 3, 4, 5], &Device::flex());
/// let weight = Tensor::<4>::ones([6, 3, 3, 3], &Device::flex());
/// let y = Maps::new(x).convolve(weight, None, None).into_image();
/// assert_eq!(y.dims(), [2, 6, 4, 5]);
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
            Form::Rows(rows, size) => fold(rows, None, size, 1),
        }
    }

    /// `act(W * x + b)`.
    ///
    /// # Shapes
    /// `weight`: `[outputs, inputs, size, size]`, `size` odd; `bias`: `[outputs]`.
    ///
    /// # Panics
    /// Where the shapes or number types do not fit together.
    #[must_use]
    pub fn convolve(
        self,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        activation: Option<Activation>,
    ) -> Self {
        let [outputs, inputs, size, width] = weight.dims();
        let channels = self.channels();
        assert_eq!(channels, inputs, "x has {channels} channels, but the weight {inputs}");
        assert!(size == width && size % 2 == 1, "a kernel must be square and odd; found {size} x {width}");
        if !is_on_host(&weight.device(), weight.dtype()) {
            let y =
                conv2d(self.into_image(), weight, bias, ConvOptions::new([1, 1], [size / 2; 2], [1, 1], 1));
            return Self(Form::Image(activated(y, activation)));
        }
        if size > 1 && outputs <= inputs {
            let weight = weight.flip([2, 3]).permute([1, 2, 3, 0]).reshape([inputs, size * size * outputs]);
            let (rows, shape) = self.into_rows();
            let y = fold(dense(rows, weight, None, None), bias, shape, size);
            return Self(Form::Image(activated(y, activation)));
        }
        let shape = self.shape();
        let rows = if size == 1 {
            dense(self.into_rows().0, weight.reshape([outputs, inputs]).swap_dims(0, 1), bias, activation)
        } else {
            let weight = weight.permute([2, 3, 1, 0]).reshape([size * size * inputs, outputs]);
            patches_dense(self.into_image(), weight, bias, activation, size)
        };
        Self(Form::Rows(rows, shape))
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

    fn channels(&self) -> usize {
        match &self.0 {
            Form::Image(x) => x.dims()[1],
            Form::Rows(rows, _) => rows.dims()[1],
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
            Form::Image(x) => (unfold(x, 1), shape),
            Form::Rows(rows, _) => (rows, shape),
        }
    }
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
        return unfold(x, 1).reshape([batch, height * width, channels]);
    }
    x.reshape([batch, channels, height * width]).swap_dims(1, 2)
}

fn activated(x: Tensor<4>, activation: Option<Activation>) -> Tensor<4> {
    match activation {
        Some(activation) => apply(x, activation),
        None => x,
    }
}

/// `act(U(image) W + b)`. Only on Flex.
fn patches_dense(
    image: Tensor<4>,
    weight: Tensor<2>,
    bias: Option<Tensor<1>>,
    activation: Option<Activation>,
    size: usize,
) -> Tensor<2> {
    let (dtype, [_, outputs]) = (weight.dtype(), weight.dims());
    let bias = bias.unwrap_or_else(|| Tensor::zeros([outputs], (&weight.device().inner(), dtype)));
    assert!(image.dtype() == dtype && bias.dtype() == dtype, "numbers of one type");
    assert_eq!(bias.dims(), [outputs], "a bias for each output");
    activation.into_iter().for_each(Activation::check);
    #[cfg(feature = "flex")]
    return patches::patches_dense(image, weight, bias, activation, size);
    #[cfg(not(feature = "flex"))]
    unreachable!("patches of {image:?} and {size} without Flex")
}

/// The patch around each position: `rows[(b, y, x), (ky, kx, c)] = image[b, c, y + ky - p, x + kx - p]`, `p = size / 2`, 0
/// outside. Only on Flex.
fn unfold(image: Tensor<4>, size: usize) -> Tensor<2> {
    #[cfg(feature = "flex")]
    return op::unfold(image, size);
    #[cfg(not(feature = "flex"))]
    unreachable!("rows of {image:?} and {size} without Flex")
}

/// The adjoint of [`unfold`]: each patch is added to where it would have been taken from, and `bias` to each channel. Only on
/// Flex.
fn fold(rows: Tensor<2>, bias: Option<Tensor<1>>, shape: [usize; 3], size: usize) -> Tensor<4> {
    #[cfg(feature = "flex")]
    return op::fold(rows, bias, shape, size);
    #[cfg(not(feature = "flex"))]
    unreachable!("rows {rows:?} and {bias:?} of {shape:?} and {size} without Flex")
}
