//! From whole numbers to the numbers that a flow sees, and back.

use crate::base::sum_event;
use crate::error::Error;
use burn::tensor::activation::sigmoid;
use burn::tensor::{DType, Device, Tensor, TensorData};
use serde::{Deserialize, Serialize};

/// The most numbers that an image can have: places beyond are not told apart in f32.
const MOST: usize = 1 << 24;

/// How a number `x` of (0, 1) becomes one that a flow sees, `y`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Squash {
    /// `y = x - 1/2`, as in Glow.
    #[default]
    Centred,
    /// `y = logit(alpha + (1 - alpha) x)` (Dinh et al. 2017, section 4.1, with `alpha` 0.05).
    Logit {
        /// In (0, 1).
        alpha: f64,
    },
    /// `y = logit(lambda + (1 - 2 lambda) x)` (Papamakarios et al. 2017, section 4.3, with `lambda` 1e-6 for MNIST and 0.05 for
    /// CIFAR-10).
    LogitBoth {
        /// In (0, 1/2).
        lambda: f64,
    },
}

impl Squash {
    /// `s = offset + slope x`, of which the logit is taken; `None` without one.
    fn line(self) -> Option<(f64, f64)> {
        match self {
            Self::Centred => None,
            Self::Logit { alpha } => Some((alpha, 1.0 - alpha)),
            Self::LogitBoth { lambda } => Some((lambda, 1.0 - 2.0 * lambda)),
        }
    }
}

/// The shape of images, the whole numbers in them, and the map to what a flow sees.
///
/// `y = squash((v + u) / levels)`, `v` a whole number from 0 to `levels - 1`, `u` the noise that makes it continuous;
/// `log_det = sum log dy/dv`, the levels counted. With fewer levels than the source has, `v` is
/// `floor(value levels / source_levels)`: a reduction of the bit depth.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pixels {
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
    /// Rows of pixels.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// How many values a number of an image has for the flow.
    #[serde(default = "all_bytes")]
    pub levels: usize,
    /// How many it has in the images.
    #[serde(default = "all_bytes")]
    pub source_levels: usize,
    /// The map.
    #[serde(default)]
    pub squash: Squash,
}

fn all_bytes() -> usize {
    256
}

impl Pixels {
    /// Of images `[channels, height, width]` of bytes, centred.
    pub fn new([channels, height, width]: [usize; 3]) -> Self {
        let squash = Squash::default();
        Self { channels, height, width, levels: 256, source_levels: 256, squash }
    }

    /// Whose images hold the numbers from 0 to `levels - 1`.
    #[must_use]
    pub fn with_source_levels(self, levels: usize) -> Self {
        Self { levels, source_levels: levels, ..self }
    }

    /// Reduced to `bits` bits.
    #[must_use]
    pub fn with_bits(self, bits: u32) -> Self {
        Self { levels: 1_usize.checked_shl(bits).unwrap_or(0), ..self }
    }

    /// Under another map.
    #[must_use]
    pub fn with_squash(self, squash: Squash) -> Self {
        Self { squash, ..self }
    }

    /// The numbers of an image.
    pub fn dimensions(&self) -> usize {
        self.channels.saturating_mul(self.height).saturating_mul(self.width)
    }

    /// `[channels, height, width]`.
    pub fn event(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// Bits per dimension of a log-probability in nats an image.
    pub fn bits_per_dim(&self, log_prob: f64) -> f64 {
        -log_prob / (self.dimensions() as f64 * std::f64::consts::LN_2)
    }

    /// Refuses what describes no images.
    ///
    /// # Errors
    /// [`Error::Config`] for empty images, for fewer than 2 or more than 256 levels, more levels than the source has, and
    /// constants of the map outside their range.
    pub fn validate(&self) -> Result<(), Error> {
        if self.dimensions() == 0 {
            let found = format!("{} x {} x {}", self.channels, self.height, self.width);
            return Err(Error::config("pixels", found, "channels, height and width of at least 1"));
        }
        if self.dimensions() > MOST {
            let found = format!("{} x {} x {}", self.channels, self.height, self.width);
            return Err(Error::config(
                "pixels",
                found,
                format!("at most {MOST} numbers an image; resize them"),
            ));
        }
        if !(2..=256).contains(&self.source_levels) {
            return Err(Error::config("pixels.source_levels", self.source_levels, "2 to 256"));
        }
        if !(2..=self.source_levels).contains(&self.levels) {
            let expected = format!("2 to {}, the levels of the images", self.source_levels);
            return Err(Error::config("pixels.levels", self.levels, expected));
        }
        match self.squash {
            Squash::Logit { alpha } if !(alpha > 0.0 && alpha < 1.0) => {
                Err(Error::config("pixels.squash.alpha", alpha, "a number between 0 and 1, such as 0.05"))
            }
            Squash::LogitBoth { lambda } if !(lambda > 0.0 && lambda < 0.5) => {
                Err(Error::config("pixels.squash.lambda", lambda, "a number between 0 and 1/2, such as 0.05"))
            }
            _ => Ok(()),
        }
    }

    /// Bytes `[n, height, width, channels]` as the whole numbers `v` of the flow, `[n, channels, height, width]`.
    ///
    /// # Errors
    /// [`Error::Config`] for a byte above the levels of the images.
    ///
    /// # Panics
    /// Where these are no whole images.
    pub fn values(&self, images: &[u8], device: &Device, dtype: DType) -> Result<Tensor<4>, Error> {
        let (d, area) = (self.dimensions(), self.height * self.width);
        assert_eq!(images.len() % d, 0, "whole images of {d} bytes");
        if let Some(at) = images.iter().position(|&byte| usize::from(byte) >= self.source_levels) {
            let found = format!("the value {} in image {}", images[at], at / d);
            return Err(Error::config("pixels", found, format!("0 to {}", self.source_levels - 1)));
        }
        let level = |byte: u8| (usize::from(byte) * self.levels / self.source_levels) as f32;
        let mut values = vec![0.0f32; images.len()];
        for (image, values) in images.chunks_exact(d).zip(values.chunks_exact_mut(d)) {
            for (position, pixel) in image.chunks_exact(self.channels).enumerate() {
                for (channel, &byte) in pixel.iter().enumerate() {
                    values[channel * area + position] = level(byte);
                }
            }
        }
        let shape = [images.len() / d, self.channels, self.height, self.width];
        Ok(Tensor::from_data(TensorData::new(values, shape), (device, dtype)))
    }

    /// `y` of whole numbers `v` and noise `u` in (0, 1), and `sum log dy/dv`.
    ///
    /// # Shapes
    /// `[n, channels, height, width]` twice -> the same, and `[n]`.
    pub fn forward(&self, values: Tensor<4>, noise: Tensor<4>) -> (Tensor<4>, Tensor<1>) {
        let batch = values.dims()[0];
        let (y, slopes, constant) = self.squashed(values, noise);
        let constant = self.dimensions() as f64 * constant;
        let log_det = match slopes {
            None => Tensor::full([batch], constant, (&y.device(), y.dtype())),
            Some(slopes) => sum_event(slopes).add_scalar(constant),
        };
        (y, log_det)
    }

    /// `y`, and `log dy/dv` of each number of the images.
    ///
    /// # Shapes
    /// As [`Pixels::forward`].
    pub(super) fn elementwise(&self, values: Tensor<4>, noise: Tensor<4>) -> (Tensor<4>, Tensor<4>) {
        let (y, slopes, constant) = self.squashed(values, noise);
        let slopes = slopes.unwrap_or_else(|| y.zeros_like()).add_scalar(constant);
        (y, slopes)
    }

    /// `y`, and `log dy/dv` of each number in two parts: what differs between numbers, and what does not.
    fn squashed(&self, values: Tensor<4>, noise: Tensor<4>) -> (Tensor<4>, Option<Tensor<4>>, f64) {
        let sum = values + noise;
        let x = sum.clone().mul_scalar(1.0 / self.levels as f64);
        let levels = -(self.levels as f64).ln();
        match self.squash.line() {
            None => (x.sub_scalar(0.5), None, levels),
            Some((offset, slope)) => {
                // 1 - s from levels - (v + u), which is exact and never 0: nothing cancels.
                let rest = sum.neg().add_scalar(self.levels as f64).mul_scalar(slope / self.levels as f64);
                let log_s = x.mul_scalar(slope).add_scalar(offset).log();
                let log_rest = rest.add_scalar((1.0 - offset - slope).max(0.0)).log();
                let slopes = (log_s.clone() + log_rest.clone()).neg();
                (log_s - log_rest, Some(slopes), levels + slope.ln())
            }
        }
    }

    /// The images nearest to `y`, as bytes `[n, height, width, channels]` in the levels of the source.
    ///
    /// # Shapes
    /// `y`: `[n, channels, height, width]`. What is outside of the images' range becomes its nearest end.
    pub fn inverse(&self, y: Tensor<4>) -> Vec<u8> {
        let x = match self.squash.line() {
            None => y.add_scalar(0.5),
            Some((offset, slope)) => sigmoid(y).sub_scalar(offset).mul_scalar(1.0 / slope),
        };
        let (d, area) = (self.dimensions(), self.height * self.width);
        let x: Vec<f32> = x.into_data().iter().collect();
        let last = self.levels - 1;
        let byte = |x: f32| {
            let v = (x * self.levels as f32).floor().clamp(0.0, last as f32) as usize;
            // From black to white, whatever the number of levels; a byte, since a source has at most 256.
            ((v * (self.source_levels - 1) + last / 2) / last) as u8
        };
        let mut images = vec![0; x.len()];
        for (x, image) in x.chunks_exact(d).zip(images.chunks_exact_mut(d)) {
            for (position, pixel) in image.chunks_exact_mut(self.channels).enumerate() {
                for (channel, to) in pixel.iter_mut().enumerate() {
                    *to = byte(x[channel * area + position]);
                }
            }
        }
        images
    }
}
